//! Reconciling a target: everything in it is looked at, page by page, and what differs from what is desired is repaired.

use crate::engine::{Engine, EngineError, in_target};
use crate::environment::Progress;
use crate::execute::DrainReport;
use crate::observe::Reader;
use crate::planning::PlanReport;
use purser_connector::{ReadOnly, Session};
use purser_model::id::{RunId, TargetName};
use purser_model::manifest::{ClassKind, ObjectClass};
use purser_model::object::{Page, SearchRequest, Tail};
use purser_model::run::{Checkpoint, Run, RunKind, RunState};
use purser_store::{ClassOfTarget, ObservedPage, RunEnding};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tracing::{info, warn};

/// What a reconciliation may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReconcileMode {
    /// Look and repair.
    Repair,
    /// Look, and say what would be done.
    DryRun,
}

/// What a reconciliation found and did.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ReconcileReport {
    /// The run.
    pub run: RunId,
    /// Whether an interrupted run went on.
    pub resumed: bool,
    /// Objects listed.
    pub listed: u64,
    /// As they were known.
    pub unchanged: u64,
    /// New, or different from what was known.
    pub changed: u64,
    /// Gone for certain.
    pub gone: u64,
    /// What was done about it.
    pub operations: DrainReport,
    /// For a dry run: what would be done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plan: Option<PlanReport>,
}

#[derive(Default)]
struct Counts {
    listed: u64,
    unchanged: u64,
    changed: u64,
    gone: u64,
}

impl Counts {
    fn named(&self) -> BTreeMap<String, u64> {
        [("listed", self.listed), ("unchanged", self.unchanged), ("changed", self.changed), ("gone", self.gone)]
            .map(|(name, count)| (name.to_owned(), count))
            .into()
    }
}

impl Engine {
    /// Reconciles a target. What is pending is finished first; each page is recorded with its checkpoint; absence counts
    /// only after a complete listing, and only what is then not found by its id is gone.
    ///
    /// # Errors
    /// The listing fails or is cut short. What was seen until then stays recorded, and nothing is concluded from what was
    /// not seen. A run that a crash interrupted goes on at its checkpoint; one that ended with an error starts anew.
    pub async fn reconcile(
        &self,
        name: &TargetName,
        mode: ReconcileMode,
        progress: &dyn Progress,
    ) -> Result<ReconcileReport, EngineError> {
        let session = self.target_session(name).await?;
        let mut operations = DrainReport::default();
        let session: Arc<dyn Session> = match mode {
            ReconcileMode::Repair => {
                operations.merge(self.drain(name, progress).await?);
                self.store.wake_refused(name).await?;
                session
            }
            ReconcileMode::DryRun => Arc::new(ReadOnly(session)),
        };
        let begun = self.store.begin_run(RunKind::Reconciliation, name.as_str(), self.clock.now()).await?;
        let mut counts = Counts::default();
        let listed = self.look_at_all(name, session.as_ref(), &begun.run, &mut counts, progress).await;
        let ending = match &listed {
            Ok(()) => RunEnding { state: RunState::Completed, counts: counts.named(), detail: None },
            Err(error) => {
                RunEnding { state: RunState::Failed, counts: counts.named(), detail: Some(error.to_string()) }
            }
        };
        self.store.end_run(begun.run.id, ending, self.clock.now()).await?;
        listed?;
        let plan = match mode {
            ReconcileMode::Repair => {
                self.store.wake_without_account(name).await?;
                operations.merge(self.work_off(progress).await?.operations);
                None
            }
            ReconcileMode::DryRun => Some(self.plan_everyone(Some(&BTreeSet::from([name.clone()])), progress).await?),
        };
        let Counts { listed, unchanged, changed, gone } = counts;
        Ok(ReconcileReport {
            run: begun.run.id,
            resumed: begun.resumed,
            listed,
            unchanged,
            changed,
            gone,
            operations,
            plan,
        })
    }

    async fn look_at_all(
        &self,
        name: &TargetName,
        session: &dyn Session,
        run: &Run,
        counts: &mut Counts,
        progress: &dyn Progress,
    ) -> Result<(), EngineError> {
        let classes = self.read_classes(name).await?;
        let account_class = &self.target(name)?.class;
        if !classes.iter().any(|class| &class.name == account_class) {
            let known: Vec<_> = classes.iter().map(|class| class.name.as_str()).collect();
            return Err(stopped(name, format!("it has no class `{account_class}`; it has: {}", known.join(", "))));
        }
        let mut checkpoint = run.checkpoint.clone();
        for class in classes.iter().filter(|class| self.is_looked_at(name, class)) {
            if checkpoint.finished_classes.contains(&class.name) {
                continue;
            }
            let look = ClassLook { name, class, classes: &classes, session, run };
            self.look_at_class(&look, &mut checkpoint, counts, progress).await?;
        }
        Ok(())
    }

    /// Entitlement classes whose holders matter, and the class of the accounts.
    fn is_looked_at(&self, name: &TargetName, class: &ObjectClass) -> bool {
        let Ok(target) = self.target(name) else { return false };
        class.operations.search
            && (class.name == target.class
                || class.holding.as_ref().is_some_and(|holding| holding.account_class == target.class))
    }

