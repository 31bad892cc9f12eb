//! `purser plan`: says what would be done, and keeps it as a plan.

mod page;
mod stored;
mod what_if;

use crate::Ending;
use crate::cli::{AboutPlan, Plan};
use crate::home::Home;
use crate::host::Host;
use crate::output::Output;
use crate::remote::{Remote, RemoteError};
use page::write_page;
use purser_model::plan::{Notice, PlanItem, PlanLine, PlanSummary};
use purser_plan::render::{self, Page, Row};
use purser_reconcile::PLAN_LIFE;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::json;
use std::collections::BTreeSet;

#[derive(Serialize)]
struct Answer<'a> {
    plan: Option<&'a PlanSummary>,
    #[serde(serialize_with = "numbered")]
    items: &'a [PlanItem],
    notices: &'a [Notice],
}

/// Items with the numbers that they have in the plan made of them.
fn numbered<S: Serializer>(items: &[PlanItem], serializer: S) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    struct Numbered<'a> {
        position: usize,
        #[serde(flatten)]
        item: &'a PlanItem,
    }
    serializer.collect_seq(items.iter().enumerate().map(|(index, item)| Numbered { position: index + 1, item }))
}

/// Runs the command.
pub async fn run(home: Home, arguments: &Plan, output: &Output) -> anyhow::Result<Ending> {
    let host = Host::open(&home).await?;
    match (&arguments.about, &arguments.declarations) {
        (Some(AboutPlan::List), _) => stored::list(&host, output).await,
        (Some(AboutPlan::Show(show)), _) => stored::show(&host, show, output).await,
        (Some(AboutPlan::Approve(decide)), _) => stored::approve(&host, decide, output).await,
        (Some(AboutPlan::Reject(decide)), _) => stored::reject(&host, decide, output).await,
        (None, Some(directory)) => what_if::run(&host, directory, arguments, output).await,
        (None, None) => make(&host, arguments, output).await,
    }
}

async fn make(host: &Host, arguments: &Plan, output: &Output) -> anyhow::Result<Ending> {
    let only: BTreeSet<_> = arguments.target.iter().cloned().collect();
    let progress = output.progress();
    host.take_up_declarations(&progress).await?;
    let report = host.engine.plan_everyone((!only.is_empty()).then_some(&only), &progress).await?;
    drop(progress);
    let kept = match report.items.is_empty() {
        true => None,
        false => {
            let life = arguments.expires.unwrap_or(PLAN_LIFE);
            Some(host.engine.keep_plan(&report.items, &host.plan_key, life).await?)
        }
    };
    show_made(kept.as_ref(), &report.items, &report.notices, arguments, output)
}

fn show_made(
    kept: Option<&PlanSummary>,
    items: &[PlanItem],
    notices: &[Notice],
    arguments: &Plan,
    output: &Output,
) -> anyhow::Result<Ending> {
    let rows = Row::numbered(items);
    if let Some(file) = &arguments.html {
        write_page(file, &Page { plan: kept, rows: &rows, notices, remarks: &[] })?;
    }
    let answer = Answer { plan: kept, items, notices };
    output.answer(&answer, || {
        let mut text = render::rows(&rows, notices, &|_, _| None);
        if let Some(kept) = kept {
            text.push_str(&advice(kept));
        }
        text
    })?;
    Ok(if kept.is_some() { Ending::ChangesPending } else { Ending::Done })
}

/// What the API makes.
#[derive(Deserialize)]
pub struct MadePlan {
    /// The plan; none where nothing is to be done.
    pub plan: Option<PlanSummary>,
    /// What was found and is left alone.
    notices: Vec<Notice>,
}

/// The same at a host that serves.
pub async fn ask(remote: &Remote, arguments: &Plan, output: &Output) -> anyhow::Result<Ending> {
    match &arguments.about {
        Some(about) => stored::ask(remote, about, output).await,
        None => ask_to_make(remote, arguments, output).await,
    }
}

async fn ask_to_make(remote: &Remote, arguments: &Plan, output: &Output) -> anyhow::Result<Ending> {
    let unknown = [(arguments.declarations.is_some(), "--declarations"), (arguments.expires.is_some(), "--expires")];
    if let Some((_, name)) = unknown.iter().find(|(given, _)| *given) {
        return Err(RemoteError::needs_home(name).into());
    }
    let made: MadePlan = remote.post("/v1/plans", &json!({"targets": arguments.target})).await?;
    let lines: Vec<PlanLine> = match &made.plan {
        Some(plan) => remote.list(&format!("/v1/plans/{}/items", plan.id), &[]).await?,
        None => Vec::new(),
    };
    let items: Vec<PlanItem> = lines.into_iter().map(|line| line.item).collect();
    show_made(made.plan.as_ref(), &items, &made.notices, arguments, output)
}

/// What can be done with a plan, and until when.
fn advice(kept: &PlanSummary) -> String {
    let until = kept.seal.as_ref().map(|seal| format!(" (until {:.0})", seal.terms.expires_at)).unwrap_or_default();
    let id = kept.id;
    format!("\nTo do exactly this{until}: purser apply {id}\nTo leave items out first: purser plan reject {id} ITEM...")
}
