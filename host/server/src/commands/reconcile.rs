//! `purser reconcile`: looks at what is in a target and repairs what differs.

use crate::Ending;
use crate::cli::Reconcile;
use crate::commands::apply;
use crate::commands::import;
use crate::home::Home;
use crate::host::Host;
use crate::output::{Bars, Output};
use crate::remote::{Done, Remote, RemoteError};
use jiff::Timestamp;
use purser_model::run::RunKind;
use purser_reconcile::{ApplyReport, DrainReport, PlanReport, ReconcileMode, ReconcileReport, SingleReport};
use serde::Serialize;
use serde_json::json;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(30);

/// The answer, and what is left to do after it.
#[derive(Serialize)]
struct Reconciled<A> {
    #[serde(flatten)]
    report: A,
    #[serde(skip_serializing_if = "Option::is_none")]
    open: Option<Open>,
}

#[derive(Serialize)]
struct Open {
    later: u64,
    unread: u64,
    held: u64,
    next: Option<Timestamp>,
    failed_targets: BTreeMap<String, String>,
}

impl Open {
    fn of(rest: &ApplyReport) -> Option<Self> {
        let ApplyReport { later, unread, held, next, failed_targets, .. } = rest.clone();
        let something = later + unread + held > 0 || !failed_targets.is_empty();
        something.then_some(Self { later, unread, held, next, failed_targets })
    }
}

/// What the answer has in common, whatever was looked at.
trait Answer: Serialize {
    fn operations(&mut self) -> &mut DrainReport;
    fn done(&self) -> &DrainReport;
    fn plan(&self) -> Option<&PlanReport>;
    fn found(&self, target: &str) -> String;
}

/// Runs the command.
pub async fn run(home: Home, arguments: &Reconcile, output: &Output) -> anyhow::Result<Ending> {
    let host = Host::open(&home).await?;
    let progress = output.progress();
    let mode = if arguments.dry_run { ReconcileMode::DryRun } else { ReconcileMode::Repair };
    if mode == ReconcileMode::Repair {
        host.take_up_declarations(&progress).await?;
    }
    let (engine, target) = (&host.engine, &arguments.target);
    if let Some(account) = &arguments.account {
        let report = engine.reconcile_account(target, account, mode, &progress).await?;
        return finish(&host, arguments, report, progress, output).await;
    }
    if let Some((source, key)) = &arguments.identity {
        let report = engine.reconcile_identity(target, source, key, mode, &progress).await?;
        return finish(&host, arguments, report, progress, output).await;
    }
    let report = match (arguments.delta, arguments.outside_window) {
        (true, _) => engine.reconcile_changes(target, mode, &progress).await?,
        (false, true) => engine.reconcile_outside_window(target, mode, &progress).await?,
        (false, false) => engine.reconcile(target, mode, &progress).await?,
    };
    finish(&host, arguments, report, progress, output).await
}

/// The same at a host that serves, which goes on with what is open by itself.
pub async fn ask(remote: &Remote, arguments: &Reconcile, output: &Output) -> anyhow::Result<Ending> {
    let unknown = [
        (arguments.account.is_some(), "--account"),
        (arguments.identity.is_some(), "--identity"),
        (arguments.outside_window, "--outside-window"),
    ];
    if let Some((_, name)) = unknown.iter().find(|(given, _)| *given) {
        return Err(RemoteError::needs_home(name).into());
    }
    let kind = if arguments.delta { "changes" } else { "reconciliation" };
    let wanted = json!({"kind": kind, "target": arguments.target, "dry_run": arguments.dry_run});
    let report: ReconcileReport = match remote.work("/v1/runs", &wanted, output).await? {
        Done::Report(report) => report,
        Done::GoesOn(follow) => return import::goes_on(&follow, output),
    };
    let rest = ApplyReport { operations: report.operations.clone(), ..ApplyReport::default() };
    let pending = report.plan.as_ref().is_some_and(|plan| !plan.items.is_empty());
    let answer = Reconciled { report, open: None };
    output.answer(&answer, || text(arguments, &answer.report, &rest))?;
    Ok(if pending { Ending::ChangesPending } else { apply::ending(&rest) })
}

async fn finish(
    host: &Host,
    arguments: &Reconcile,
    mut report: impl Answer,
    progress: Bars,
    output: &Output,
) -> anyhow::Result<Ending> {
    let mut ending = Ending::Done;
    let mut rest = ApplyReport::default();
    if !arguments.dry_run {
        rest = host.engine.work_off_with_retries(PATIENCE, &progress).await?;
        rest.operations.merge(report.operations().clone());
        ending = apply::ending(&rest);
        *report.operations() = rest.operations.clone();
    }
    if report.plan().is_some_and(|plan| !plan.items.is_empty()) {
        ending = Ending::ChangesPending;
    }
    drop(progress);
    let answer = Reconciled { report, open: Open::of(&rest) };
    output.answer(&answer, || text(arguments, &answer.report, &rest))?;
    Ok(ending)
}

fn text(arguments: &Reconcile, report: &impl Answer, rest: &ApplyReport) -> String {
    let mut text = report.found(arguments.target.as_str());
    match report.plan() {
        Some(plan) => {
            text.push('\n');
            text.push_str(&purser_plan::render::text(&plan.items, &plan.notices, &|_, _| None));
        }
        None => text.push_str(&done(report.done())),
    }
    for line in apply::open(rest) {
        text.push('\n');
        text.push_str(&line);
    }
    text
}

fn done(operations: &DrainReport) -> String {
    let mut text = format!(
        "\n{} operations applied, {} already so, {} refused",
        operations.applied, operations.already_so, operations.refused
    );
    for (reason, count) in &operations.reasons {
        let _ = write!(text, "\n  refused {count} x: {reason}");
    }
    text
}

impl Answer for ReconcileReport {
    fn operations(&mut self) -> &mut DrainReport {
        &mut self.operations
    }

    fn done(&self) -> &DrainReport {
        &self.operations
    }

    fn plan(&self) -> Option<&PlanReport> {
        self.plan.as_ref()
    }

    fn found(&self, target: &str) -> String {
        let mut text = String::new();
        if let Some(reason) = &self.instead_of_changes {
            let _ = writeln!(text, "everything was looked at: {reason}");
        }
        let what = if self.kind == RunKind::Changes { "changes" } else { "objects" };
        let _ = write!(
            text,
            "{} {what} of {target} looked at: {} as known, {} new or changed, {} gone",
            self.listed, self.unchanged, self.changed, self.gone
        );
        if !self.not_followed.is_empty() {
            let _ = write!(text, "\nwithout a change feed, not looked at: {}", self.not_followed.join(", "));
        }
        if let Some(at) = self.goes_on_at {
            let _ = write!(text, "\nthe window closed: the next run goes on from here, from {at} on");
        }
        text
    }
}

impl Answer for SingleReport {
    fn operations(&mut self) -> &mut DrainReport {
        &mut self.operations
    }

    fn done(&self) -> &DrainReport {
        &self.operations
    }

    fn plan(&self) -> Option<&PlanReport> {
        self.plan.as_ref()
    }

    fn found(&self, target: &str) -> String {
        let line = |account: &purser_reconcile::LookedAt| {
            let situation = account.situation.map_or_else(|| "gone".to_owned(), |situation| situation.to_string());
            format!("account {} of {target}: {situation}", account.remote_id)
        };
        if self.accounts.is_empty() {
            return format!("the identity has no account in {target} yet");
        }
        self.accounts.iter().map(line).collect::<Vec<_>>().join("\n")
    }
}
