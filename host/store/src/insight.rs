//! Questions about what is kept: reports for people who look after the whole. Everything here only reads.

use crate::{PageRequest, StoreError};
use async_trait::async_trait;
use jiff::Timestamp;
use purser_model::access::Reach;
use purser_model::account::Situation;
use purser_model::id::{AccountId, IdentityId, OperationId, RunId, TargetName};
use purser_model::run::RunState;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// From when until when, the end not included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    /// The beginning.
    pub since: Timestamp,
    /// The end.
    pub until: Timestamp,
}

/// An account as reports name it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ReportedAccount {
    /// Purser's own id.
    pub account: AccountId,
    /// The target.
    pub target: TargetName,
    /// Its class there.
    pub class: String,
    /// The target's primary id.
    pub remote_id: Option<String>,
    /// A value by which identities are recognised there.
    pub known_as: Option<String>,
    /// The identity it belongs to, as `source/key`.
    pub owner: Option<String>,
    /// What the last comparison found.
    pub situation: Situation,
    /// Whether it can be used.
    pub active: Option<bool>,
}

/// Why an account is an orphan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum OrphanReason {
    /// It belongs to no identity.
    NobodyOwns,
    /// Its identity has departed, and it is not disabled.
    OwnerDeparted,
}

impl OrphanReason {
    /// The reason's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NobodyOwns => "nobody-owns",
            Self::OwnerDeparted => "owner-departed",
        }
    }
}

/// An account that nobody should have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Orphan {
    /// The account.
    #[serde(flatten)]
    pub account: ReportedAccount,
    /// Why.
    pub why: OrphanReason,
}

/// An account that can be used, with what the target shows of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsableAccount {
    /// The account.
    pub account: ReportedAccount,
    /// Its attributes as last seen.
    pub attributes: String,
}

/// An entitlement and how many hold it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntitlementHolders {
    /// Purser's own id.
    pub entitlement: AccountId,
    /// The target.
    pub target: TargetName,
    /// Its class there.
    pub class: String,
    /// The target's primary id; none while it is still to be created.
    pub remote_id: Option<String>,
    /// Its name in the declarations.
    pub name: Option<String>,
    /// How many accounts hold it.
    pub holders: u64,
    /// The only holder, by its primary id, where there is one holder.
    pub only_holder: Option<String>,
}

/// From where a time is measured; it always ends when the target had done the operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum MeasuredFrom {
    /// The change of the identity was accepted. Operations that no such change asked for are not among these.
    Change,
    /// The intent was written.
    Intent,
}

impl MeasuredFrom {
    /// The name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Change => "change",
            Self::Intent => "intent",
        }
    }
}

/// How long it took from a request to its effect in a target, in microseconds. Percentiles are exact, by nearest rank: the
/// smallest measured time that at least so many percent of all do not exceed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Latency {
    /// The target.
    pub target: TargetName,
    /// From where.
    pub measured_from: MeasuredFrom,
    /// How many operations.
    pub operations: u64,
    /// Half of them took at most this long.
    pub p50_us: u64,
    /// 95 %.
    pub p95_us: u64,
    /// 99 %.
    pub p99_us: u64,
    /// The longest.
    pub max_us: u64,
}

/// Operations that failed for one cause in one target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct FailureCause {
    /// The target.
    pub target: TargetName,
    /// The class of the error, or the kind of the fault.
    pub error_class: String,
    /// How many operations failed so at their last failure.
    pub operations: u64,
    /// Of those: refused.
    pub refused: u64,
    /// Of those: waiting for a retry, or with an unknown end.
    pub open: u64,
    /// Of those: done in the end.
    pub recovered: u64,
    /// Of those: replaced by a newer plan.
    pub superseded: u64,
    /// The newest of them.
    pub example: OperationId,
    /// What was said about it.
    pub example_detail: Option<String>,
    /// When its state last changed.
    pub example_at: Timestamp,
}

/// What one reconciliation found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Drift {
    /// The run.
    pub run: RunId,
    /// The target.
    pub target: TargetName,
    /// How it ended.
    pub state: RunState,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// Objects listed.
    pub listed: u64,
    /// New, or different from what was known.
    pub changed: u64,
    /// Gone for certain.
    pub gone: u64,
    /// Operations done in the target since the run began and before the next one did, that no change of an identity asked
    /// for.
    pub repaired: u64,
}

/// When an account was last in a listing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Sighting {
    /// The account.
    pub account: AccountId,
    /// When the last run that listed it began; none where no run has.
    pub listed_at: Option<Timestamp>,
}

/// Reports. Lists come in order of id, page by page; where a reach or a target is named, only of what is within.
#[async_trait]
pub trait Insight {
    /// Accounts that belong to nobody and are not protected, and accounts of departed identities that are not disabled.
    async fn orphans(
        &self,
        reach: &Reach,
        now: Timestamp,
        page: PageRequest<AccountId>,
    ) -> Result<Vec<Orphan>, StoreError>;

    /// Accounts that are there and not known to be disabled.
    async fn usable_accounts(
        &self,
        reach: &Reach,
        page: PageRequest<AccountId>,
    ) -> Result<Vec<UsableAccount>, StoreError>;

    /// Entitlements, with how many hold each.
    async fn entitlement_holders(
        &self,
        reach: &Reach,
        page: PageRequest<AccountId>,
    ) -> Result<Vec<EntitlementHolders>, StoreError>;

    /// The declared names of entitlements that are known in their targets.
    async fn named_entitlements(&self, reach: &Reach) -> Result<BTreeSet<(TargetName, String)>, StoreError>;

    /// How long operations that ended well in the period took. At most two rows per target.
    async fn latencies(&self, target: Option<&TargetName>, period: Period) -> Result<Vec<Latency>, StoreError>;

    /// Why operations whose state changed in the period failed, by target and cause, the most frequent first.
    async fn failures(&self, target: Option<&TargetName>, period: Period) -> Result<Vec<FailureCause>, StoreError>;

    /// Reconciliations, newest first.
    async fn drift(
        &self,
        target: Option<&TargetName>,
        reach: &Reach,
        page: PageRequest<RunId>,
    ) -> Result<Vec<Drift>, StoreError>;

    /// When the accounts of an identity were last in a listing.
    async fn sightings(&self, identity: IdentityId) -> Result<Vec<Sighting>, StoreError>;
}
