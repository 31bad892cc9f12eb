//! What the guard counts and what it holds.

use crate::StaleItem;
use jiff::Timestamp;
use purser_model::access::Reach;
use purser_model::guard::Taking;
use purser_model::id::{AccountId, TargetName};
use purser_model::plan::PlanItem;
use serde::{Deserialize, Serialize};

/// What is taken from one account, to be held until a person decides. Nothing that gives is in the item.
#[derive(Debug, Clone, PartialEq)]
pub struct HeldItem {
    /// The account.
    pub account: AccountId,
    /// What would be done.
    pub item: PlanItem,
    /// What is taken.
    pub taking: Taking,
    /// Why it is held, for people.
    pub reason: String,
}

/// Whether a person has decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum HeldState {
    /// Nobody has decided yet.
    Pending,
    /// It is not done until the identity or the account changes, and then only after a person was asked again.
    Rejected,
}

impl HeldState {
    /// The state's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Rejected => "rejected",
        }
    }
}

/// An item that is held. There is at most one per account, and the account's id is its name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Held {
    /// The account that would lose something.
    pub account: AccountId,
    /// What would be done.
    pub item: PlanItem,
    /// What is taken.
    pub taking: Taking,
    /// Why it is held.
    pub reason: String,
    /// Whether a person has decided.
    pub state: HeldState,
    /// Since when.
    pub held_at: Timestamp,
    /// Who asked for the plan that it was planned in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requested_by: Option<String>,
    /// When a person rejected it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decided_at: Option<Timestamp>,
}

/// Which held items.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HeldFilter {
    /// Only within this.
    pub reach: Reach,
    /// In this target.
    pub target: Option<TargetName>,
    /// In this state.
    pub state: Option<HeldState>,
}

/// What became of a decision.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct HeldDecided {
    /// Items decided.
    #[serde(rename = "decided")]
    pub items: u64,
    /// Operations written for them.
    pub operations: u64,
    /// Approved items whose precondition no longer holds; their identities are planned again.
    pub stale: Vec<StaleItem>,
}

/// An item of a stored plan, as the guard lets it pass.
#[derive(Debug, Clone, PartialEq)]
pub struct PlanStep {
    /// As the plan has it.
    pub item: PlanItem,
    /// What is enqueued of it.
    pub passes: Vec<PlanItem>,
    /// What is held of it.
    pub held: Vec<HeldItem>,
    /// Whether a person consented to what it takes away.
    pub approved: bool,
}

impl From<PlanItem> for PlanStep {
    /// The whole item passes.
    fn from(item: PlanItem) -> Self {
        Self { passes: vec![item.clone()], item, held: Vec::new(), approved: false }
    }
}

impl From<HeldItem> for PlanStep {
    /// The whole item is held.
    fn from(held: HeldItem) -> Self {
        Self { item: held.item.clone(), passes: Vec::new(), held: vec![held], approved: false }
    }
}

/// How many accounts of a target lose something, all in all?
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TakingQuestion {
    /// The target.
    pub target: TargetName,
    /// What is taken.
    pub taking: Taking,
    /// The accounts that would lose something now.
    pub accounts: Vec<AccountId>,
    /// From when on those count that have lost something.
    pub since: Timestamp,
}

/// Accounts that lose something. What a person approved does not count.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TakingWeight {
    /// Have lost it since then, are about to, or are held.
    pub before: u64,
    /// Of those asked about: neither among the former, nor approved, nor rejected.
    pub added: u64,
}
