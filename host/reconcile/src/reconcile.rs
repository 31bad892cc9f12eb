//! Reconciling a target: everything in it is looked at, page by page, and what differs from what is desired is repaired.

use crate::engine::{Engine, EngineError};
use crate::environment::Progress;
use crate::execute::DrainReport;
use crate::live::ending_after;
use crate::look::{Counts, Looked, Looking};
use crate::planning::PlanReport;
use crate::traced;
use crate::unmatched::UnmatchedReport;
use jiff::Timestamp;
use purser_connector::{ReadOnly, Session};
use purser_model::id::{RunId, TargetName};
use purser_model::run::{RunKind, RunState};
use purser_model::window::Windows;
use purser_store::{Begun, RunEnding};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::sync::Arc;
use tracing::{Instrument, info};

/// What a reconciliation may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReconcileMode {
    /// Look and repair.
    Repair,
    /// Look, and say what would be done.
    DryRun,
}

/// What a reconciliation found and did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ReconcileReport {
    /// The run.
    pub run: RunId,
    /// Whether everything was listed, or the change feed was followed.
    pub kind: RunKind,
    /// Whether an interrupted run went on.
    pub resumed: bool,
    /// Objects listed, or named by the change feed.
    pub listed: u64,
    /// As they were known.
    pub unchanged: u64,
    /// New, or different from what was known.
    pub changed: u64,
    /// Gone for certain.
    pub gone: u64,
    /// The window closed: the run goes on at its checkpoint when it opens, at this time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub goes_on_at: Option<Timestamp>,
    /// Why everything was listed although the change feed was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instead_of_changes: Option<String>,
    /// Classes without a change feed, which only a full reconciliation looks at.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_followed: Vec<String>,
    /// What was done about it.
    pub operations: DrainReport,
    /// What was done about accounts that belong to nobody, where anything is declared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unmatched: Option<UnmatchedReport>,
    /// For a dry run: what would be done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plan: Option<PlanReport>,
}

impl ReconcileReport {
    pub(crate) fn new(begun: &Begun, counts: &Counts) -> Self {
        Self {
            run: begun.run.id,
            kind: begun.run.kind,
            resumed: begun.resumed,
            listed: counts.listed,
            unchanged: counts.unchanged,
            changed: counts.changed,
            gone: counts.gone,
            goes_on_at: None,
            instead_of_changes: None,
            not_followed: Vec::new(),
            operations: DrainReport::default(),
            unmatched: None,
            plan: None,
        }
    }
}

impl Engine {
    /// Reconciles a target. What is pending is finished first; each page is recorded with its checkpoint; absence counts
    /// only after a complete listing, and only what is then not found by its id is gone. Where the target has a window, the
    /// listing stops at a page's end when it closes, and the next run goes on there.
    ///
    /// # Errors
    /// The window is closed, or the listing fails, is cut short or is stopped. What was seen until then stays recorded, and nothing is
    /// concluded from what was not seen. A run that a crash or a window interrupted goes on at its checkpoint; one that
    /// ended with an error, or was stopped, starts anew.
    pub async fn reconcile(
        &self,
        name: &TargetName,
        mode: ReconcileMode,
        progress: &dyn Progress,
    ) -> Result<ReconcileReport, EngineError> {
        let windows = self.target(name)?.windows.clone();
        let span = traced::reconciling(name);
        self.reconcile_within(name, &windows, mode, progress).instrument(span).await
    }

    /// As [`Engine::reconcile`], whatever the window says.
    ///
    /// # Errors
    /// As [`Engine::reconcile`].
    pub async fn reconcile_outside_window(
        &self,
        name: &TargetName,
        mode: ReconcileMode,
        progress: &dyn Progress,
    ) -> Result<ReconcileReport, EngineError> {
        let span = traced::reconciling(name);
        self.reconcile_within(name, &Windows::default(), mode, progress).instrument(span).await
    }

