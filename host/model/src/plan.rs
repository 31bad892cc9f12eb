//! Plans: pure data that says what would be done, why, and under which conditions.

use crate::guard::Taking;
use crate::id::{AccountId, IdentityId, PlanId, TargetName};
use crate::object::Digest;
use crate::operation::Intent;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// One operation of a plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct PlannedOperation {
    /// What is done.
    #[serde(flatten)]
    pub intent: Intent,
    /// Why, in one line.
    pub reason: String,
    /// For an update: the values before, by attribute, so that a plan reads as a diff.
    #[serde(default, skip_serializing_if = "serde_json::Map::is_empty")]
    #[cfg_attr(feature = "schema", schema(value_type = Object))]
    pub before: crate::Attributes,
}

/// What must still hold when an item is carried out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Precondition {
    /// The identity's version.
    pub identity_version: u64,
    /// The account's digest; none where there was no account.
    pub account_digest: Option<Digest>,
}

/// What a plan does with an account that is already there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Link {
    /// The account is linked to the identity already, or there is none.
    Keep,
    /// The item begins by linking it: adoption.
    Adopt,
}

/// What is to be done for one identity in one target.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct PlanItem {
    /// The identity.
    pub identity: IdentityId,
    /// How people call it.
    pub label: String,
    /// The target.
    pub target: TargetName,
    /// The class of the account.
    pub class: String,
    /// The account; none where it is to be created.
    pub account: Option<AccountId>,
    /// Whether the account is adopted.
    pub link: Link,
    /// What must still hold.
    pub precondition: Precondition,
    /// What is done, in this order.
    pub operations: Vec<PlannedOperation>,
    /// The values that the mappings give now; kept with the account once the item is done.
    #[cfg_attr(feature = "schema", schema(value_type = Object))]
    pub pushed: crate::Attributes,
    /// The values of unique mappings that it writes, by attribute; no other account may have them or be about to.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub claims: BTreeMap<String, String>,
}

impl PlanItem {
    /// What it takes from the account: the account itself, else entitlements, else nothing.
    pub fn taking(&self) -> Option<Taking> {
        let intents = || self.operations.iter().map(|operation| &operation.intent);
        let is_taken = |intent: &Intent| matches!(intent, Intent::Disable | Intent::Delete);
        if intents().any(is_taken) {
            return Some(Taking::Account);
        }
        intents().any(Intent::takes_away).then_some(Taking::Entitlement)
    }
}

/// Something that planning found and does not act on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Notice {
    /// The identity.
    pub identity: IdentityId,
    /// How people call it.
    pub label: String,
    /// The target, where it is about one.
    pub target: Option<TargetName>,
    /// What was found, and why nothing is done.
    pub message: String,
}

/// Where an item of a stored plan is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum ItemState {
    /// Nobody has decided about it.
    Open,
    /// A person wants it.
    Approved,
    /// A person does not want it: this plan never does it.
    Rejected,
    /// Its operations are in the queue, or done.
    Applied,
    /// Left out, because the world had moved when it was its turn.
    Stale,
    /// What it takes away was too much for the guard: a person decides on it with `purser held`.
    Held,
}

impl ItemState {
    /// The state's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Approved => "approved",
            Self::Rejected => "rejected",
            Self::Applied => "applied",
            Self::Stale => "stale",
            Self::Held => "held",
        }
    }

    /// Whether a person can still decide about it.
    pub fn is_undone(self) -> bool {
        matches!(self, Self::Open | Self::Approved | Self::Rejected)
    }
}

impl std::fmt::Display for ItemState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

/// An item of a stored plan, with its place and what became of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct PlanLine {
    /// Its number in the plan, from 1.
    pub position: u64,
    /// Where it is.
    pub state: ItemState,
    /// Why it is stale or held.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// Who approved or rejected it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided_by: Option<String>,
    /// The item.
    #[serde(flatten)]
    pub item: PlanItem,
}

/// A stored plan, without its items.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct PlanSummary {
    /// Its id.
    pub id: PlanId,
    /// When it was made.
    pub created_at: jiff::Timestamp,
    /// Who asked for it; none where an older Purser made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requested_by: Option<String>,
    /// The targets that it does something in.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schema(value_type = Vec<TargetName>))]
    pub targets: BTreeSet<TargetName>,
    /// How many items it has.
    pub items: u64,
    /// How many operations by name.
    pub operations: BTreeMap<String, u64>,
    /// How many items by state.
    #[serde(default)]
    pub states: BTreeMap<ItemState, u64>,
    /// What the host vouches for; none for a plan that was not finished, or was made before plans were sealed.
    #[serde(default)]
    pub seal: Option<crate::seal::PlanSeal>,
    /// When its last item was applied, or found stale.
    pub applied_at: Option<jiff::Timestamp>,
}
