//! What operators add to what sources and declarations say of an identity: roles, groups, and a state that is imposed.
//!
//! Declarations stay the configuration and sources the truth about people; what is here is data beside them, with who said
//! so and why. An imposed state only ever holds back: it makes nobody active whom the source does not call active.

use crate::id::{AssignmentId, GroupName, IdentityId, RoleName};
use crate::identity::{LifecycleState, Moment, Validity};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;

/// So many assignments that have not ended, and so many groups, can be added to one identity.
pub const MOST_ADDED: usize = 100;

/// The longest reason, in characters.
pub const LONGEST_REASON: usize = 500;

/// Why somebody did something, in words.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(
    feature = "schema",
    derive(utoipa::ToSchema),
    schema(
        min_length = 1,
        max_length = 500,
        pattern = "^[^\\u0000-\\u001F\\u007F]*[^\\u0000-\\u0020\\u007F][^\\u0000-\\u001F\\u007F]*$"
    )
)]
#[serde(try_from = "String", into = "String")]
pub struct Reason(String);

/// A text is no reason.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a reason is one line of 1 to {LONGEST_REASON} characters, without control characters")]
pub struct NotAReason;

impl Reason {
    /// The words.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Reason {
    type Error = NotAReason;

    fn try_from(text: String) -> Result<Self, NotAReason> {
        let is_line = !text.chars().any(|c| c.is_ascii_control());
        let says_something = text.chars().any(|c| c != ' ');
        let is_short = text.chars().count() <= LONGEST_REASON;
        if is_line && says_something && is_short { Ok(Self(text)) } else { Err(NotAReason) }
    }
}

impl From<Reason> for String {
    fn from(reason: Reason) -> String {
        reason.0
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// A role that somebody assigned to an identity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Assigned {
    /// The assignment.
    pub id: AssignmentId,
    /// The role; one that is not declared any more grants nothing.
    pub role: RoleName,
    /// From when until when.
    #[serde(default, skip_serializing_if = "Validity::is_always")]
    pub validity: Validity,
    /// Why.
    pub reason: Reason,
    /// Who said so, as the audit log names it.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// A group that somebody put an identity into.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct AddedToGroup {
    /// The group; one that is not declared any more has no effect.
    pub group: GroupName,
    /// Why.
    pub reason: Reason,
    /// Who said so, as the audit log names it.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// A state that somebody can impose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum ImposedState {
    /// Whoever is active is suspended.
    Suspended,
    /// Whoever has not departed has.
    Departed,
}

impl ImposedState {
    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Suspended => "suspended",
            Self::Departed => "departed",
        }
    }
}

impl fmt::Display for ImposedState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A state that somebody imposed on an identity. A source cannot lift it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Imposed {
    /// Which.
    pub state: ImposedState,
    /// From when until when.
    #[serde(default, skip_serializing_if = "Validity::is_always")]
    pub validity: Validity,
    /// Why.
    pub reason: Reason,
    /// Who said so, as the audit log names it.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// All that was added to one identity.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Added {
    /// Roles, in the order in which they were assigned.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub assignments: Vec<Assigned>,
    /// Groups, each once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<AddedToGroup>,
    /// States that are imposed, each once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub imposed: Vec<Imposed>,
}

impl Added {
    /// Whether nothing was added.
    pub fn is_empty(&self) -> bool {
        self.assignments.is_empty() && self.groups.is_empty() && self.imposed.is_empty()
    }

    /// How many assignments have not ended.
    pub fn open_assignments(&self, now: Timestamp) -> usize {
        self.assignments.iter().filter(|one| one.validity.at(now) != Moment::After).count()
    }

    /// The state at this time of an identity of which the source says this.
    pub fn state_at(&self, said: LifecycleState, now: Timestamp) -> LifecycleState {
        let holds = |state| self.imposed.iter().any(|one| one.state == state && one.validity.at(now) == Moment::Within);
        match said {
            LifecycleState::Departed => LifecycleState::Departed,
            _ if holds(ImposedState::Departed) => LifecycleState::Departed,
            LifecycleState::Active if holds(ImposedState::Suspended) => LifecycleState::Suspended,
            other => other,
        }
    }

    /// The next moment at which an imposed state begins or ends.
    pub fn next_change(&self, now: Timestamp) -> Option<Timestamp> {
        self.imposed.iter().filter_map(|one| one.validity.next_change(now)).min()
    }
}

/// An assignment with the identity that has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Assignment {
    /// Whose it is.
    pub identity: IdentityId,
    /// What was assigned.
    #[serde(flatten)]
    pub assigned: Assigned,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn imposed(state: ImposedState, from: Option<i64>, until: Option<i64>) -> Imposed {
        let second = |second| Timestamp::from_second(second).unwrap();
        Imposed {
            state,
            validity: Validity { from: from.map(second), until: until.map(second) },
            reason: Reason::try_from("asked by the works council".to_owned()).unwrap(),
            by: "api:anna".to_owned(),
            at: second(0),
        }
    }

    #[test]
    fn an_imposed_state_holds_back_and_never_gives() {
        use LifecycleState::{Active, Departed, Staged, Suspended};
        let added = Added {
            imposed: vec![
                imposed(ImposedState::Suspended, Some(10), Some(20)),
                imposed(ImposedState::Departed, Some(30), None),
            ],
            ..Added::default()
        };
        let states = |said| [9, 10, 20, 30].map(|at| added.state_at(said, Timestamp::from_second(at).unwrap()));
        assert_eq!(states(Active), [Active, Suspended, Active, Departed]);
        assert_eq!(states(Suspended), [Suspended, Suspended, Suspended, Departed]);
        assert_eq!(states(Staged), [Staged, Staged, Staged, Departed]);
        assert_eq!(states(Departed), [Departed; 4]);
        let next = |at| added.next_change(Timestamp::from_second(at).unwrap()).map(Timestamp::as_second);
        assert_eq!([0, 10, 20, 30].map(next), [Some(10), Some(20), Some(30), None]);
    }

    #[test]
    fn a_reason_is_one_short_line() {
        let long = "ä".repeat(LONGEST_REASON);
        assert!(["x", " x ", &long].iter().all(|text| Reason::try_from((*text).to_owned()).is_ok()));
        let longer = long + "ä";
        for bad in ["", "  ", "a\nb", "a\u{7f}", &longer] {
            assert_eq!(Reason::try_from(bad.to_owned()), Err(NotAReason), "{bad:?}");
        }
    }
}
