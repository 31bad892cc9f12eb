//! The part of the port about who accounts belong to.

use crate::{SqliteStore, cases, execution, links, matching, protection, unmatched, wakes};
use async_trait::async_trait;
use jiff::Timestamp;
use purser_model::account::Account;
use purser_model::case::{Case, CaseDecision};
use purser_model::id::{AccountId, CaseId, IdentityId, SourceName, TargetName};
use purser_store::{
    CandidateQuestion, CaseFilter, ClassOfTarget, FoundAccount, PageRequest, ProtectionChange, Recognition, StoreError,
    UnmatchedOperation,
};

#[async_trait]
impl Recognition for SqliteStore {
    async fn candidates(&self, asked: Vec<Vec<CandidateQuestion>>) -> Result<Vec<Vec<FoundAccount>>, StoreError> {
        self.connections.read(move |connection| matching::candidates(connection, &asked)).await
    }

    async fn wake_all_without_account(&self, target: &TargetName) -> Result<u64, StoreError> {
        let target = target.clone();
        self.connections.write(move |tx| wakes::wake_all_without_account(tx, &target)).await
    }

    async fn written_at(&self, class: &ClassOfTarget, remote_id: &str) -> Result<Option<Timestamp>, StoreError> {
        let (class, remote_id) = (class.clone(), remote_id.to_owned());
        self.connections.read(move |connection| execution::written_at(connection, &class, &remote_id)).await
    }

    async fn cases(&self, filter: CaseFilter, page: PageRequest<CaseId>) -> Result<Vec<Case>, StoreError> {
        self.connections.read(move |connection| cases::list(connection, &filter, page)).await
    }

    async fn case(&self, id: CaseId) -> Result<Case, StoreError> {
        self.connections.read(move |connection| cases::one(connection, id)).await
    }

    async fn decide_case(&self, id: CaseId, decision: CaseDecision, now: Timestamp) -> Result<Case, StoreError> {
        self.connections.write(move |tx| cases::decide(tx, id, decision, now)).await
    }

    async fn link_account(&self, account: AccountId, identity: IdentityId, now: Timestamp) -> Result<(), StoreError> {
        self.connections.write(move |tx| links::link(tx, account, identity, now)).await
    }

    async fn unlink_account(&self, account: AccountId, now: Timestamp) -> Result<(), StoreError> {
        self.connections.write(move |tx| links::unlink(tx, account, now)).await
    }

    async fn change_protection(&self, changes: Vec<ProtectionChange>, now: Timestamp) -> Result<(), StoreError> {
        self.connections.write(move |tx| protection::change(tx, &changes, now)).await
    }

    async fn unmatched(
        &self,
        class: &ClassOfTarget,
        run_number: i64,
        page: PageRequest<AccountId>,
    ) -> Result<Vec<Account>, StoreError> {
        let class = class.clone();
        self.connections.read(move |connection| unmatched::list(connection, &class, run_number, page)).await
    }

    async fn unmatched_doubts(&self, target: &TargetName, sources: Vec<SourceName>) -> Result<Vec<String>, StoreError> {
        let target = target.clone();
        self.connections.read(move |connection| unmatched::doubts(connection, &target, &sources)).await
    }

    async fn enqueue_unmatched(
        &self,
        target: &TargetName,
        wanted: Vec<UnmatchedOperation>,
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        let (ids, target) = (self.ids.clone(), target.clone());
        self.connections.write(move |tx| unmatched::enqueue(tx, &ids, &target, &wanted, now)).await
    }
}
