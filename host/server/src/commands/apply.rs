//! `purser apply`: does what a plan says.

use crate::Ending;
use crate::cli::Apply;
use crate::commands::import;
use crate::commands::plan::MadePlan;
use crate::home::Home;
use crate::host::Host;
use crate::output::Output;
use crate::remote::{Done, Remote, RemoteError};
use purser_reconcile::{ApplyOptions, ApplyReport, PLAN_LIFE, Progress};
use serde_json::json;
use std::time::Duration;

/// Runs the command.
pub async fn run(home: Home, arguments: &Apply, output: &Output) -> anyhow::Result<Ending> {
    let host = Host::open(&home).await?;
    let progress = output.progress();
    host.take_up_declarations(&progress).await?;
    let patience = Duration::from_secs(arguments.patience);
    let report = match arguments.plan {
        Some(plan) => {
            let options = ApplyOptions {
                approved_only: arguments.approved,
                other_declarations: arguments.stale_ok,
                takings_allowed: arguments.allow,
                at_once: false,
            };
            let mut first = host.engine.apply(plan, &host.plan_key, options, &progress).await?;
            let (stale, guard) = (std::mem::take(&mut first.stale), std::mem::take(&mut first.guard));
            // Nothing but the plan is done: who was woken is planned by the next `apply` without a plan, or by `serve`.
            let rest = host.engine.work_off_queue_with_retries(patience, &progress).await?;
            let mut report = both(first, rest);
            (report.stale, report.guard) = (stale, guard);
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
    let (mut stale, mut guard) = (Vec::new(), Vec::new());
    if !planned.items.is_empty() {
        let plan = host.engine.keep_plan(&planned.items, &host.plan_key, PLAN_LIFE).await?;
        drop(planned);
        let options = ApplyOptions { at_once: true, ..ApplyOptions::default() };
        let mut applied = host.engine.apply(plan.id, &host.plan_key, options, progress).await?;
        stale = std::mem::take(&mut applied.stale);
        guard = std::mem::take(&mut applied.guard);
        applied.operations.merge(report.operations);
        report = applied;
    }
    let rest = host.engine.work_off_with_retries(patience, progress).await?;
    let mut report = both(report, rest);
    (report.stale, report.guard) = (stale, guard);
    Ok(report)
}

/// The same at a host that serves.
pub async fn ask(remote: &Remote, arguments: &Apply, output: &Output) -> anyhow::Result<Ending> {
    for (given, name) in [(arguments.stale_ok, "--stale-ok"), (arguments.allow.is_some(), "--allow")] {
        if given {
            return Err(RemoteError::needs_home(name).into());
        }
    }
    let plan = match arguments.plan {
        Some(plan) => Some(plan),
        None => remote.post::<MadePlan>("/v1/plans", &json!({})).await?.plan.map(|plan| plan.id),
    };
    let report = match plan {
        None => ApplyReport::default(),
        Some(plan) => {
            let wanted = json!({"approved_only": arguments.approved});
            match remote.work(&format!("/v1/plans/{plan}/application"), &wanted, output).await? {
                Done::Report(report) => report,
                Done::GoesOn(follow) => return import::goes_on(&follow, output),
            }
        }
    };
    output.answer(&report, || text(&report))?;
    Ok(ending(&report))
}

/// What was done first and what followed; what is open is what was open in the end.
fn both(first: ApplyReport, mut rest: ApplyReport) -> ApplyReport {
    let unknown = rest.operations.unknown;
    rest.operations.merge(first.operations);
    rest.operations.unknown = unknown;
    rest
}

/// How a command ends that led to this.
pub fn ending(report: &ApplyReport) -> Ending {
    let operations = &report.operations;
    let open = operations.refused + operations.unknown + report.later + report.unread + report.stale.len() as u64;
    match (open == 0 && report.failed_targets.is_empty(), report.held) {
        (false, _) => Ending::Failed,
        (true, 0) => Ending::Done,
        (true, _) => Ending::ChangesPending,
    }
}

/// What people read.
pub fn text(report: &ApplyReport) -> String {
    let operations = &report.operations;
    let mut lines = vec![format!(
        "{} operations applied, {} already so, {} refused, {} retried",
        operations.applied, operations.already_so, operations.refused, operations.retried
    )];
    lines.extend(operations.reasons.iter().map(|(reason, count)| format!("  refused {count} x: {reason}")));
    lines.extend(report.guard.iter().map(|reason| format!("  held: {reason}")));
    lines.extend(
        report.stale.iter().map(|stale| format!("  skipped {} in {}: {}", stale.label, stale.target, stale.reason)),
    );
    lines.extend(open(report));
    lines.join("\n")
}

/// What is left to do, a line for each reason.
pub fn open(report: &ApplyReport) -> Vec<String> {
    let operations = &report.operations;
    let mut lines: Vec<String> =
        report.failed_targets.iter().map(|(name, reason)| format!("target {name} left out: {reason}")).collect();
    if operations.quarantined > 0 {
        lines.push(format!(
            "{} operations keep failing and are quarantined: see `purser quarantine list`",
            operations.quarantined
        ));
    }
    if report.held > 0 {
        lines.push(format!(
            "{} items are held, since they would take too much away: see `purser held list`, and decide with \
             `purser held approve` or `purser held reject`",
            report.held
        ));
    }
    if operations.unknown > 0 {
        lines.push(format!("{} operations have an unknown end and are observed next time", operations.unknown));
    }
    if report.unread > 0 {
        lines.push(format!(
            "{} identities are not planned yet where an account could not be read since it was changed: run `purser apply` \
             again, or `purser serve`",
            report.unread
        ));
    }
    if report.later > 0 {
        let when = report.next.map(|next| format!(", the first at {next}")).unwrap_or_default();
        lines.push(format!(
            "{} operations wait for a retry{when}: run `purser apply` again, or `purser serve`",
            report.later
        ));
    }
    lines
}
