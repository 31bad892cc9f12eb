//! Stored plans: made, sealed, decided on and applied.

use crate::{Decided, Decision, Enqueued, KeptItem, PageRequest, PlanStep, StoreError};
use async_trait::async_trait;
use jiff::Timestamp;
use purser_model::access::Reach;
use purser_model::id::{PlanId, TargetName};
use purser_model::object::Digest;
use purser_model::plan::{PlanItem, PlanSummary};
use purser_model::seal::PlanSeal;
use std::collections::BTreeSet;

/// Plans, each with who asked for it.
#[async_trait]
pub trait Plans {
    /// Begins a plan, which has no seal yet. Plans that were begun more than a day ago and never sealed are dropped.
    async fn begin_plan(&self, now: Timestamp) -> Result<PlanId, StoreError>;

    /// Adds items to a plan that has no seal yet. Returns the digest of what is kept of each, in order.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where there is no such plan without a seal.
    async fn add_plan_items(&self, id: PlanId, items: Vec<PlanItem>) -> Result<Vec<Digest>, StoreError>;

    /// Ends the making of a plan: from now on its items stay as they are.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where there is no such plan without a seal.
    async fn seal_plan(&self, id: PlanId, seal: PlanSeal, now: Timestamp) -> Result<PlanSummary, StoreError>;

    /// A plan's summary.
    async fn plan(&self, id: PlanId) -> Result<PlanSummary, StoreError>;

    /// Plans, newest first.
    async fn plans(&self, reach: &Reach, page: PageRequest<PlanId>) -> Result<Vec<PlanSummary>, StoreError>;

    /// A plan's items after a position.
    async fn plan_items(&self, id: PlanId, after: u64, limit: u32) -> Result<Vec<KeptItem>, StoreError>;

    /// Approves or rejects items of a plan; none means all that are undone. What is applied or stale stays as it is.
    /// Returns how many changed, and those asked for that are not undone. In the targets of `apart` nobody approves what they
    /// asked for themselves, nor what nobody knows who asked for.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where there is no such plan, or no such position in it; [`StoreError::Refused`] where another
    /// person must approve. Nothing is changed then.
    async fn decide_plan_items(
        &self,
        id: PlanId,
        positions: Option<BTreeSet<u64>>,
        decision: Decision,
        apart: BTreeSet<TargetName>,
        now: Timestamp,
    ) -> Result<Decided, StoreError>;

    /// Turns items of a stored plan into operations, as [`crate::Store::enqueue`] does, and notes with each what became of it:
    /// applied, or stale with the reason. An item whose account has an operation under way is stale too; its identity is
    /// woken when that operation ends. Items that are rejected, applied or stale already are passed over, so that a plan
    /// can be applied again after a crash. With the last item the plan is applied.
    async fn apply_plan_items(
        &self,
        id: PlanId,
        items: Vec<(u64, PlanStep)>,
        now: Timestamp,
    ) -> Result<Enqueued, StoreError>;
}
