//! Runs that this process works on, and how one of them is told to stop.
//!
//! A run stops between two calls, and never in one: what was called is answered and recorded. The request stands in the store
//! before anybody is told, so that it counts also where the host is killed in between.

use crate::engine::{Engine, EngineError};
use purser_model::id::RunId;
use purser_model::run::{Run, RunState, StopAsked};
use purser_store::{RunEnding, Store};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::watch;

type Told = watch::Sender<Option<StopAsked>>;

/// The runs that are worked on.
#[derive(Debug, Clone, Default)]
pub(crate) struct Live(Arc<Mutex<BTreeMap<RunId, Told>>>);

/// A run is worked on as long as this is there.
pub(crate) struct LiveRun {
    id: RunId,
    what: String,
    told: watch::Receiver<Option<StopAsked>>,
    live: Live,
}

impl Drop for LiveRun {
    fn drop(&mut self) {
        self.live.runs().remove(&self.id);
    }
}

impl Live {
    fn runs(&self) -> MutexGuard<'_, BTreeMap<RunId, Told>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn enter(&self, run: &Run) -> LiveRun {
        let (tell, told) = watch::channel(None);
        self.runs().insert(run.id, tell);
        LiveRun { id: run.id, what: format!("{} of {}", run.kind.as_str(), run.subject), told, live: self.clone() }
    }

    /// Tells whoever works on a run that it is to stop. None where nobody does.
    fn tell(&self, id: RunId, asked: &StopAsked) -> Option<Told> {
        let tell = self.runs().get(&id).cloned()?;
        tell.send_replace(Some(asked.clone()));
        Some(tell)
    }

    fn holds(&self, id: RunId) -> bool {
        self.runs().contains_key(&id)
    }
}

impl LiveRun {
    /// Goes on unless somebody wants the run to stop.
    ///
    /// # Errors
    /// [`EngineError::RunStopped`].
    pub(crate) fn go_on(&self) -> Result<(), EngineError> {
        match self.told.borrow().as_ref() {
            Some(asked) => Err(EngineError::RunStopped { what: self.what.clone(), asked: asked.clone() }),
            None => Ok(()),
        }
    }

    /// Waits until somebody wants the run to stop.
    pub(crate) async fn until_told(&self) {
        if self.told.clone().wait_for(Option::is_some).await.is_err() {
            // Nobody can tell it any more.
            std::future::pending::<()>().await;
        }
    }
}

impl Engine {
    /// Begins to work on a run. One that was asked to stop before anybody could be told is told now.
    pub(crate) async fn enter(&self, run: &Run) -> Result<LiveRun, EngineError> {
        let live = self.live.enter(run);
        if let Some(asked) = self.store.run(run.id).await?.stop {
            self.live.tell(run.id, &asked);
        }
        Ok(live)
    }

    /// Stops a run at its next call or page, in the name of `acting`, and waits at most `patience` for that. What it had seen
    /// stays recorded; nothing is concluded from what it had not. One on which nobody works, since its window is closed or a
    /// host was killed, is ended at once. One that was stopped before is answered as it is.
    ///
    /// # Errors
    /// There is no such run, it has come to its end already, or the store fails.
    pub async fn stop_run(&self, acting: &dyn Store, id: RunId, patience: Duration) -> Result<Run, EngineError> {
        let run = acting.ask_to_stop(id, self.clock.now()).await?;
        let Some(asked) = run.stop.as_ref().filter(|_| run.state == RunState::Running) else { return Ok(run) };
        if let Some(told) = self.live.tell(id, asked) {
            let _ = tokio::time::timeout(patience, told.closed()).await;
        }
        let run = acting.run(id).await?;
        match &run.stop {
            Some(asked) if run.state == RunState::Running && !self.live.holds(id) => {
                let ending = RunEnding::stopped(asked, run.counts.clone());
                Ok(acting.end_run(id, ending, self.clock.now()).await?)
            }
            _ => Ok(run),
        }
    }
}

/// How a run ends that did not come to its end.
pub(crate) fn ending_after(error: &EngineError, counts: BTreeMap<String, u64>) -> RunEnding {
    match error {
        EngineError::RunStopped { asked, .. } => RunEnding::stopped(asked, counts),
        _ => RunEnding { state: RunState::Failed, counts, detail: Some(error.to_string()) },
    }
}
