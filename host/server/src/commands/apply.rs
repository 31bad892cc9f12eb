//! `purser apply`: does what a plan says.

use crate::Ending;
use crate::cli::Apply;
use crate::home::Home;
use crate::host::{Host, now};
use crate::output::Output;
use purser_reconcile::{ApplyReport, Progress};
use std::time::Duration;

/// Runs the command.
pub async fn run(home: Home, arguments: &Apply, output: &Output) -> anyhow::Result<Ending> {
    let host = Host::open(&home).await?;
    let progress = output.progress();
    let patience = Duration::from_secs(arguments.patience);
    let report = match arguments.plan {
        Some(plan) => {
            let mut report = host.engine.apply(plan, &progress).await?;
            let stale = std::mem::take(&mut report.stale);
            let mut report = with_retries(&host, report, patience, &progress).await?;
            report.stale = stale;
            report
        }
        None => plan_and_apply(&host, patience, &progress).await?,
    };
    drop(progress);
    output.answer(&report, || text(&report))?;
    Ok(ending(&report))
}

/// Finishes what waits, plans everyone, keeps the plan and applies it: nothing is done that no plan holds.
pub async fn plan_and_apply(host: &Host, patience: Duration, progress: &dyn Progress) -> anyhow::Result<ApplyReport> {
    let mut report = host.engine.work_off(progress).await?;
    let planned = host.engine.plan_everyone(None, progress).await?;
    let mut stale = Vec::new();
    if !planned.items.is_empty() {
        let plan = host.store.keep_plan(planned.items, now()).await?;
        let mut applied = host.engine.apply(plan.id, progress).await?;
        stale = std::mem::take(&mut applied.stale);
        applied.operations.merge(report.operations);
        report = applied;
    }
    let mut report = with_retries(host, report, patience, progress).await?;
    report.stale = stale;
    Ok(report)
}

async fn with_retries(
    host: &Host,
    first: ApplyReport,
    patience: Duration,
    progress: &dyn Progress,
) -> anyhow::Result<ApplyReport> {
    let mut report = host.engine.work_off_with_retries(patience, progress).await?;
    let unknown = report.operations.unknown;
    report.operations.merge(first.operations);
    report.operations.unknown = unknown;
    Ok(report)
}

/// How a command ends that led to this.
pub fn ending(report: &ApplyReport) -> Ending {
    let operations = &report.operations;
    let open = operations.refused + operations.unknown + report.later + report.stale.len() as u64;
    if open == 0 && report.failed_targets.is_empty() { Ending::Done } else { Ending::Failed }
}

/// What people read.
pub fn text(report: &ApplyReport) -> String {
    let operations = &report.operations;
    let mut lines = vec![format!(
        "{} operations applied, {} already so, {} refused, {} retried",
        operations.applied, operations.already_so, operations.refused, operations.retried
    )];
    lines.extend(operations.reasons.iter().map(|(reason, count)| format!("  refused {count} x: {reason}")));
    lines.extend(report.failed_targets.iter().map(|(name, reason)| format!("  target {name} left out: {reason}")));
    lines.extend(
        report
            .stale
            .iter()
            .map(|stale| format!("  skipped {} in {}: {}", stale.item.label, stale.item.target, stale.reason)),
    );
    if operations.unknown > 0 {
        lines.push(format!("{} operations have an unknown end and are observed next time", operations.unknown));
    }
    if report.later > 0 {
        let when = report.next.map(|next| format!(", the first at {next}")).unwrap_or_default();
        lines.push(format!(
            "{} operations wait for a retry{when}: run `purser apply` again, or `purser serve`",
            report.later
        ));
    }
    lines.join("\n")
}
