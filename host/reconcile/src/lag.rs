//! Targets that show late what was written to them: until then, that something is not there proves nothing.

use crate::engine::{Engine, EngineError};
use jiff::Timestamp;
use purser_model::later;
use purser_model::manifest::ObjectClass;
use purser_model::operation::Operation;
use purser_store::ClassOfTarget;
use std::time::Duration;

/// For how long a class may not show what was written.
fn lag(class: &ObjectClass) -> Duration {
    Duration::from_millis(u64::from(class.consistency_lag_ms))
}

/// Until when an object may be hidden that an operation with an unknown end left, or made; none where that is over.
pub(crate) fn hides_until(class: &ObjectClass, operation: &Operation, now: Timestamp) -> Option<Timestamp> {
    // It was waited for already: what was last noted of it is that it is not observed before.
    if operation.not_before > operation.changed_at {
        return None;
    }
    let until = later(operation.changed_at, lag(class));
    (now < until).then_some(until)
}

impl Engine {
    /// Until when an account may be hidden that the target does not have under this id; none where it is gone for certain.
    pub(crate) async fn may_be_hidden(
        &self,
        key: &ClassOfTarget,
        class: &ObjectClass,
        remote_id: &str,
    ) -> Result<Option<Timestamp>, EngineError> {
        if class.consistency_lag_ms == 0 {
            return Ok(None);
        }
        let written = self.store.written_at(key, remote_id).await?;
        let until = written.map(|at| later(at, lag(class)));
        Ok(until.filter(|until| self.clock.now() < *until))
    }
}
