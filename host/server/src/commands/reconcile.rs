//! `purser reconcile`: looks at everything in a target and repairs what differs.

use crate::Ending;
use crate::cli::Reconcile;
use crate::commands::apply;
use crate::home::Home;
use crate::host::Host;
use crate::output::Output;
use purser_reconcile::{ReconcileMode, ReconcileReport};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(30);

/// Runs the command.
pub async fn run(home: Home, arguments: &Reconcile, output: &Output) -> anyhow::Result<Ending> {
    let host = Host::open(&home).await?;
    let progress = output.progress();
    let mode = if arguments.dry_run { ReconcileMode::DryRun } else { ReconcileMode::Repair };
    let mut report = host.engine.reconcile(&arguments.target, mode, &progress).await?;
    let mut ending = Ending::Done;
    if mode == ReconcileMode::Repair {
        let mut rest = host.engine.work_off_with_retries(PATIENCE, &progress).await?;
        rest.operations.merge(report.operations.clone());
        ending = apply::ending(&rest);
        report.operations = rest.operations;
    }
    if report.plan.as_ref().is_some_and(|plan| !plan.items.is_empty()) {
        ending = Ending::ChangesPending;
    }
    drop(progress);
    output.answer(&report, || text(arguments, &report))?;
    Ok(ending)
}

fn text(arguments: &Reconcile, report: &ReconcileReport) -> String {
    let mut text = format!(
        "{} objects of {} looked at: {} as known, {} new or changed, {} gone",
        report.listed, arguments.target, report.unchanged, report.changed, report.gone
    );
    match &report.plan {
        Some(plan) => {
            text.push('\n');
            text.push_str(&purser_plan::render::text(&plan.items, &plan.notices, &|_, _| None));
        }
        None => {
            let operations = &report.operations;
            text.push_str(&format!(
                "\n{} operations applied, {} already so, {} refused",
                operations.applied, operations.already_so, operations.refused
            ));
            for (reason, count) in &operations.reasons {
                text.push_str(&format!("\n  refused {count} x: {reason}"));
            }
        }
    }
    text
}
