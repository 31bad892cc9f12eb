//! An explanation as data. The names of its members are a promise to those who read it as JSON (`host/docs/explain.md`).

use jiff::Timestamp;
use purser_model::Attributes;
use purser_model::account::{Account, Situation};
use purser_model::assignment::Imposed;
use purser_model::configuration::{Deprovisioning, Strength, UnlinkedReaction};
use purser_model::id::{AccountId, IdentityId, RoleName, TargetName};
use purser_model::identity::{LifecycleState, Validity};
use purser_model::plan::PlanItem;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Why one identity has what it has, and what would be done about it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Explanation {
    /// The time that it holds for.
    pub at: Timestamp,
    /// The identity.
    pub identity: ExplainedIdentity,
    /// Every declared group.
    pub groups: Vec<ExplainedMembership>,
    /// Every declared role.
    pub roles: Vec<ExplainedMembership>,
    /// Every declared target, and those in which it still has an account.
    pub targets: Vec<ExplainedTarget>,
    /// When time alone will change the plan.
    pub look_again_at: Option<Timestamp>,
}

/// The identity as planning sees it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ExplainedIdentity {
    /// Its id.
    pub id: IdentityId,
    /// `source/key`
    pub reference: String,
    /// How people call it.
    pub label: String,
    /// What the source says.
    pub declared_state: LifecycleState,
    /// What holds at this time.
    pub state: LifecycleState,
    /// From when until when it works here.
    pub validity: Validity,
    /// States that operators impose, now or at another time; no source lifts them.
    pub imposed: Vec<Imposed>,
    /// Counts accepted changes.
    pub version: u64,
    /// When the last change was accepted.
    pub changed_at: Timestamp,
    /// Its attributes.
    #[cfg_attr(feature = "schema", schema(value_type = Object))]
    pub attributes: Attributes,
}

/// Whether it has a group or role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Membership {
    /// It has.
    Has,
    /// It has not.
    HasNot,
    /// Its rule, or the rule of a group, cannot be decided.
    Undecided,
}

/// A group or role.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ExplainedMembership {
    /// Its name.
    pub name: String,
    /// Whether the identity has it.
    pub membership: Membership,
    /// Every reason why: `direct`, `assigned by WHOM until WHEN`, `added by WHOM`, `group NAME`, `role NAME` (which contains it), `rule`.
    pub origins: Vec<String>,
    /// Its rule with the result.
    pub rule: Option<ExplainedExpression>,
    /// Why it has it not, or why that cannot be said.
    pub because: Option<String>,
}

/// An expression with what it gave.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ExplainedExpression {
    /// As it was declared.
    pub expression: String,
    /// The attributes that it reads.
    pub reads: Vec<String>,
    /// What it gave; null where that is nothing.
    #[cfg_attr(feature = "schema", schema(value_type = Value))]
    pub value: Option<Value>,
    /// Why it gave nothing.
    pub fault: Option<String>,
}

/// Whether roles grant an account in a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// They do.
    Granted,
    /// None does.
    NotGranted,
    /// It hangs on a rule that cannot be decided.
    Undecided,
    /// The target is not declared any more.
    NotDeclared,
}

/// One target.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ExplainedTarget {
    /// Its name.
    pub target: TargetName,
    /// Whether roles grant an account.
    pub scope: Scope,
    /// The roles that do.
    pub granted_by: Vec<RoleName>,
    /// The rules that cannot be decided, or the roles that would grant it.
    pub scope_because: Vec<String>,
    /// The accounts linked to the identity.
    pub accounts: Vec<ExplainedAccount>,
    /// How an account that is there already was looked for, where none is linked.
    pub correlation: Option<ExplainedCorrelation>,
    /// The account whose attributes and entitlements are compared below.
    pub compared_with: Option<AccountId>,
    /// Each mapping.
    pub mappings: Vec<ExplainedMapping>,
    /// Entitlements that are declared, and others that are held.
    pub entitlements: Vec<ExplainedEntitlement>,
    /// Whether the account can be used, and should be.
    pub activation: Option<ExplainedActivation>,
    /// Accounts that leave, with their dates.
    pub leaving: Vec<ExplainedLeaving>,
    /// What is to be done: the plan's own items, with their preconditions.
    pub items: Vec<PlanItem>,
    /// What the plan found and leaves alone, with the reason: the plan's own notices.
    pub left_alone: Vec<String>,
    /// In one line: what is done, or the condition that says that nothing is.
    pub conclusion: String,
}

