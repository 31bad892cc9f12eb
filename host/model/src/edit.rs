//! Edits, their outcomes and the errors a connector answers with.

use crate::Attributes;
use crate::id::OperationId;
use crate::object::Object;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::fmt;

/// What is done to one attribute.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case", tag = "action", content = "value")]
pub enum AttributeAction {
    /// Add these values to a multi-valued attribute.
    Add(Vec<Value>),
    /// Remove these values from it.
    Remove(Vec<Value>),
    /// Replace the whole value.
    Replace(Value),
    /// Remove the attribute.
    Clear,
}

/// A change of one attribute.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct AttributeChange {
    /// The attribute.
    pub attribute: String,
    /// What is done.
    #[serde(flatten)]
    pub action: AttributeAction,
}

/// One edit of one object, as a connector carries it out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "edit")]
pub enum Edit {
    /// Create.
    Create {
        /// All attributes.
        attributes: Attributes,
        /// Whether it can be used at once.
        active: Option<bool>,
    },
    /// Change attributes.
    Update {
        /// The object.
        id: String,
        /// The version it was planned against.
        version: Option<String>,
        /// The changes.
        changes: Vec<AttributeChange>,
    },
    /// Enable or disable.
    SetActive {
        /// The account.
        id: String,
        /// The version it was planned against.
        version: Option<String>,
        /// True enables.
        active: bool,
    },
    /// Delete.
    Delete {
        /// The object.
        id: String,
        /// The version it was planned against.
        version: Option<String>,
    },
    /// Set a password from a secret slot.
    SetPassword {
        /// The account.
        id: String,
        /// The slot.
        slot: u32,
        /// Whether it must be changed at the next sign-in.
        must_change: bool,
    },
    /// Grant an entitlement.
    Grant(EntitlementEdit),
    /// Revoke an entitlement.
    Revoke(EntitlementEdit),
}

/// Grants or revokes an entitlement.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EntitlementEdit {
    /// The account that holds it.
    pub id: String,
    /// The class of the entitlement.
    pub entitlement_class: String,
    /// The id of the entitlement.
    pub entitlement: String,
    /// Parameters.
    pub parameters: Attributes,
}

/// One request of `apply`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Request {
    /// Survives retries.
    pub operation_id: OperationId,
    /// The class of the object edited.
    pub class: String,
    /// The edit.
    pub edit: Edit,
}

/// How an edit ended well.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EditOutcome {
    /// Done; the object as it is now where the target said so.
    Done(Option<Object>),
    /// It was already so.
    Unchanged(Option<Object>),
    /// The target will do it later.
    Accepted(String),
    /// A person must act in the target.
    ActionRequired(String),
}

/// What a throttle covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ThrottleScope {
    /// This object only.
    Object,
    /// This class of requests.
    Operation,
    /// The whole target.
    Target,
}

/// What failed, in a form the engine acts on without reading text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ErrorClass {
    /// The configuration cannot work.
    InvalidConfig,
    /// The credential was refused.
    AuthenticationFailed,
    /// The credential lacks a permission.
    PermissionDenied(Option<String>),
    /// The object is not there.
    NotFound,
    /// A unique value is taken, by this object where known.
    AlreadyExists(Option<String>),
    /// The object changed since it was read.
    VersionConflict,
    /// The target refuses the value of this attribute.
    InvalidValue(Option<String>),
    /// Not possible here.
    Unsupported,
    /// Seats, licences or a quota are used up.
    QuotaOrLicenceExhausted,
    /// Too many requests.
    RateLimited {
        /// Wait at least this long, in milliseconds.
        after_ms: Option<u64>,
        /// What waits.
        scope: ThrottleScope,
    },
    /// Not now; nothing was done.
    Unavailable {
        /// Wait at least this long, in milliseconds.
        after_ms: Option<u64>,
    },
    /// Start the listing again.
    CursorExpired,
    /// Sent, and its end is not known.
    OutcomeUnknown,
    /// Some of the edit was done.
    PartiallyApplied(String),
    /// The connector or the target broke its own rules.
    Defect,
}

impl ErrorClass {
    /// The class's name in the contract.
    pub fn name(&self) -> &'static str {
        match self {
            Self::InvalidConfig => "invalid-config",
            Self::AuthenticationFailed => "authentication-failed",
            Self::PermissionDenied(_) => "permission-denied",
            Self::NotFound => "not-found",
            Self::AlreadyExists(_) => "already-exists",
            Self::VersionConflict => "version-conflict",
            Self::InvalidValue(_) => "invalid-value",
            Self::Unsupported => "unsupported",
            Self::QuotaOrLicenceExhausted => "quota-or-licence-exhausted",
            Self::RateLimited { .. } => "rate-limited",
            Self::Unavailable { .. } => "unavailable",
            Self::CursorExpired => "cursor-expired",
            Self::OutcomeUnknown => "outcome-unknown",
            Self::PartiallyApplied(_) => "partially-applied",
            Self::Defect => "defect",
        }
    }
}

/// An error that a connector answered with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConnectorError {
    /// What the engine acts on.
    pub class: ErrorClass,
    /// For people.
    pub message: String,
    /// The target's own code.
    pub native_code: Option<String>,
}

impl fmt::Display for ConnectorError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.class.name(), self.message)?;
        if let Some(code) = &self.native_code {
            write!(f, " ({code})")?;
        }
        Ok(())
    }
}

impl std::error::Error for ConnectorError {}
