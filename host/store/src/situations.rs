//! What goes into the store and comes out of it about accounts that nobody linked, cases and protection.

use crate::{CandidateQuestion, ClassOfTarget, PageRequest, StoreError};
use async_trait::async_trait;
use jiff::Timestamp;
use purser_model::access::Reach;
use purser_model::account::Account;
use purser_model::case::{Case, CaseDecision, CaseState};
use purser_model::id::{AccountId, CaseId, IdentityId, SourceName, TargetName};
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
    /// Only within this.
    pub reach: Reach,
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

/// Who accounts belong to: cases, links that a person makes, protection, and accounts of nobody.
#[async_trait]
pub trait Recognition: Send + Sync {
    /// Accounts that belong to nobody and answer at least one of the questions of one identity in one target; for each
    /// group of questions, in the order asked. A question brings at most fifty accounts; whether they answer the others of
    /// the group is always said.
    async fn candidates(&self, asked: Vec<Vec<CandidateQuestion>>) -> Result<Vec<Vec<FoundAccount>>, StoreError>;

    /// Wakes every identity that has no account in the target, those that have departed included.
    async fn wake_all_without_account(&self, target: &TargetName) -> Result<u64, StoreError>;

    /// When an operation on this account last ended well; none where it is not known, or none did.
    async fn written_at(&self, class: &ClassOfTarget, remote_id: &str) -> Result<Option<Timestamp>, StoreError>;

    /// Cases in order of id.
    async fn cases(&self, filter: CaseFilter, page: PageRequest<CaseId>) -> Result<Vec<Case>, StoreError>;

    /// One case.
    async fn case(&self, id: CaseId) -> Result<Case, StoreError>;

    /// Keeps what a person decided and wakes the identity. A link is written at once, and closes the case.
    ///
    /// # Errors
    /// [`StoreError::Refused`] where the case is closed, the account is not among its candidates, or as
    /// [`Recognition::link_account`].
    async fn decide_case(&self, id: CaseId, decision: CaseDecision, now: Timestamp) -> Result<Case, StoreError>;

    /// Links an account to an identity, because a person says so, and wakes the identity.
    ///
    /// # Errors
    /// [`StoreError::Refused`] where the account is protected, not in the target, busy or linked, or the identity has
    /// another account there.
    async fn link_account(&self, account: AccountId, identity: IdentityId, now: Timestamp) -> Result<(), StoreError>;

    /// Takes an account from its identity, because a person says so, and wakes the identity. It is not given back without
    /// asking; one that is not in the target is forgotten.
    ///
    /// # Errors
    /// [`StoreError::Refused`] where the account is not linked, protected or busy.
    async fn unlink_account(&self, account: AccountId, now: Timestamp) -> Result<(), StoreError>;

    /// Keeps which accounts are protected. What waits for an account that is protected now is taken out of the queue.
    async fn change_protection(&self, changes: Vec<ProtectionChange>, now: Timestamp) -> Result<(), StoreError>;

    /// Accounts of a class that belong to nobody, that no identity matches, and that a run has seen, in order of id.
    async fn unmatched(
        &self,
        class: &ClassOfTarget,
        run_number: i64,
        page: PageRequest<AccountId>,
    ) -> Result<Vec<Account>, StoreError>;

    /// Why it cannot be concluded now that the unmatched accounts of a target belong to nobody; empty where it can.
    async fn unmatched_doubts(&self, target: &TargetName, sources: Vec<SourceName>) -> Result<Vec<String>, StoreError>;

    /// Writes intents for accounts that belong to nobody. One that is not as it was seen, or has an operation waiting or
    /// under way, is left out. Returns how many were written.
    async fn enqueue_unmatched(
        &self,
        target: &TargetName,
        wanted: Vec<UnmatchedOperation>,
        now: Timestamp,
    ) -> Result<u64, StoreError>;
}
