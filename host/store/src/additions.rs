//! What operators add to identities: assignments, members of groups, and states that are imposed.

use crate::{IdentityFilter, IdentityPlace, IdentitySort, PageRequest, StoreError};
use async_trait::async_trait;
use jiff::Timestamp;
use purser_model::assignment::{Assignment, Imposed, ImposedState, Reason};
use purser_model::id::{AssignmentId, GroupName, IdentityId, RoleName};
use purser_model::identity::{Identity, Validity};

/// An assignment to make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAssignment {
    /// To whom.
    pub identity: IdentityId,
    /// The identity's version for which it was found that nothing speaks against it.
    pub version: u64,
    /// What.
    pub role: RoleName,
    /// From when until when.
    pub validity: Validity,
    /// Why.
    pub reason: Reason,
}

/// What became of an assignment to make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AssignEnd {
    /// It is made.
    Made(Assignment),
    /// The identity has another version by now: look again.
    Changed,
    /// The identity has [`purser_model::assignment::MOST_ADDED`] already.
    TooMany,
    /// There is no such identity.
    NoIdentity,
}

/// A state to impose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewImposition {
    /// Which.
    pub state: ImposedState,
    /// From when until when.
    pub validity: Validity,
    /// Why.
    pub reason: Reason,
}

/// Which identities have something added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AddedFilter {
    /// An assignment, of any role.
    Assigned,
    /// An assignment of this role.
    Role(RoleName),
    /// A place in this group.
    Group(GroupName),
}

/// What operators add to identities. Each change is audited with the reason, is an event, counts as a change of the identity and wakes it.
#[async_trait]
pub trait Additions: Send + Sync {
    /// Makes assignments, each by itself: one that cannot be made does not keep the others back. The answers are in the order asked.
    async fn assign(&self, wanted: Vec<NewAssignment>, now: Timestamp) -> Result<Vec<AssignEnd>, StoreError>;

    /// One assignment that was made.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where there is none.
    async fn assignment(&self, id: AssignmentId) -> Result<Assignment, StoreError>;

    /// Takes an assignment away. One that has ended goes too.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where there is none.
    async fn end_assignment(&self, id: AssignmentId, reason: Option<Reason>, now: Timestamp) -> Result<(), StoreError>;

    /// Puts an identity into a group. Whether it was not in it by this before.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where there is no such identity, [`StoreError::Refused`] where it is in too many.
    async fn add_to_group(
        &self,
        group: &GroupName,
        identity: IdentityId,
        reason: Reason,
        now: Timestamp,
    ) -> Result<bool, StoreError>;

    /// Takes an identity out of a group that it was put into.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where it was not.
    async fn take_from_group(
        &self,
        group: &GroupName,
        identity: IdentityId,
        reason: Option<Reason>,
        now: Timestamp,
    ) -> Result<(), StoreError>;

    /// Imposes a state on an identity, in the place of what was imposed of this state before.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where there is no such identity.
    async fn impose(&self, identity: IdentityId, wanted: NewImposition, now: Timestamp) -> Result<Imposed, StoreError>;

    /// Lifts a state that was imposed.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where it was not.
    async fn lift(
        &self,
        identity: IdentityId,
        state: ImposedState,
        reason: Option<Reason>,
        now: Timestamp,
    ) -> Result<(), StoreError>;

    /// Identities in an order of their own. A place of another order is no place: the list begins anew.
    async fn sorted_identities(
        &self,
        filter: IdentityFilter,
        sort: IdentitySort,
        page: PageRequest<IdentityPlace>,
    ) -> Result<Vec<Identity>, StoreError>;

    /// These identities, in the order asked; those that are not there are left out.
    async fn these_identities(&self, ids: Vec<IdentityId>) -> Result<Vec<Identity>, StoreError>;

    /// Identities that have something added, in order of id.
    async fn identities_with(
        &self,
        filter: AddedFilter,
        page: PageRequest<IdentityId>,
    ) -> Result<Vec<Identity>, StoreError>;
}
