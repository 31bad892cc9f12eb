//! What operators add to identities: checked against the declarations, then kept.

use crate::engine::{Engine, EngineError};
use jiff::Timestamp;
use purser_model::assignment::{Assigned, Assignment, MOST_ADDED, Reason};
use purser_model::id::{AssignmentId, GroupName, IdentityId, RoleName};
use purser_model::identity::{Identity, Validity};
use purser_plan::Exclusion;
use purser_store::{AssignEnd, NewAssignment, Store, StoreError};
use std::collections::BTreeMap;

/// How often an assignment is checked anew because its identity changed meanwhile.
const ROUNDS: usize = 5;

/// An assignment that somebody wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WantedAssignment {
    /// To whom.
    pub identity: IdentityId,
    /// What.
    pub role: RoleName,
    /// From when until when.
    pub validity: Validity,
    /// Why.
    pub reason: Reason,
}

/// Why an assignment is not made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAssigned {
    /// There is no such identity.
    #[error("no identity `{0}`")]
    NoIdentity(IdentityId),
    /// There is no such role.
    #[error("no role `{0}` is declared")]
    NoRole(RoleName),
    /// Its window has ended.
    #[error("it would end at {0:.0}, which is past")]
    Past(Timestamp),
    /// Its window is none.
    #[error("it would end before it begins")]
    EndsBeforeItBegins,
    /// Two roles would be had that exclude each other.
    #[error("{0}; end the other assignment first, or choose another window")]
    Excluded(Exclusion),
    /// The identity has too many.
    #[error(
        "identity `{0}` has {MOST_ADDED} assignments already that have not ended; end some first, or declare a rule"
    )]
    TooMany(IdentityId),
    /// The identity changes all the time.
    #[error("identity `{0}` changed while this was looked at; try again")]
    Busy(IdentityId),
}

/// Whether a window can be had from now on.
///
/// # Errors
/// It ends before it begins, or has ended.
pub fn check_window(validity: &Validity, now: Timestamp) -> Result<(), NotAssigned> {
    match *validity {
        Validity { from: Some(from), until: Some(until) } if until <= from => Err(NotAssigned::EndsBeforeItBegins),
        Validity { until: Some(until), .. } if until <= now => Err(NotAssigned::Past(until)),
        _ => Ok(()),
    }
}

/// Identities as they would be with what was accepted so far.
#[derive(Default)]
struct Known(BTreeMap<IdentityId, Identity>);

impl Engine {
    /// Makes assignments, each by itself, on behalf of whom `store` writes for. The answers are in the order asked.
    ///
    /// One that would bring two roles together which exclude each other is refused, whichever of the two comes first and also
    /// where both are asked for at once: the store takes only what was checked against the present version of its identity.
    ///
    /// # Errors
    /// The store fails.
    pub async fn assign(
        &self,
        store: &dyn Store,
        wanted: Vec<WantedAssignment>,
    ) -> Result<Vec<Result<Assignment, NotAssigned>>, EngineError> {
        let mut answers: Vec<Option<Result<Assignment, NotAssigned>>> = vec![None; wanted.len()];
        for _ in 0..ROUNDS {
            let open: Vec<usize> = (0..wanted.len()).filter(|place| answers[*place].is_none()).collect();
            if open.is_empty() {
                break;
            }
            self.assign_round(store, &wanted, &open, &mut answers).await?;
        }
        self.tell_worker();
        let busy = |(answer, wanted): (Option<_>, &WantedAssignment)| {
            answer.unwrap_or(Err(NotAssigned::Busy(wanted.identity)))
        };
        Ok(answers.into_iter().zip(&wanted).map(busy).collect())
    }

    async fn assign_round(
        &self,
        store: &dyn Store,
        wanted: &[WantedAssignment],
        open: &[usize],
        answers: &mut [Option<Result<Assignment, NotAssigned>>],
    ) -> Result<(), EngineError> {
        let now = self.clock.now();
        let ids = open.iter().map(|place| wanted[*place].identity).collect();
        let identities = self.store.these_identities(ids).await?;
        let mut known = Known(identities.into_iter().map(|identity| (identity.id, identity)).collect());
        let (mut places, mut accepted) = (Vec::new(), Vec::new());
        for place in open.iter().copied() {
            match self.check(&wanted[place], &mut known, now) {
                Ok(new) => {
                    places.push(place);
                    accepted.push(new);
                }
                Err(refusal) => answers[place] = Some(Err(refusal)),
            }
        }
        let ends = store.assign(accepted, now).await?;
        for (place, end) in places.into_iter().zip(ends) {
            let identity = wanted[place].identity;
            answers[place] = match end {
                AssignEnd::Made(assignment) => Some(Ok(assignment)),
                AssignEnd::TooMany => Some(Err(NotAssigned::TooMany(identity))),
                AssignEnd::NoIdentity => Some(Err(NotAssigned::NoIdentity(identity))),
                AssignEnd::Changed => None,
            };
        }
        Ok(())
    }

    /// Checks one against the identity as it is with those accepted before it, and counts it among them.
    fn check(
        &self,
        wanted: &WantedAssignment,
        known: &mut Known,
        now: Timestamp,
    ) -> Result<NewAssignment, NotAssigned> {
        let WantedAssignment { identity: id, role, validity, reason } = wanted.clone();
        check_window(&validity, now)?;
        if !self.rules.configuration().roles.contains_key(&role) {
            return Err(NotAssigned::NoRole(role));
        }
        let identity = known.0.get_mut(&id).ok_or(NotAssigned::NoIdentity(id))?;
        if identity.added.open_assignments(now) >= MOST_ADDED {
            return Err(NotAssigned::TooMany(id));
        }
        // Its own id is not known yet, and says nothing about what excludes what.
        let nameless = AssignmentId(id.0);
        let (by, at) = (String::new(), now);
        let assigned = Assigned { id: nameless, role: role.clone(), validity, reason: reason.clone(), by, at };
        if let Some(exclusion) = self.rules.exclusion(identity, &assigned, now) {
            return Err(NotAssigned::Excluded(exclusion));
        }
        let version = identity.version;
        identity.added.assignments.push(assigned);
        identity.version += 1;
        Ok(NewAssignment { identity: id, version, role, validity, reason })
    }

    /// Whether somebody can be put into this group.
    ///
    /// # Errors
    /// [`EngineError::NotDeclared`] where it is not declared, [`StoreError::Refused`] where its members follow from a rule.
    pub fn must_be_static(&self, name: &GroupName) -> Result<(), EngineError> {
        match self.declared_group(name)?.rule {
            None => Ok(()),
            Some(_) => {
                let reason = "its members follow from its rule; change the rule, or declare a group without one";
                Err(StoreError::Refused { what: "group", id: name.to_string(), reason: reason.to_owned() }.into())
            }
        }
    }
}
