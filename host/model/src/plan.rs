//! Plans: pure data that says what would be done, why, and under which conditions.

use crate::id::{AccountId, IdentityId, PlanId, TargetName};
use crate::object::Digest;
use crate::operation::Intent;
use serde::{Deserialize, Serialize};

/// One operation of a plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlannedOperation {
    /// What is done.
    #[serde(flatten)]
    pub intent: Intent,
    /// Why, in one line.
    pub reason: String,
    /// For an update: the values before, by attribute, so that a plan reads as a diff.
    #[serde(default, skip_serializing_if = "serde_json::Map::is_empty")]
    pub before: crate::Attributes,
}

/// What must still hold when an item is carried out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Precondition {
    /// The identity's version.
    pub identity_version: u64,
    /// The account's digest; none where there was no account.
    pub account_digest: Option<Digest>,
}

/// What a plan does with an account that is already there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Link {
    /// The account is linked to the identity already, or there is none.
    Keep,
    /// The item begins by linking it: adoption.
    Adopt,
}

/// What is to be done for one identity in one target.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
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
    pub pushed: crate::Attributes,
}

/// Something that planning found and does not act on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
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

/// A stored plan, without its items.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlanSummary {
    /// Its id.
    pub id: PlanId,
    /// When it was made.
    pub created_at: jiff::Timestamp,
    /// How many items it has.
    pub items: u64,
    /// How many operations by name.
    pub operations: std::collections::BTreeMap<String, u64>,
    /// When it was applied.
    pub applied_at: Option<jiff::Timestamp>,
}