    async fn reconcile_within(
        &self,
        name: &TargetName,
        windows: &Windows,
        mode: ReconcileMode,
        progress: &dyn Progress,
    ) -> Result<ReconcileReport, EngineError> {
        if let Some(opens) = windows.opens_at(self.clock.now()) {
            return Err(EngineError::WindowClosed { target: name.to_string(), opens });
        }
        self.must_not_rest(name).await?;
        let session = self.reading_session(name, mode).await?;
        let mut operations = DrainReport::default();
        if mode == ReconcileMode::Repair {
            operations.merge(self.drain_before_looking(name, progress).await?);
            self.store.wake_refused(name).await?;
        }
        let mut report = self.list_everything(name, session.as_ref(), windows, mode, progress).await?;
        report.operations = operations;
        if mode == ReconcileMode::Repair && report.goes_on_at.is_none() {
            self.wake_without_account(name).await?;
        }
        self.conclude(name, mode, &mut report, progress).await?;
        if mode == ReconcileMode::Repair && report.goes_on_at.is_none() && self.may_react_to_unmatched(name)? {
            let run = self.store.run(report.run).await?;
            report.unmatched = Some(self.react_to_unmatched(name, &run).await?);
            self.conclude(name, mode, &mut report, progress).await?;
        }
        Ok(report)
    }

    /// Who is there is known, and something is declared about accounts that belong to nobody.
    fn may_react_to_unmatched(&self, name: &TargetName) -> Result<bool, EngineError> {
        Ok(!self.awaits_sources() && self.reacts_to_unmatched(name)?)
    }

    /// After a complete listing every identity without an account there is looked at, so that every account has its
    /// situation; those that have departed only where something is done about accounts that belong to nobody.
    async fn wake_without_account(&self, name: &TargetName) -> Result<(), EngineError> {
        if self.reacts_to_unmatched(name)? {
            self.store.wake_all_without_account(name).await?;
        } else {
            self.store.wake_without_account(name).await?;
        }
        Ok(())
    }

    /// The session of a target for looking; that of a dry run cannot write.
    pub(crate) async fn reading_session(
        &self,
        name: &TargetName,
        mode: ReconcileMode,
    ) -> Result<Arc<dyn Session>, EngineError> {
        let session = self.target_session(name).await?;
        Ok(match mode {
            ReconcileMode::Repair => session,
            ReconcileMode::DryRun => Arc::new(ReadOnly(session)),
        })
    }

    /// One run, or the rest of an interrupted one.
    async fn list_everything(
        &self,
        name: &TargetName,
        session: &dyn Session,
        windows: &Windows,
        mode: ReconcileMode,
        progress: &dyn Progress,
    ) -> Result<ReconcileReport, EngineError> {
        let turn = self.turn(name);
        let _looking = turn.looking.lock().await;
        let store = self.store_of_run("reconciliation", name, session, mode);
        let begun = store.begin_run(RunKind::Reconciliation, name.as_str(), self.clock.now()).await?;
        let live = self.enter(&begun.run).await?;
        let mut counts = Counts::of(&begun.run);
        let looking = Looking { name, session, store: store.as_ref(), run: &begun.run, live: &live };
        let looked = self.look_at_all(looking, windows, &mut counts, progress).await;
        let mut report = ReconcileReport::new(&begun, &counts);
        if let Err(EngineError::Connector { fault, .. }) = &looked {
            self.note_fault(name, fault).await?;
        }
        match &looked {
            Ok(Looked::UntilTheWindowClosed { opens }) => {
                info!(target = %name, %opens, "the window closed; the run goes on when it opens");
                report.goes_on_at = Some(*opens);
            }
            Ok(Looked::AtEverything) => {
                let ending = RunEnding { state: RunState::Completed, counts: counts.named(), detail: None };
                store.end_run(begun.run.id, ending, self.clock.now()).await?;
                self.note_target_listed(name).await?;
            }
            Err(error) => {
                store.end_run(begun.run.id, ending_after(error, counts.named()), self.clock.now()).await?;
            }
        }
        looked?;
        Ok(report)
    }

    /// What was found is acted on, or only planned.
    pub(crate) async fn conclude(
        &self,
        name: &TargetName,
        mode: ReconcileMode,
        report: &mut ReconcileReport,
        progress: &dyn Progress,
    ) -> Result<(), EngineError> {
        match mode {
            ReconcileMode::Repair => {
                self.store.wake_put_off(name).await?;
                report.operations.merge(self.work_off(progress).await?.operations);
            }
            ReconcileMode::DryRun => {
                let only = BTreeSet::from([name.clone()]);
                report.plan = Some(self.plan_everyone(Some(&only), progress).await?);
            }
        }
        Ok(())
    }
}