/// An account as known.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ExplainedAccount {
    /// Purser's own id.
    pub account: AccountId,
    /// The target's primary id.
    pub remote_id: Option<String>,
    /// Its class.
    pub class: String,
    /// What the last comparison found.
    pub situation: Situation,
    /// Whether it can be used.
    pub active: Option<bool>,
    /// Whether what is known of it can be trusted; if not, it is read again before it is planned.
    pub known: bool,
    /// Whether it belongs to another identity.
    pub belongs_to_another: bool,
}

impl ExplainedAccount {
    pub(super) fn of(account: &Account, identity: IdentityId) -> Self {
        Self {
            account: account.id,
            remote_id: account.remote_id.clone(),
            class: account.class.clone(),
            situation: account.situation,
            active: account.active,
            known: account.digest.is_some(),
            belongs_to_another: account.identity.is_some_and(|owner| owner != identity),
        }
    }
}

/// How an account that is there already was looked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ExplainedCorrelation {
    /// What was asked, in order of trust.
    pub questions: Vec<ExplainedQuestion>,
    /// What was found.
    pub candidates: Vec<ExplainedAccount>,
    /// What happens to one match that nobody has linked.
    pub unlinked: UnlinkedReaction,
}

/// One question.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ExplainedQuestion {
    /// The account's attribute.
    pub attribute: String,
    /// The value that it must have.
    #[serde(flatten)]
    pub expression: ExplainedExpression,
}

/// What became of a mapping.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum MappingDecision {
    /// The account is created with it.
    Created,
    /// It is written.
    Written,
    /// The account's value is removed.
    Cleared,
    /// The account has it.
    Same,
    /// The account has something else, and that is left.
    Left,
    /// It refers to an account that is not there yet; the value stays as it is until then.
    Waits,
    /// The class cannot take it.
    LeftOut,
    /// It fails, and so nothing is done in this target.
    Failed,
    /// There is nothing to compare it with.
    NotCompared,
}

impl MappingDecision {
    /// The decision's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Written => "written",
            Self::Cleared => "cleared",
            Self::Same => "same",
            Self::Left => "left",
            Self::Waits => "waits",
            Self::LeftOut => "left-out",
            Self::Failed => "failed",
            Self::NotCompared => "not-compared",
        }
    }
}

/// One mapping.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ExplainedMapping {
    /// The account's attribute.
    pub attribute: String,
    /// How strongly it holds.
    pub strength: Strength,
    /// The expression with its result.
    #[serde(flatten)]
    pub expression: ExplainedExpression,
    /// What the account has.
    #[cfg_attr(feature = "schema", schema(value_type = Value))]
    pub actual: Option<Value>,
    /// What the mapping wrote last.
    #[cfg_attr(feature = "schema", schema(value_type = Value))]
    pub pushed: Option<Value>,
    /// What becomes of it.
    pub decision: MappingDecision,
    /// Why.
    pub because: String,
}

/// What becomes of an entitlement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum EntitlementDecision {
    /// It is granted.
    Grant,
    /// It is revoked.
    Revoke,
    /// It stays held.
    Held,
    /// It stays not held.
    NotHeld,
}

impl EntitlementDecision {
    /// The decision's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Grant => "grant",
            Self::Revoke => "revoke",
            Self::Held => "held",
            Self::NotHeld => "not-held",
        }
    }
}

/// One entitlement.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ExplainedEntitlement {
    /// Its declared name, else its class and id.
    pub entitlement: String,
    /// The roles that grant it.
    pub granted_by: Vec<RoleName>,
    /// Whether the account holds it.
    pub held: bool,
    /// What becomes of it.
    pub decision: EntitlementDecision,
    /// Why.
    pub because: String,
}

/// Whether the account can be used, and should be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ExplainedActivation {
    /// Whether it can be used; null where the target has no such state.
    pub active: Option<bool>,
    /// Whether it should be.
    pub desired: bool,
    /// Why, and what is done.
    pub because: String,
}

/// An account that nobody grants.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ExplainedLeaving {
    /// The account.
    pub account: AccountId,
    /// What the target declares.
    pub action: Deprovisioning,
    /// Since when nobody grants it; null where this was found just now.
    pub since: Option<Timestamp>,
    /// Nothing is done before.
    pub acts_at: Timestamp,
    /// It is deleted then.
    pub deletes_at: Option<Timestamp>,
    /// Whether a person cancelled its deletion.
    pub deletion_cancelled: bool,
}
