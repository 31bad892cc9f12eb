//! Operations: what is done to one object of a target, and how it ended.

use crate::Attributes;
use crate::account::EntitlementKey;
use crate::edit::AttributeChange;
use crate::id::{AccountId, IdentityId, OperationId, PlanId, TargetName};
use serde::{Deserialize, Serialize};
use std::fmt;

/// An entitlement as a plan names it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum EntitlementReference {
    /// One that the target's declaration names; its id in the target may not be known yet.
    Declared(String),
    /// One that only the target knows.
    Remote(EntitlementKey),
}

impl fmt::Display for EntitlementReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Declared(name) => f.pad(name),
            Self::Remote(key) => write!(f, "{}:{}", key.class, key.id),
        }
    }
}

/// What an operation does. Ids in the target are not part of it: they are looked up when it is carried out, since an
/// account that is still to be created has none.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Intent {
    /// Create the account.
    Create {
        /// All attributes.
        #[cfg_attr(feature = "schema", schema(value_type = Object))]
        attributes: Attributes,
        /// Whether it can be used at once.
        active: Option<bool>,
    },
    /// Change attributes of the account.
    Update {
        /// The changes.
        changes: Vec<AttributeChange>,
    },
    /// Let the account be used.
    Enable,
    /// Keep the account from being used.
    Disable,
    /// Delete the account.
    Delete,
    /// Let the account hold an entitlement.
    Grant {
        /// Which.
        entitlement: EntitlementReference,
    },
    /// Take an entitlement away.
    Revoke {
        /// Which.
        entitlement: EntitlementReference,
    },
    /// Create an entitlement that is declared and not found.
    CreateEntitlement {
        /// Its name in the declaration.
        name: String,
        /// All attributes.
        #[cfg_attr(feature = "schema", schema(value_type = Object))]
        attributes: Attributes,
    },
}

impl Intent {
    /// The operation's name.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Create { .. } => "create",
            Self::Update { .. } => "update",
            Self::Enable => "enable",
            Self::Disable => "disable",
            Self::Delete => "delete",
            Self::Grant { .. } => "grant",
            Self::Revoke { .. } => "revoke",
            Self::CreateEntitlement { .. } => "create-entitlement",
        }
    }

    /// Whether it takes something away. Such an operation is recorded first and then called (DESIGN, deprovisioning).
    pub fn takes_away(&self) -> bool {
        matches!(self, Self::Disable | Self::Delete | Self::Revoke { .. })
    }
}

/// Where an operation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum OperationState {
    /// Its intent is written and nothing has been sent.
    Waiting,
    /// It is being sent, or was when the host stopped.
    InFlight,
    /// Sent, and its end is not known: it is observed before anything is tried again.
    Unknown,
    /// Done by the target.
    Applied,
    /// Nothing had to be done.
    AlreadySo,
    /// The target will not do it; a person or a new plan must.
    Refused,
    /// A newer plan took its place before it was sent.
    Superseded,
}

impl OperationState {
    /// The state's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::InFlight => "in-flight",
            Self::Unknown => "unknown",
            Self::Applied => "applied",
            Self::AlreadySo => "already-so",
            Self::Refused => "refused",
            Self::Superseded => "superseded",
        }
    }

    /// Whether nothing more will happen to it.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Applied | Self::AlreadySo | Self::Refused | Self::Superseded)
    }

    /// Every state.
    pub const ALL: [Self; 7] =
        [Self::Waiting, Self::InFlight, Self::Unknown, Self::Applied, Self::AlreadySo, Self::Refused, Self::Superseded];
}

impl fmt::Display for OperationState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// One operation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Operation {
    /// Its id, the same for every try.
    pub id: OperationId,
    /// The stored plan it came from, where it came from one.
    pub plan: Option<PlanId>,
    /// The identity it serves; none for an entitlement of the target itself.
    pub identity: Option<IdentityId>,
    /// The target.
    pub target: TargetName,
    /// The class of the object it edits.
    pub class: String,
    /// The account or entitlement it edits.
    pub object: AccountId,
    /// What it does.
    pub intent: Intent,
    /// Where it is.
    pub state: OperationState,
    /// How often it was sent.
    pub attempts: u32,
    /// Not sent before.
    pub not_before: jiff::Timestamp,
    /// Why it is where it is, for people.
    pub detail: Option<String>,
    /// The class of the error, or the kind of the fault, with which it last failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_class: Option<String>,
    /// Since when it is quarantined: it keeps failing, and is tried again seldom.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quarantined_since: Option<jiff::Timestamp>,
    /// When its intent was written.
    pub created_at: jiff::Timestamp,
    /// When its state last changed.
    pub changed_at: jiff::Timestamp,
}
