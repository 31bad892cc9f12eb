//! Identities: the people and services that sources tell of.

use crate::Attributes;
use crate::id::{IdentityId, SourceName};
use crate::object::Digest;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Where an identity is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LifecycleState {
    /// Known, and not to be provisioned yet.
    Staged,
    /// Works here.
    Active,
    /// Away for a time; accounts are disabled and nothing is taken away.
    Suspended,
    /// Has left.
    Departed,
}

impl LifecycleState {
    /// The state's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Staged => "staged",
            Self::Active => "active",
            Self::Suspended => "suspended",
            Self::Departed => "departed",
        }
    }
}

impl fmt::Display for LifecycleState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A text is not a lifecycle state.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no lifecycle state: use staged, active, suspended or departed")]
pub struct NotALifecycleState(pub String);

impl FromStr for LifecycleState {
    type Err = NotALifecycleState;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [Self::Staged, Self::Active, Self::Suspended, Self::Departed]
            .into_iter()
            .find(|state| state.as_str() == text)
            .ok_or_else(|| NotALifecycleState(text.to_owned()))
    }
}

/// What a source says about an identity, before it is accepted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct IdentityRecord {
    /// The source's own immutable key.
    pub key: String,
    /// The state that follows from the source's record.
    pub state: LifecycleState,
    /// The attributes that follow from it.
    pub attributes: Attributes,
}

impl IdentityRecord {
    /// Digest of state and attributes; equal digests mean that nothing changed.
    pub fn digest(&self) -> Digest {
        let mut hasher = blake3::Hasher::new();
        hasher.update(self.state.as_str().as_bytes()).update(&[0]);
        // A map of strings to JSON values always serializes; its keys are sorted.
        hasher.update(serde_json::Value::Object(self.attributes.clone()).to_string().as_bytes());
        Digest(*hasher.finalize().as_bytes())
    }
}

/// A person or service.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Identity {
    /// Its id, the same for life.
    pub id: IdentityId,
    /// The source it is read from.
    pub source: SourceName,
    /// The source's key.
    pub key: String,
    /// Where it is in its life.
    pub state: LifecycleState,
    /// SCIM-shaped attributes.
    pub attributes: Attributes,
    /// Counts accepted changes from 1.
    pub version: u64,
    /// When the last change was accepted.
    pub changed_at: jiff::Timestamp,
}

impl Identity {
    /// How people call it: user name, else e-mail, else the source's key.
    pub fn label(&self) -> &str {
        ["userName", "email", "displayName"]
            .into_iter()
            .find_map(|name| self.attributes.get(name).and_then(serde_json::Value::as_str))
            .unwrap_or(&self.key)
    }

    /// `source/key`, as declarations name an identity.
    pub fn reference(&self) -> String {
        format!("{}/{}", self.source, self.key)
    }
}
