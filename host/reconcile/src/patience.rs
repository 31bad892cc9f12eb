//! Reading a target that asks for patience: a listing waits and goes on instead of starting anew.

use crate::engine::{Engine, EngineError, in_target};
use crate::verdict::back_off;
use purser_connector::Fault;
use purser_model::edit::{ErrorClass, ThrottleScope};
use purser_model::id::TargetName;
use std::future::Future;
use std::time::Duration;
use tracing::info;

/// A reading call is given up when the target wants to be left alone for longer, or says so more often than `MOST_TRIES`.
const LONGEST: Duration = Duration::from_mins(2);
const MOST_TRIES: u32 = 6;

impl Engine {
    /// Makes a reading call, and makes it again after a throttle. A pause that the target asked for goes first.
    pub(crate) async fn patiently<T, F, Fut>(&self, name: &TargetName, call: F) -> Result<T, EngineError>
    where
        F: Fn() -> Fut + Send + Sync,
        Fut: Future<Output = Result<T, Fault>> + Send,
        T: Send,
    {
        let mut tries = 0;
        loop {
            self.wait_out_pause(name).await;
            let fault = match call().await {
                Ok(answer) => return Ok(answer),
                Err(fault) => fault,
            };
            tries += 1;
            let Some((wait, of_all)) = self.asks_for_patience(name, &fault, tries) else {
                return Err(in_target(name, fault));
            };
            if wait > LONGEST || tries >= MOST_TRIES {
                return Err(in_target(name, fault));
            }
            info!(target = %name, ?wait, "the target asks for patience");
            match self.clock.now().checked_add(wait) {
                Ok(until) if of_all => self.turn(name).pause(until),
                _ => self.clock.sleep(wait).await,
            }
        }
    }

    async fn wait_out_pause(&self, name: &TargetName) {
        let now = self.clock.now();
        if let Some(until) = self.turn(name).paused_until(now) {
            let wait = Duration::try_from(until.duration_since(now)).unwrap_or_default();
            // A longer pause is of writing: a refused credential, say. The call finds out by itself.
            if wait <= LONGEST {
                self.clock.sleep(wait).await;
            }
        }
    }

    /// How long to wait, and whether that holds for everything in the target.
    fn asks_for_patience(&self, name: &TargetName, fault: &Fault, tries: u32) -> Option<(Duration, bool)> {
        let Fault::Connector(error) = fault else { return None };
        let usual = || back_off(tries, self.jitter.fraction(), &self.numbers(name).0);
        let hint = |after_ms: &Option<u64>| after_ms.map_or_else(usual, Duration::from_millis);
        match &error.class {
            ErrorClass::RateLimited { after_ms, scope } => Some((hint(after_ms), *scope != ThrottleScope::Object)),
            ErrorClass::Unavailable { after_ms: Some(after) } => Some((Duration::from_millis(*after), false)),
            _ => None,
        }
    }
}
