//! Reading a target that asks for patience: a listing waits and goes on instead of starting anew.

use crate::engine::{Engine, EngineError, in_target};
use crate::live::LiveRun;
use crate::verdict::back_off;
use purser_connector::Fault;
use purser_model::edit::{ConnectorError, ErrorClass, ThrottleScope};
use purser_model::id::TargetName;
use purser_model::later;
use std::future::Future;
use std::time::Duration;
use tracing::info;

/// A reading call is given up when the target wants to be left alone for longer, or says so more often than `MOST_TRIES`.
const LONGEST: Duration = Duration::from_mins(2);
const MOST_TRIES: u32 = 6;

/// How often a reading call is made that did not get through, and nobody said when it would.
const TRIES_TO_GET_THROUGH: u32 = 3;

/// What a target asks for.
struct Patience {
    wait: Duration,
    /// It holds for everything in the target.
    of_all: bool,
    /// The call is made no more often than this.
    most_tries: u32,
}

/// Whether a target asks to be asked less.
pub(crate) fn is_throttle(error: &ConnectorError) -> bool {
    matches!(error.class, ErrorClass::RateLimited { .. })
}

impl Engine {
    /// Makes a reading call, and makes it again after a throttle or where it did not get through. A pause that the target
    /// asked for goes first. In the course of a run that is to stop no further call is made and nothing is waited for; a call
    /// that was made is answered.
    pub(crate) async fn patiently<T, F, Fut>(
        &self,
        run: Option<&LiveRun>,
        name: &TargetName,
        call: F,
    ) -> Result<T, EngineError>
    where
        F: Fn() -> Fut + Send + Sync,
        Fut: Future<Output = Result<T, Fault>> + Send,
        T: Send,
    {
        let mut tries = 0;
        loop {
            self.wait_out_pause(name, run).await;
            if let Some(run) = run {
                run.go_on()?;
            }
            let fault = match call().await {
                Ok(answer) => {
                    self.turn(name).answered();
                    return Ok(answer);
                }
                Err(fault) => fault,
            };
            tries += 1;
            let Some(Patience { wait, of_all, most_tries }) = self.asks_for_patience(name, &fault, tries) else {
                return Err(in_target(name, fault));
            };
            if wait > LONGEST || tries >= most_tries {
                return Err(in_target(name, fault));
            }
            info!(target = %name, ?wait, "the target asks for patience");
            if of_all {
                self.turn(name).pause(later(self.clock.now(), wait));
            } else {
                self.sleep_in(run, wait).await;
            }
        }
    }

    /// Lets time pass, unless the run is to stop.
    async fn sleep_in(&self, run: Option<&LiveRun>, wait: Duration) {
        let Some(run) = run else { return self.clock.sleep(wait).await };
        tokio::select! {
            biased;
            () = run.until_told() => {}
            () = self.clock.sleep(wait) => {}
        }
    }

    async fn wait_out_pause(&self, name: &TargetName, run: Option<&LiveRun>) {
        let now = self.clock.now();
        if let Some(until) = self.turn(name).paused_until(now) {
            let wait = Duration::try_from(until.duration_since(now)).unwrap_or_default();
            // A longer pause is of writing: a refused credential, say. The call finds out by itself.
            if wait <= LONGEST {
                self.sleep_in(run, wait).await;
            }
        }
    }

    /// Makes no second try, but leaves the target alone for as long as it asks for: who reads the next object of it, or
    /// writes to it, does not make it worse.
    pub(crate) fn give_room_after(&self, name: &TargetName, error: &EngineError) {
        let EngineError::Connector { fault, .. } = error else { return };
        let turn = self.turn(name);
        if matches!(fault, Fault::Connector(error) if is_throttle(error))
            && let Some(Patience { wait, of_all: true, .. }) = self.asks_for_patience(name, fault, turn.throttled())
        {
            turn.pause(later(self.clock.now(), wait));
        }
    }

    /// As [`Engine::give_room_after`], whatever the reason: it is looked at before anything else is sent to the target, so
    /// that the target waits for it.
    pub(crate) fn come_back_after(&self, name: &TargetName, error: &EngineError) {
        let turn = self.turn(name);
        let tries = turn.throttled();
        let asked = match error {
            EngineError::Connector { fault, .. } => self.asks_for_patience(name, fault, tries),
            _ => None,
        };
        let wait = asked.map_or_else(|| self.usual_wait(name, tries), |patience| patience.wait);
        turn.pause(later(self.clock.now(), wait));
    }

    /// How long is waited after so many tries where the target does not say.
    pub(crate) fn usual_wait(&self, name: &TargetName, tries: u32) -> Duration {
        back_off(tries, self.jitter.fraction(), &self.numbers(name).0)
    }

    fn asks_for_patience(&self, name: &TargetName, fault: &Fault, tries: u32) -> Option<Patience> {
        let Fault::Connector(error) = fault else { return None };
        let (after_ms, of_all, tries_without_hint) = match &error.class {
            ErrorClass::RateLimited { after_ms, scope } => (after_ms, *scope != ThrottleScope::Object, MOST_TRIES),
            ErrorClass::Unavailable { after_ms } => (after_ms, false, TRIES_TO_GET_THROUGH),
            _ => return None,
        };
        Some(match after_ms {
            Some(millis) => Patience { wait: Duration::from_millis(*millis), of_all, most_tries: MOST_TRIES },
            None => Patience { wait: self.usual_wait(name, tries), of_all, most_tries: tries_without_hint },
        })
    }
}