    async fn look_at_class(
        &self,
        look: &ClassLook<'_>,
        checkpoint: &mut Checkpoint,
        counts: &mut Counts,
        progress: &dyn Progress,
    ) -> Result<(), EngineError> {
        if checkpoint.class.as_ref() != Some(&look.class.name) {
            checkpoint.class = Some(look.class.name.clone());
            checkpoint.cursor = None;
        }
        let from_the_start = checkpoint.cursor.is_none();
        let mut restarted = false;
        let mut listed_here = 0;
        loop {
            let page = match self.target_page(look, checkpoint.cursor.clone()).await {
                Ok(page) => page,
                Err(EngineError::Connector { fault, .. }) if fault.is_cursor_expired() && !restarted => {
                    // What was seen stays seen; the listing begins again.
                    info!(target = %look.name, class = look.class.name, "the cursor expired; the class is listed anew");
                    restarted = true;
                    checkpoint.cursor = None;
                    continue;
                }
                Err(error) => return Err(error),
            };
            listed_here += page.objects.len() as u64;
            progress.advance("objects listed", page.objects.len() as u64);
            let tail = page.tail.clone();
            checkpoint.cursor = if let Tail::More(next) = &tail { Some(next.clone()) } else { None };
            self.record_page(look, page, checkpoint.clone(), counts).await?;
            match tail {
                Tail::More(_) => {}
                Tail::Complete => break,
                Tail::Truncated(reason) => {
                    let name = look.name;
                    return Err(stopped(name, format!("the list of {} was cut short: {reason}", look.class.name)));
                }
            }
        }
        let whole = from_the_start || restarted;
        self.confirm_absence(look, whole && listed_here == 0, checkpoint, counts, progress).await?;
        checkpoint.finished_classes.push(look.class.name.clone());
        checkpoint.class = None;
        Ok(())
    }

    async fn target_page(&self, look: &ClassLook<'_>, cursor: Option<String>) -> Result<Page, EngineError> {
        let request = SearchRequest {
            class: look.class.name.clone(),
            conditions: Vec::new(),
            extra_attributes: Vec::new(),
            page_size: self.settings.page_size.min(look.session.manifest().limits.page_size),
            cursor,
        };
        look.session.search(request).await.map_err(|fault| in_target(look.name, fault))
    }

    async fn record_page(
        &self,
        look: &ClassLook<'_>,
        page: Page,
        checkpoint: Checkpoint,
        counts: &mut Counts,
    ) -> Result<(), EngineError> {
        let key = look.key();
        let remote_ids = page.objects.iter().map(|object| object.id.clone()).collect();
        let known = self.store.digests(&key, remote_ids).await?;
        let reader = self.reader(look)?;
        let mut unchanged = Vec::new();
        let mut changed = Vec::new();
        counts.listed += page.objects.len() as u64;
        for object in page.objects {
            match known.get(&object.id) {
                // Equal digests: there is nothing to parse and nothing to compare.
                Some(known) if known.digest == Some(object.digest()) => unchanged.push(known.id),
                _ => changed.push(reader.read(object).map_err(|fault| in_target(look.name, fault))?),
            }
        }
        counts.unchanged += unchanged.len() as u64;
        counts.changed += changed.len() as u64;
        let page =
            ObservedPage { run: look.run.id, run_number: look.run.number, class: key, unchanged, changed, checkpoint };
        self.store.record_page(page, self.clock.now()).await?;
        Ok(())
    }

    fn reader<'a>(&'a self, look: &ClassLook<'a>) -> Result<Reader<'a>, EngineError> {
        let correlation = self.rules.correlation_attributes(look.name);
        Ok(Reader::new(self.target(look.name)?, look.class, look.classes, correlation))
    }

    /// What a complete listing did not hold is read by its id: only `not-found` means gone.
    async fn confirm_absence(
        &self,
        look: &ClassLook<'_>,
        nothing_listed: bool,
        checkpoint: &Checkpoint,
        counts: &mut Counts,
        progress: &dyn Progress,
    ) -> Result<(), EngineError> {
        let key = look.key();
        loop {
            let unseen = self.store.unseen(&key, look.run.number, self.settings.page_size).await?;
            if unseen.is_empty() {
                return Ok(());
            }
            if nothing_listed
                && key.kind == ClassKind::Account
                && unseen.len() >= self.settings.empty_listing_floor as usize
            {
                return Err(stopped(
                    look.name,
                    format!(
                        "it lists no {} at all, although at least {} are known; nothing is concluded from that",
                        look.class.name,
                        unseen.len()
                    ),
                ));
            }
            let mut gone = Vec::new();
            let mut there = Vec::new();
            for object in &unseen {
                match look.session.get(&look.class.name, &object.remote_id).await {
                    Ok(object) => {
                        there.push(self.reader(look)?.read(object).map_err(|fault| in_target(look.name, fault))?);
                    }
                    Err(fault) if fault.is_not_found() => gone.push(object.remote_id.clone()),
                    Err(fault) => return Err(in_target(look.name, fault)),
                }
            }
            if !there.is_empty() {
                warn!(target = %look.name, count = there.len(), "a complete listing left out objects that are there");
            }
            counts.gone += gone.len() as u64;
            progress.advance("absences confirmed", unseen.len() as u64);
            let page = ObservedPage {
                run: look.run.id,
                run_number: look.run.number,
                class: key.clone(),
                unchanged: Vec::new(),
                changed: there,
                checkpoint: checkpoint.clone(),
            };
            self.store.record_page(page, self.clock.now()).await?;
            self.store.record_gone(&key, gone, self.clock.now()).await?;
        }
    }
}

/// One class of one target in one run.
struct ClassLook<'a> {
    name: &'a TargetName,
    class: &'a ObjectClass,
    classes: &'a [ObjectClass],
    session: &'a dyn Session,
    run: &'a Run,
}

impl ClassLook<'_> {
    fn key(&self) -> ClassOfTarget {
        ClassOfTarget { target: self.name.clone(), class: self.class.name.clone(), kind: self.class.kind }
    }
}

fn stopped(name: &TargetName, reason: String) -> EngineError {
    EngineError::Stopped { subject: format!("target {name}"), reason }
}
