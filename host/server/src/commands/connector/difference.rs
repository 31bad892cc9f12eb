//! `purser connector diff`: what a component asks for and another does not.

use crate::Ending;
use crate::carried::{Fitting, fitting};
use crate::cli::DiffConnectors;
use crate::home::Home;
use crate::host::child_compiler;
use crate::inspected::{compared, detail};
use crate::output::{Output, table};
use crate::remote::Remote;
use anyhow::bail;
use purser_api::{ConnectorDetail, ConnectorDifference};
use purser_catalogue::Signature;
use purser_model::configuration::Configuration;
use purser_model::connectors::DigestPrefix;
use purser_model::upgrade::Build;
use purser_runtime::{CompilerLimits, Connector, Runtime, RuntimeSettings};
use serde::Serialize;
use std::path::Path;
use std::sync::Arc;

#[derive(Serialize)]
struct Answer {
    former: Build,
    newer: Build,
    asks_for_more: bool,
    differences: Vec<ConnectorDifference>,
    /// What the newer build makes of the configurations that are declared for this connector; none where a host was asked,
    /// which does not say.
    configurations: Option<Vec<Carried>>,
}

#[derive(Serialize)]
struct Carried {
    subject: String,
    #[serde(flatten)]
    outcome: Outcome,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
enum Outcome {
    /// It takes this: the declared one, or what it was carried forward to.
    Takes(Fitting),
    /// It cannot take it, and this is why.
    Misfit(String),
}

/// Runs the command.
pub async fn run(home: &Home, arguments: &DiffConnectors, output: &Output) -> anyhow::Result<Ending> {
    let (former, newer) = (open(home, &arguments.former).await?, open(home, &arguments.newer).await?);
    let configurations = configurations(home, &former, &newer).await;
    let (former, newer) = (detail(&former, &Signature::Missing), detail(&newer, &Signature::Missing));
    let differences = compared(&former, &newer);
    show(&Answer::of(&former, &newer, differences, Some(configurations)), output)
}

/// The same at a host that serves.
pub async fn ask(remote: &Remote, arguments: &DiffConnectors, output: &Output) -> anyhow::Result<Ending> {
    let former = super::list::find(remote, &arguments.former).await?;
    let newer = super::list::find(remote, &arguments.newer).await?;
    let path = format!("/v1/connectors/{newer}/differences");
    let differences = remote.whole(&path, &[("former", former.clone())]).await?;
    let former: ConnectorDetail = remote.get(&format!("/v1/connectors/{former}"), &[]).await?;
    let newer: ConnectorDetail = remote.get(&format!("/v1/connectors/{newer}"), &[]).await?;
    show(&Answer::of(&former, &newer, differences, None), output)
}

fn show(answer: &Answer, output: &Output) -> anyhow::Result<Ending> {
    output.answer(answer, || text(answer))?;
    Ok(Ending::Done)
}

impl Answer {
    fn of(
        former: &ConnectorDetail,
        newer: &ConnectorDetail,
        differences: Vec<ConnectorDifference>,
        configurations: Option<Vec<Carried>>,
    ) -> Self {
        let build = |one: &ConnectorDetail| Build {
            name: one.manifest.name.clone(),
            version: one.manifest.version.clone(),
            digest: one.digest.clone(),
        };
        let asks_for_more = differences.iter().any(|difference| difference.asks);
        Self { former: build(former), newer: build(newer), asks_for_more, differences, configurations }
    }
}

/// None where nothing is declared, or not in good order: what two files ask for can be seen all the same.
async fn configurations(home: &Home, former: &Connector, newer: &Connector) -> Vec<Carried> {
    let Ok(declarations) = purser_declare::load(&home.declarations()) else { return Vec::new() };
    let Configuration { sources, targets, .. } = declarations.rules.configuration();
    let sources = sources.iter().map(|(name, source)| (format!("source {name}"), &source.instance));
    let targets = targets.iter().map(|(name, target)| (format!("target {name}"), &target.instance));
    let mut carried = Vec::new();
    for (subject, instance) in sources.chain(targets) {
        if instance.connector.name == newer.manifest().name {
            let fitting = fitting(newer, Some(&former.manifest().version), &instance.config).await;
            carried.push(Carried { subject, outcome: fitting.map_or_else(Outcome::Misfit, Outcome::Takes) });
        }
    }
    carried
}

/// A file, or a kept copy by the first digits of its digest.
async fn open(home: &Home, name: &str) -> anyhow::Result<Arc<Connector>> {
    let Some(prefix) = name.parse::<DigestPrefix>().ok().filter(|_| !Path::new(name).exists()) else {
        let cache = tempfile::tempdir()?;
        let compiler = child_compiler(CompilerLimits::default())?;
        let runtime = Runtime::new(RuntimeSettings { compiler, ..RuntimeSettings::new(cache.path()) })?;
        return Ok(runtime.load(Path::new(name)).await?);
    };
    let folder = super::list::open_folder(home)?;
    let mut fitting = folder.copies().digests()?;
    fitting.retain(|digest| prefix.fits(digest));
    match fitting.into_iter().collect::<Vec<_>>().as_slice() {
        [digest] => folder.copy(digest).await,
        [] => bail!("no copy has a digest that begins with {prefix}; `purser connector list` shows them"),
        several => bail!("{prefix} could be any of {}; write more digits", several.join(", ")),
    }
}

fn text(answer: &Answer) -> String {
    let mut text = format!("{} -> {}\n", answer.former, answer.newer);
    if answer.differences.is_empty() {
        text.push_str("both ask for the same");
    }
    let rows = answer.differences.iter().map(|difference| {
        let asks = if difference.asks { "asks for more" } else { "" };
        vec![
            if difference.added { "+" } else { "-" }.to_owned(),
            difference.kind.clone(),
            difference.name.clone(),
            asks.to_owned(),
        ]
    });
    text.push_str(&table(&[], rows));
    for Carried { subject, outcome } in answer.configurations.iter().flatten() {
        let line = match outcome {
            Outcome::Takes(Fitting { carried: false, .. }) => "its configuration fits".to_owned(),
            Outcome::Takes(Fitting { config, .. }) => format!("its configuration is carried forward to {config}"),
            Outcome::Misfit(why) => format!("its configuration must be changed first: {why}"),
        };
        text.push_str(&format!("\n{subject}: {line}"));
    }
    text
}
