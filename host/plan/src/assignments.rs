//! Which assignments an identity has, in force or not, and which ones it cannot get.

use crate::memberships::memberships;
use crate::outcome::{Memberships, Origin};
use crate::rules::Rules;
use crate::subject::Subject;
use jiff::Timestamp;
use purser_model::assignment::{Added, Assigned, Reason};
use purser_model::id::{AssignmentId, GroupName, RoleName};
use purser_model::identity::{Identity, LifecycleState, Moment, Validity};
use serde::Serialize;
use std::fmt;

/// A window is looked into at so many moments: more changes than one identity's declarations bring.
const MOST_MOMENTS: usize = 256;

/// Where an assignment comes from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum ListedOrigin {
    /// A declaration names the identity.
    Declared,
    /// Somebody made it over the API.
    Api {
        /// The assignment.
        id: AssignmentId,
        /// Who.
        by: String,
        /// When.
        at: Timestamp,
        /// Why.
        reason: Reason,
    },
    /// It belongs to this group, which has the role.
    Group {
        /// The group.
        name: GroupName,
    },
    /// The role's rule holds for it.
    Rule,
    /// It has this role, which contains the other.
    Role {
        /// The role that contains it.
        name: RoleName,
    },
}

/// Whether an assignment gives its role now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// It does.
    Holds,
    /// Its window has not begun.
    NotYet,
    /// Its window has ended.
    Ended,
    /// Its window is open, and something else keeps the role away.
    WithoutEffect,
}

/// One assignment of one identity.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ListedAssignment {
    /// The role.
    pub role: RoleName,
    /// Where it comes from.
    pub origin: ListedOrigin,
    /// The first moment.
    pub from: Option<Timestamp>,
    /// The first moment after it.
    pub until: Option<Timestamp>,
    /// Whether it gives the role now.
    pub standing: Standing,
    /// What keeps the role away.
    pub because: Option<String>,
}

/// Two roles that nobody has together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exclusion {
    /// The role of higher rank.
    pub winner: RoleName,
    /// The role that would not be given.
    pub loser: RoleName,
    /// The first moment at which both would be had.
    pub at: Timestamp,
    /// The role whose declaration says so.
    declared_by: RoleName,
}

impl fmt::Display for Exclusion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { winner, loser, at, declared_by } = self;
        write!(
            f,
            "the roles {winner} and {loser} exclude each other (role.{declared_by}.excludes), and both would be had at {at:.0}"
        )
    }
}

impl Rules {
    /// The assignments of an identity, in order: those of declarations and those that somebody made whatever their windows,
    /// and what follows by group, rule and role at this time.
    pub fn assignments(&self, identity: &Identity, now: Timestamp) -> Vec<ListedAssignment> {
        let subject = Subject::new(&self.dialect, identity, now);
        let found = memberships(self, &subject);
        let mut listed = Vec::new();
        for (role, rule) in &self.roles {
            for validity in rule.members.get(&subject.reference).into_iter().flatten() {
                listed.push(self.windowed(role, ListedOrigin::Declared, *validity, &subject, &found));
            }
        }
        for one in &identity.added.assignments {
            let (by, reason) = (one.by.clone(), one.reason.clone());
            let origin = ListedOrigin::Api { id: one.id, by, at: one.at, reason };
            listed.push(self.windowed(&one.role, origin, one.validity, &subject, &found));
        }
        listed.extend(found.roles.iter().flat_map(|(role, origins)| {
            let derived = origins.iter().filter_map(derived);
            derived.map(move |origin| ListedAssignment {
                role: role.clone(),
                origin,
                from: None,
                until: None,
                standing: Standing::Holds,
                because: None,
            })
        }));
        listed.sort();
        listed
    }

    fn windowed(
        &self,
        role: &RoleName,
        origin: ListedOrigin,
        validity: Validity,
        subject: &Subject<'_>,
        found: &Memberships,
    ) -> ListedAssignment {
        let standing = match validity.at(subject.now) {
            Moment::Before => Standing::NotYet,
            Moment::After => Standing::Ended,
            Moment::Within if found.roles.contains_key(role) => Standing::Holds,
            Moment::Within => Standing::WithoutEffect,
        };
        let because = (standing == Standing::WithoutEffect).then(|| self.kept_away(role, subject, found));
        let Validity { from, until } = validity;
        ListedAssignment { role: role.clone(), origin, from, until, standing, because }
    }

    /// Why a role that is assigned is not had.
    fn kept_away(&self, role: &RoleName, subject: &Subject<'_>, found: &Memberships) -> String {
        let Some(declared) = self.configuration().roles.get(role) else {
            return format!("the role {role} is not declared");
        };
        if matches!(subject.state, LifecycleState::Staged | LifecycleState::Departed) {
            return format!("the identity is {}", subject.state);
        }
        if let Some(winner) = found.excluded.get(role) {
            return format!("it and role {winner} exclude each other, and {winner} ranks higher");
        }
        match declared.validity.at(subject.now) {
            Moment::Before => "the role does not hold yet".to_owned(),
            Moment::After => "the role does not hold any more".to_owned(),
            Moment::Within => "it cannot be decided which roles the identity has".to_owned(),
        }
    }

    /// Why an identity cannot be assigned this: somewhere in the window that is still to come it would have two roles that
    /// exclude each other, and has not without it. Looks at the identity as if it were active all the time, since it may
    /// become so.
    pub fn exclusion(&self, identity: &Identity, assigned: &Assigned, now: Timestamp) -> Option<Exclusion> {
        let imposed = Vec::new();
        let without = Identity {
            state: LifecycleState::Active,
            validity: Validity::ALWAYS,
            added: Added { imposed, ..identity.added.clone() },
            ..identity.clone()
        };
        let mut with = without.clone();
        with.added.assignments.push(assigned.clone());
        let mut moment = assigned.validity.from.map_or(now, |from| from.max(now));
        for _ in 0..MOST_MOMENTS {
            if assigned.validity.at(moment) != Moment::Within {
                return None;
            }
            let (before, after) = (self.memberships(&without, moment), self.memberships(&with, moment));
            let new = after.excluded.iter().find(|(loser, winner)| before.excluded.get(*loser) != Some(winner));
            if let Some((loser, winner)) = new {
                return Some(self.exclude(loser, winner, moment));
            }
            moment = after.next_change?;
        }
        None
    }

    fn exclude(&self, loser: &RoleName, winner: &RoleName, at: Timestamp) -> Exclusion {
        let roles = &self.configuration().roles;
        let says = roles.get(winner).is_some_and(|role| role.excludes.contains(loser));
        let declared_by = if says { winner } else { loser }.clone();
        Exclusion { winner: winner.clone(), loser: loser.clone(), at, declared_by }
    }
}

fn derived(origin: &Origin) -> Option<ListedOrigin> {
    match origin {
        Origin::Group(name) => Some(ListedOrigin::Group { name: name.clone() }),
        Origin::Rule => Some(ListedOrigin::Rule),
        Origin::Role(name) => Some(ListedOrigin::Role { name: name.clone() }),
        Origin::Direct | Origin::Assigned { .. } | Origin::Added { .. } => None,
    }
}
