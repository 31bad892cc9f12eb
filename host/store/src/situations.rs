//! What goes into the store and comes out of it about accounts that nobody linked, cases and protection.

use purser_model::account::Account;
use purser_model::case::CaseState;
use purser_model::id::{AccountId, IdentityId, TargetName};
use purser_model::object::Digest;
use purser_model::plan::PlannedOperation;
use std::collections::BTreeSet;

/// An account that belongs to nobody and answers questions of an identity.
#[derive(Debug, Clone, PartialEq)]
pub struct FoundAccount {
    /// The account.
    pub account: Account,
    /// The places of the questions that it answers.
    pub answers: BTreeSet<usize>,
    /// The identities that should have an account there and to which this one definitely belongs, as last planned.
    pub claimed_by: BTreeSet<IdentityId>,
    /// The identity that a person took it from.
    pub taken_from: Option<IdentityId>,
}

/// Which cases.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CaseFilter {
    /// In this target.
    pub target: Option<TargetName>,
    /// Of this identity.
    pub identity: Option<IdentityId>,
    /// In this state.
    pub state: Option<CaseState>,
}

/// What declarations say now about the protection of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProtectionChange {
    /// The account.
    pub account: AccountId,
    /// Why it is protected; none where it is not.
    pub because: Option<String>,
}

/// An operation on an account that belongs to nobody.
#[derive(Debug, Clone, PartialEq)]
pub struct UnmatchedOperation {
    /// The account.
    pub account: AccountId,
    /// The digest of what was seen of it.
    pub digest: Option<Digest>,
    /// What is done.
    pub operation: PlannedOperation,
}
