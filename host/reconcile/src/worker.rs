//! Working off what waits: wake-ups become intents, intents become calls, until nothing is due.

use crate::engine::{Engine, EngineError};
use crate::environment::Progress;
use crate::execute::DrainReport;
use futures::future::join_all;
use jiff::Timestamp;
use purser_store::StaleItem;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;
use tracing::{Instrument, error, warn};

/// What applying did.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ApplyReport {
    /// What became of the operations.
    #[serde(flatten)]
    pub operations: DrainReport,
    /// Planned items that were not carried out, because the world had moved.
    pub stale: Vec<StaleItem>,
    /// Items that are held until a person decides.
    pub held: u64,
    /// Why the guard holds items of the plan.
    pub guard: Vec<String>,
    /// Operations that wait for a later time.
    pub later: u64,
    /// Identities that are not planned in a target yet, because an account there could not be read since it was changed.
    pub unread: u64,
    /// The earliest time at which something of this is tried again.
    pub next: Option<Timestamp>,
    /// Targets that could not be worked with, and why.
    pub failed_targets: BTreeMap<String, String>,
}

/// Whether wake-ups are answered beside the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wakes {
    Answered,
    LeftAlone,
}

/// What is waited for at most when nobody wakes the worker.
const TICK: Duration = Duration::from_secs(1);

impl Engine {
    /// After a start: what was in flight when the host stopped has an unknown end, and is observed before anything else;
    /// runs that were to stop have stopped; and what is protected follows the declarations that hold now.
    ///
    /// # Errors
    /// The store fails.
    pub async fn recover(&self) -> Result<u64, EngineError> {
        let interrupted = self.store.recover(self.clock.now()).await?;
        self.store.end_stopped_runs(self.clock.now()).await?;
        self.settle_protection().await?;
        self.remember_left_out().await?;
        self.await_what_was_not_looked_at().await?;
        Ok(interrupted)
    }

    /// Works until nothing is due: answers wake-ups, executes what is queued, answers what that led to.
    ///
    /// # Errors
    /// The store fails. A target that cannot be worked with is named in the report, and the others go on.
    pub async fn work_off(&self, progress: &dyn Progress) -> Result<ApplyReport, EngineError> {
        self.work_off_some(Wakes::Answered, progress).await
    }

    /// Executes what is queued until nothing is due, and answers no wake-up: nothing is done that was not planned before.
    ///
    /// # Errors
    /// As [`Engine::work_off`].
    pub async fn work_off_queue(&self, progress: &dyn Progress) -> Result<ApplyReport, EngineError> {
        self.work_off_some(Wakes::LeftAlone, progress).await
    }

    async fn work_off_some(&self, wakes: Wakes, progress: &dyn Progress) -> Result<ApplyReport, EngineError> {
        let mut report = ApplyReport::default();
        if wakes == Wakes::Answered {
            self.ask_left_out().await?;
        }
        let last_look = loop {
            let begun = self.clock.now();
            // What changed is planned first, so that an intent that is out of date is replaced before it is sent.
            let plans = wakes == Wakes::Answered && !self.awaits_sources();
            let mut did_something = plans && self.answer_wakes(progress).await? > 0;
            did_something |= self.drain_all(&mut report, progress).await?;
            if !did_something {
                break begun;
            }
        };
        report.held = self.store.held_count().await?;
        // Counted as of the last look: what became due since then had no turn and must not be forgotten.
        for name in self.target_names() {
            let queue = self.store.queue(&name, last_look).await?;
            let something_waits = queue.due + queue.later + queue.unknown > 0;
            let left_alone = self.held_until(&name, last_look).filter(|_| something_waits);
            report.later += queue.later + left_alone.map_or(0, |_| queue.due);
            let next = left_alone.map_or(queue.next, |until| queue.next.filter(|_| queue.due == 0).max(Some(until)));
            report.next = [report.next, next].into_iter().flatten().min();
            report.operations.unknown = report.operations.unknown.max(queue.unknown);
        }
        if wakes == Wakes::Answered {
            let (unread, next) = self.unread.count_and_next();
            report.unread = unread;
            report.next = [report.next, next].into_iter().flatten().min();
        }
        Ok(report)
    }

    /// Works until nothing waits any more, or until `patience` has passed without anything becoming due.
    ///
    /// # Errors
    /// As [`Engine::work_off`].
    pub async fn work_off_with_retries(
        &self,
        patience: Duration,
        progress: &dyn Progress,
    ) -> Result<ApplyReport, EngineError> {
        self.retry_some(Wakes::Answered, patience, progress).await
    }

    /// As [`Engine::work_off_with_retries`], and answers no wake-up.
    ///
    /// # Errors
    /// As [`Engine::work_off`].
    pub async fn work_off_queue_with_retries(
        &self,
        patience: Duration,
        progress: &dyn Progress,
    ) -> Result<ApplyReport, EngineError> {
        self.retry_some(Wakes::LeftAlone, patience, progress).await
    }

    async fn retry_some(
        &self,
        wakes: Wakes,
        patience: Duration,
        progress: &dyn Progress,
    ) -> Result<ApplyReport, EngineError> {
        let mut total = ApplyReport::default();
        loop {
            let round = self.work_off_some(wakes, progress).await?;
            total.operations.unknown = 0;
            total.operations.merge(round.operations);
            (total.later, total.next, total.failed_targets) = (round.later, round.next, round.failed_targets);
            (total.held, total.unread) = (round.held, round.unread);
            let Some(next) = total.next else { return Ok(total) };
            let wait = Duration::try_from(next.duration_since(self.clock.now())).unwrap_or_default();
            if wait > patience {
                return Ok(total);
            }
            tokio::time::sleep(wait).await;
        }
    }

    /// Every target's queue at the same time; a target that fails does not hold the others back.
    async fn drain_all(&self, report: &mut ApplyReport, progress: &dyn Progress) -> Result<bool, EngineError> {
        for name in self.target_names() {
            if let Err(error) = self.not_looked_at(&name) {
                report.failed_targets.insert(name.to_string(), error.to_string());
            }
        }
        let names: Vec<_> =
            self.target_names().into_iter().filter(|name| !report.failed_targets.contains_key(name.as_str())).collect();
        let drained = join_all(names.iter().map(|name| self.drain(name, progress))).await;
        let mut did_something = false;
        for (name, result) in names.iter().zip(drained) {
            match result {
                Ok(done) => {
                    did_something |= done.applied + done.already_so + done.refused + done.superseded > 0;
                    report.operations.merge(done);
                }
                Err(EngineError::Store(error)) => return Err(error.into()),
                Err(error) => {
                    warn!(target = %name, %error, "the target cannot be worked with");
                    report.failed_targets.insert(name.to_string(), error.to_string());
                }
            }
        }
        Ok(did_something)
    }

    /// Works for ever: whatever is accepted is planned and executed at once, retries when they are due.
    pub async fn work(&self, progress: &dyn Progress) {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            let round = self.causes.round();
            let wait = match self.work_off(progress).instrument(round).await {
                Ok(report) => self.until_next(report.next),
                Err(error) => {
                    error!(%error, "working off the queue failed; trying again");
                    TICK
                }
            };
            tokio::select! {
                () = changed => {}
                () = tokio::time::sleep(wait) => {}
            }
        }
    }

    fn until_next(&self, next: Option<Timestamp>) -> Duration {
        next.and_then(|next| Duration::try_from(next.duration_since(self.clock.now())).ok()).unwrap_or(TICK).min(TICK)
    }
}
