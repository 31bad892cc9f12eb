//! Accounts and entitlements as Purser knows them.

use crate::Attributes;
use crate::id::{AccountId, IdentityId, TargetName};
use crate::object::{Digest, SecondaryId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

/// What a comparison of an account with the identities found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Situation {
    /// Belongs to an identity.
    Linked,
    /// One identity matches, and nobody has linked them.
    Unlinked,
    /// No identity matches.
    Unmatched,
    /// Several match, or one weakly: a person must decide.
    Disputed,
    /// Was there, and is gone from the target.
    Missing,
    /// Never to be touched.
    Protected,
}

impl Situation {
    /// The situation's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Linked => "linked",
            Self::Unlinked => "unlinked",
            Self::Unmatched => "unmatched",
            Self::Disputed => "disputed",
            Self::Missing => "missing",
            Self::Protected => "protected",
        }
    }
}

/// A text is not a situation.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no situation: use linked, unlinked, unmatched, disputed, missing or protected")]
pub struct NotASituation(pub String);

impl FromStr for Situation {
    type Err = NotASituation;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [Self::Linked, Self::Unlinked, Self::Unmatched, Self::Disputed, Self::Missing, Self::Protected]
            .into_iter()
            .find(|situation| situation.as_str() == text)
            .ok_or_else(|| NotASituation(text.to_owned()))
    }
}

impl fmt::Display for Situation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// An entitlement in a target, by the ids that the target gives.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct EntitlementKey {
    /// Its class.
    pub class: String,
    /// Its primary id in the target.
    pub id: String,
}

/// An account: an object in a target that belongs to at most one identity.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Account {
    /// Purser's own id.
    pub id: AccountId,
    /// The target.
    pub target: TargetName,
    /// Its class there.
    pub class: String,
    /// The target's primary id; none while the account is still to be created.
    pub remote_id: Option<String>,
    /// The identity it belongs to.
    pub identity: Option<IdentityId>,
    /// What the last comparison found.
    pub situation: Situation,
    /// Ids that may change.
    pub secondary_ids: Vec<SecondaryId>,
    /// The target's version of it.
    pub version: Option<String>,
    /// Whether it can be used.
    pub active: Option<bool>,
    /// The attributes as last seen, in the text that the connector wrote.
    pub attributes: String,
    /// Digest of what was last seen; none where the state must be read again before it can be trusted.
    pub digest: Option<Digest>,
    /// The values that mappings last wrote, so that a `normal` mapping knows whether its own value changed.
    #[cfg_attr(feature = "schema", schema(value_type = Object))]
    pub pushed: Attributes,
    /// The entitlements it holds, as last seen.
    pub held: BTreeSet<EntitlementKey>,
    /// Since when nobody grants it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub leaving_since: Option<jiff::Timestamp>,
    /// Since when it is gone from the target; none for one that is there, or that was never created.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gone_since: Option<jiff::Timestamp>,
    /// Why no operation may touch it; none where it is not protected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub protected_because: Option<String>,
    /// Whether a person cancelled its deletion; it holds until somebody grants the account again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub deletion_cancelled: bool,
}

/// An entitlement as Purser knows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entitlement {
    /// Purser's own id.
    pub id: AccountId,
    /// The target.
    pub target: TargetName,
    /// Its class there.
    pub class: String,
    /// The target's primary id; none while it is still to be created.
    pub remote_id: Option<String>,
    /// Its name in the declarations; none for what only the target knows.
    pub name: Option<String>,
    /// The target's version of it.
    pub version: Option<String>,
    /// The attributes as last seen, without the list of holders.
    pub attributes: String,
    /// Digest of what was last seen.
    pub digest: Option<Digest>,
}
