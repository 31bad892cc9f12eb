//! Targets that never showed what they hold: people are planned without them, so they are asked again, later each time, and
//! whoever has no account there is planned anew once they answer.

use crate::engine::{Engine, EngineError};
use purser_model::id::TargetName;
use purser_model::later;
use tracing::warn;

impl Engine {
    /// A target was asked in vain for what it holds, and never told before. Where it was asked before its time, nothing changes.
    pub(crate) fn leave_out(&self, name: &TargetName) {
        let now = self.clock.now();
        if !self.left_out.is_early(name, now) {
            self.left_out.note(name, true, |tries| later(now, self.usual_wait(name, tries)));
        }
    }

    /// After a start nobody remembers which targets are waited for: those that were never seen.
    pub(crate) async fn remember_left_out(&self) -> Result<(), EngineError> {
        for name in self.target_names() {
            if !self.was_seen(&name).await? {
                self.left_out.note(&name, true, |_| self.clock.now());
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
