//! `purser provision`: provisions one identity at once, from what its targets show now.

use crate::Ending;
use crate::cli::Provision;
use crate::commands::explain;
use crate::commands::import;
use crate::home::{Home, Occupied};
use crate::host::Host;
use crate::output::Output;
use crate::remote::{Done, Remote, RemoteError, find_identity};
use purser_reconcile::ProvisionReport;
use serde_json::json;
use std::time::Duration;

/// Runs the command.
pub async fn run(home: Home, arguments: &Provision, output: &Output) -> anyhow::Result<Ending> {
    let host = match Host::open(&home).await {
        Err(error) if error.is::<Occupied>() => {
            return Err(error.context(
                "the home is in use, so nothing was done; a running `purser serve` provisions what changes by itself: look at \
                 GET /v1/operations, or stop it, run this again and start it",
            ));
        }
        opened => opened?,
    };
    let identity = host.engine.find_identity(&arguments.identity).await?;
    let target = arguments.target.as_ref();
    if arguments.dry_run {
        let explained = host.engine.explain_afresh(identity, target).await?;
        output.answer(&explained, || explain::text(&explained))?;
        return Ok(if explained.not_read.is_empty() { Ending::Done } else { Ending::Failed });
    }
    let progress = output.progress();
    let patience = Duration::from_secs(arguments.patience);
    let report = host.engine.provision(identity, target, patience, &progress).await?;
    drop(progress);
    output.answer(&report, || text(&report))?;
    Ok(if report.is_done() { Ending::Done } else { Ending::Failed })
}

/// The same at a host that serves.
pub async fn ask(remote: &Remote, arguments: &Provision, output: &Output) -> anyhow::Result<Ending> {
    if arguments.dry_run {
        return Err(RemoteError::needs_home("--dry-run").into());
    }
    let identity = find_identity(remote, &arguments.identity).await?;
    let wanted = arguments.target.as_ref().map_or(json!({}), |target| json!({"target": target}));
    match remote
        .work::<ProvisionReport>(&format!("/v1/identities/{}/provisioning", identity.id), &wanted, output)
        .await?
    {
        Done::GoesOn(follow) => import::goes_on(&follow, output),
        Done::Report(report) => {
            output.answer(&report, || text(&report))?;
            Ok(if report.is_done() { Ending::Done } else { Ending::Failed })
        }
    }
}

fn text(report: &ProvisionReport) -> String {
    let mut lines = Vec::new();
    for target in &report.explained.explanation.targets {
        lines.push(format!("{}: {}", target.target, target.conclusion));
        lines.extend(target.left_alone.iter().map(|message| format!("  ! {message}")));
    }
    for (target, reason) in &report.explained.not_read {
        lines.push(format!("{target} could not be read, what was known of it holds: {reason}"));
    }
    for (target, reason) in &report.failed_targets {
        lines.push(format!("{target} could not be worked with, its operations wait: {reason}"));
    }
    lines.extend(report.stale.iter().map(|stale| format!("skipped in {}: {}", stale.target, stale.reason)));
    if report.put_off > 0 {
        lines
            .push(format!("{} accounts have an operation under way; run this again when it has ended", report.put_off));
    }
    if !report.operations.is_empty() {
        lines.push(explain::operations_table(&report.operations));
    }
    lines.join("\n")
}
