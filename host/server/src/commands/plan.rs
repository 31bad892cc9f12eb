//! `purser plan`: says what would be done, and keeps it as a plan.

use crate::Ending;
use crate::cli::Plan;
use crate::home::Home;
use crate::host::{Host, now};
use crate::output::Output;
use purser_model::plan::{Notice, PlanItem, PlanSummary};
use serde::Serialize;
use std::collections::BTreeSet;

#[derive(Serialize)]
struct Answer<'a> {
    plan: Option<&'a PlanSummary>,
    items: &'a [PlanItem],
    notices: &'a [Notice],
}

/// Runs the command.
pub async fn run(home: Home, arguments: &Plan, output: &Output) -> anyhow::Result<Ending> {
    let host = Host::open(&home).await?;
    let only: BTreeSet<_> = arguments.target.iter().cloned().collect();
    let progress = output.progress();
    let report = host.engine.plan_everyone((!only.is_empty()).then_some(&only), &progress).await?;
    drop(progress);
    let kept = match report.items.is_empty() {
        true => None,
        false => Some(host.store.keep_plan(report.items.clone(), now()).await?),
    };
    let answer = Answer { plan: kept.as_ref(), items: &report.items, notices: &report.notices };
    output.answer(&answer, || {
        let mut text = purser_plan::render::text(&report.items, &report.notices, &|_, _| None);
        if let Some(kept) = &kept {
            text.push_str(&format!("\nTo do exactly this: purser apply {}", kept.id));
        }
        text
    })?;
    Ok(if kept.is_some() { Ending::ChangesPending } else { Ending::Done })
}
