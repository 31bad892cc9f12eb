//! What people interrupt: runs that are to stop, and operations that are not to be sent.

use crate::StoreError;
use async_trait::async_trait;
use jiff::Timestamp;
use purser_model::id::{IdentityId, OperationId, RunId};
use purser_model::run::{Run, RunKind, RunState};

/// How many runs there were.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunCount {
    /// Of which kind.
    pub kind: RunKind,
    /// Where they are.
    pub state: RunState,
    /// How many.
    pub runs: u64,
}

/// What people interrupt. Each request is audited as made by whoever acts, and is an event.
#[async_trait]
pub trait Interruptions {
    /// Notes that a run is to stop. Whoever works on it stops at its next call or page; where nobody does, it is ended by
    /// [`crate::Store::end_run`], by the next [`crate::Store::begin_run`] or by [`Interruptions::end_stopped_runs`]. One that was
    /// asked to stop before, or was stopped, is answered as it is.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where there is none, [`StoreError::Refused`] where it has come to its end already.
    async fn ask_to_stop(&self, run: RunId, now: Timestamp) -> Result<Run, StoreError>;

    /// After a start: ends the runs that were asked to stop when the host was killed. Returns how many.
    async fn end_stopped_runs(&self, now: Timestamp) -> Result<u64, StoreError>;

    /// Takes an operation out of the queue that was not sent yet, and with it what cannot be done without it: all that waits for an
    /// account that is not created, and grants of an entitlement that is not. The same is not planned again before the
    /// identity or the declarations change, the target is reconciled, or a person asks for it. One that was cancelled before is
    /// left as it is. Returns how many operations that were.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where there is none, [`StoreError::Refused`] where it is being sent, its end is not known, or it has
    /// ended.
    async fn cancel_operation(&self, operation: OperationId, now: Timestamp) -> Result<u64, StoreError>;

    /// What was cancelled of an identity is planned again: a person asks for it.
    async fn forget_cancelled(&self, identity: IdentityId) -> Result<(), StoreError>;

    /// How many runs there were, by kind and state.
    async fn run_counts(&self) -> Result<Vec<RunCount>, StoreError>;
}
