//! Identities: the people and services that sources tell of.

use crate::Attributes;
use crate::assignment::Added;
use crate::id::{IdentityId, SourceName};
use crate::object::Digest;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Where an identity is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
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

/// From when until when something holds; an end that is not there is open.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Validity {
    /// The first moment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<jiff::Timestamp>,
    /// The first moment after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<jiff::Timestamp>,
}

/// Where a moment lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// Before the first moment.
    Before,
    /// Within.
    Within,
    /// After the last.
    After,
}

impl Validity {
    /// Without any end.
    pub const ALWAYS: Self = Self { from: None, until: None };

    /// Whether it has no end on either side.
    pub fn is_always(&self) -> bool {
        *self == Self::ALWAYS
    }

    /// Where this moment lies. What ends before it begins never holds: its moments lie before, then after.
    pub fn at(&self, now: jiff::Timestamp) -> Moment {
        if self.until.is_some_and(|until| until <= now) {
            Moment::After
        } else if self.from.is_some_and(|from| now < from) {
            Moment::Before
        } else {
            Moment::Within
        }
    }

    /// The next moment after `now` at which the answer of [`Validity::at`] changes.
    pub fn next_change(&self, now: jiff::Timestamp) -> Option<jiff::Timestamp> {
        [self.from, self.until].into_iter().flatten().filter(|moment| now < *moment).min()
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
    /// From when until when it holds.
    #[serde(default, skip_serializing_if = "Validity::is_always")]
    pub validity: Validity,
}

impl IdentityRecord {
    /// Digest of state, validity and attributes; equal digests mean that nothing changed.
    pub fn digest(&self) -> Digest {
        let mut hasher = blake3::Hasher::new();
        hasher.update(self.state.as_str().as_bytes()).update(&[0]);
        if !self.validity.is_always() {
            hasher.update(format!("{:?}", self.validity).as_bytes()).update(&[0]);
        }
        // A map of strings to JSON values always serializes; its keys are sorted.
        hasher.update(serde_json::Value::Object(self.attributes.clone()).to_string().as_bytes());
        Digest(*hasher.finalize().as_bytes())
    }
}

/// A person or service.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Identity {
    /// Its id, the same for life.
    pub id: IdentityId,
    /// The source it is read from.
    pub source: SourceName,
    /// The source's key.
    pub key: String,
    /// Where it is in its life, as the source says; what holds now also depends on `validity`.
    pub state: LifecycleState,
    /// From when until when it works here.
    #[serde(default, skip_serializing_if = "Validity::is_always")]
    pub validity: Validity,
    /// SCIM-shaped attributes.
    #[cfg_attr(feature = "schema", schema(value_type = Object))]
    pub attributes: Attributes,
    /// Counts accepted changes from 1.
    pub version: u64,
    /// When the last change was accepted.
    pub changed_at: jiff::Timestamp,
    /// What operators added; no source overwrites it.
    #[serde(default, skip_serializing_if = "Added::is_empty")]
    pub added: Added,
}

impl Identity {
    /// How people call it: user name, else e-mail, else the source's key.
    pub fn label(&self) -> &str {
        ["userName", "email", "displayName"]
            .into_iter()
            .find_map(|name| self.attributes.get(name).and_then(serde_json::Value::as_str))
            .unwrap_or(&self.key)
    }

    /// Where it is in its life at this time: as the source says, held back by what is imposed.
    pub fn state_at(&self, now: jiff::Timestamp) -> LifecycleState {
        self.added.state_at(self.said_at(now), now)
    }

    /// The next moment after `now` at which time alone changes its state.
    pub fn next_change(&self, now: jiff::Timestamp) -> Option<jiff::Timestamp> {
        [self.validity.next_change(now), self.added.next_change(now)].into_iter().flatten().min()
    }

    /// What the source says of its state at this time: staged before its first day, departed after its last.
    pub fn said_at(&self, now: jiff::Timestamp) -> LifecycleState {
        match (self.state, self.validity.at(now)) {
            (LifecycleState::Departed, _) | (_, Moment::After) => LifecycleState::Departed,
            (_, Moment::Before) => LifecycleState::Staged,
            (state, Moment::Within) => state,
        }
    }

    /// `source/key`, as declarations name an identity.
    pub fn reference(&self) -> String {
        format!("{}/{}", self.source, self.key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn second(second: i64) -> jiff::Timestamp {
        jiff::Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn the_state_follows_the_validity() {
        let validity = Validity { from: Some(second(10)), until: Some(second(20)) };
        let identity = |state| Identity {
            id: IdentityId(uuid::Uuid::nil()),
            source: "hr".parse().unwrap(),
            key: "1".into(),
            state,
            validity,
            attributes: Attributes::new(),
            version: 1,
            changed_at: second(0),
            added: Added::default(),
        };
        let states = |state| [9, 10, 19, 20].map(|at| identity(state).state_at(second(at)));
        use LifecycleState::{Active, Departed, Staged, Suspended};
        assert_eq!(states(Active), [Staged, Active, Active, Departed]);
        assert_eq!(states(Suspended), [Staged, Suspended, Suspended, Departed]);
        assert_eq!(states(Staged), [Staged, Staged, Staged, Departed]);
        assert_eq!(states(Departed), [Departed; 4]);
        let changes = [0, 10, 20].map(|at| validity.next_change(second(at)));
        assert_eq!(changes, [Some(second(10)), Some(second(20)), None]);
    }

    #[test]
    fn a_record_that_always_holds_keeps_its_digest() {
        let mut record = IdentityRecord {
            key: "1".into(),
            state: LifecycleState::Active,
            attributes: Attributes::new(),
            validity: Validity::ALWAYS,
        };
        let always = record.digest();
        record.validity.until = Some(second(1));
        assert_ne!(record.digest(), always);
    }
}
