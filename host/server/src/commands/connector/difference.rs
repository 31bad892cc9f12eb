//! `purser connector diff`: what a component asks for and another does not.

use crate::Ending;
use crate::cli::DiffConnectors;
use crate::folder::build;
use crate::home::Home;
use crate::host::child_compiler;
use crate::output::{Output, table};
use anyhow::bail;
use purser_catalogue::{Difference, Side, differences};
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
    differences: Vec<Difference>,
}

/// Runs the command.
pub async fn run(home: &Home, arguments: &DiffConnectors, output: &Output) -> anyhow::Result<Ending> {
    let (former, newer) = (open(home, &arguments.former).await?, open(home, &arguments.newer).await?);
    let found = differences(side(&former), side(&newer));
    let asks_for_more = found.iter().any(|difference| difference.asks);
    let answer = Answer { former: build(&former), newer: build(&newer), asks_for_more, differences: found };
    output.answer(&answer, || text(&answer))?;
    Ok(Ending::Done)
}

fn side(connector: &Connector) -> Side<'_> {
    Side { imports: connector.imports(), manifest: connector.manifest() }
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
        return text + "both ask for the same";
    }
    let rows = answer.differences.iter().map(|difference| {
        let asks = if difference.asks { "asks for more" } else { "" };
        vec![
            if difference.added { "+" } else { "-" }.to_owned(),
            difference.kind.to_owned(),
            difference.name.clone(),
            asks.to_owned(),
        ]
    });
    text.push_str(&table(&[], rows));
    text
}
