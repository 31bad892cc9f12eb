//! Targets that never showed what they hold: people are planned without them, so they are asked again, later each time, and
//! whoever has no account there is planned anew once they answer.

use crate::engine::{Engine, EngineError};
use jiff::Timestamp;
use purser_model::id::TargetName;
use purser_model::later;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use tracing::warn;

/// The targets that are waited for. That a target was never seen is in the store; this is kept for the sake of the back-off.
#[derive(Debug, Default)]
pub(crate) struct LeftOut(Mutex<BTreeMap<TargetName, Waiting>>);

#[derive(Debug, Clone, Copy)]
struct Waiting {
    tries: u32,
    until: Timestamp,
}

impl LeftOut {
    pub(crate) fn forget(&self, name: &TargetName) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(name);
    }

    /// It was asked in vain. Where it was asked before its time, nothing changes.
    fn note(&self, name: &TargetName, now: Timestamp, until: impl FnOnce(u32) -> Timestamp) {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = waiting.get(name);
        if known.is_none_or(|known| known.until <= now) {
            let tries = known.map_or(1, |known| known.tries.saturating_add(1));
            waiting.insert(name.clone(), Waiting { tries, until: until(tries) });
        }
    }

    fn due(&self, now: Timestamp) -> Vec<TargetName> {
        let waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.iter().filter(|(_, one)| one.until <= now).map(|(name, _)| name.clone()).collect()
    }
}

impl Engine {
    /// A target could not be asked for what it holds, and never told before.
    pub(crate) fn leave_out(&self, name: &TargetName) {
        let now = self.clock.now();
        self.left_out.note(name, now, |tries| later(now, self.usual_wait(name, tries)));
    }

    /// After a start nobody remembers which targets are waited for: those that were never seen.
    pub(crate) async fn remember_left_out(&self) -> Result<(), EngineError> {
        for name in self.target_names() {
            if !self.was_seen(&name).await? {
                let now = self.clock.now();
                self.left_out.note(&name, now, |_| now);
            }
        }
        Ok(())
    }

    /// Asks the targets again for which it is time. Those that rest are left alone until they do not.
    pub(crate) async fn ask_left_out(&self) -> Result<(), EngineError> {
        for name in self.left_out.due(self.clock.now()) {
            match self.classes(&name).await {
                Ok(_) => {}
                Err(EngineError::Store(error)) => return Err(error.into()),
                Err(error) => {
                    warn!(target = %name, %error, "the target still does not show what it holds");
                    self.leave_out(&name);
                }
            }
        }
        Ok(())
    }
}
