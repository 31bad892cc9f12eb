//! Keeps the state in one SQLite file.
//!
//! One thread writes, each method of the port in one `IMMEDIATE` transaction; readers work beside it (WAL). A commit is
//! durable when it returns (`synchronous = FULL`), because an intent must be on disk before the call that it announces.

mod access;
mod additions;
mod audit;
mod cases;
mod changes;
mod claims;
mod connection;
mod copies;
mod details;
mod events;
mod execution;
mod failure;
mod fingerprints;
mod held;
mod hidden;
mod identities;
mod import;
mod insight;
mod interruptions;
mod jobs;
mod links;
mod listing;
mod log;
mod matching;
mod observation;
mod planning;
mod plans;
mod protection;
mod quarantine;
mod recognition;
mod references;
mod requests;
mod restored;
mod rows;
mod runs;
mod scim;
mod secrets;
mod seen;
mod small;
mod together;
mod transaction;
mod unmatched;
mod upgrades;
mod wakes;
mod webhooks;

use async_trait::async_trait;
use connection::Connections;
pub use connection::OpenError;
pub use copies::{Unsound, check_file, facts_of, newest_schema, settle};
use jiff::Timestamp;
use purser_model::access::Reach;
use purser_model::account::{Account, Entitlement};
use purser_model::audit::{AuditHead, AuditRow};
use purser_model::id::{AccountId, IdentityId, Ids, OperationId, RunId, SourceName, TargetName};
use purser_model::identity::{Identity, IdentityRecord};
use purser_model::object::Digest;
use purser_model::operation::Operation;
use purser_model::quarantine::{Breaker, QuarantinedOperation, QuarantinedTarget};
use purser_model::run::{Checkpoint, Run, RunKind};
use purser_store::*;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use transaction::Access;

/// The state of one host in one SQLite file.
#[derive(Clone)]
pub struct SqliteStore {
    connections: Access,
    ids: Arc<Ids>,
}

impl SqliteStore {
    /// Opens the file, makes it where it is missing, and brings its tables up to date.
    ///
    /// # Errors
    /// The file cannot be opened, was written by a newer Purser, or the SQLite library is too old to be safe.
    pub fn open(file: &Path, ids: Arc<Ids>) -> Result<Self, OpenError> {
        Ok(Self::over(Connections::open(file)?, ids))
    }

    /// Opens a file that is there for reading only, beside the process that works with it.
    ///
    /// # Errors
    /// The file is not there, or was written by another version of Purser.
    pub fn open_for_reading(file: &Path) -> Result<Self, OpenError> {
        // Nothing is written, so no id is ever made.
        Ok(Self::over(Connections::open_for_reading(file)?, Arc::new(Ids::new([0; 32]))))
    }

    fn over(connections: Connections, ids: Arc<Ids>) -> Self {
        Self { connections: Access { connections: Arc::new(connections), author: Arc::default() }, ids }
    }
}

#[async_trait]
impl Store for SqliteStore {
    fn during(&self, activity: &str) -> Arc<dyn Store> {
        let activity = Some(activity.to_owned());
        Arc::new(Self {
            connections: self.connections.with(|author| author.activity = activity),
            ids: self.ids.clone(),
        })
    }

    fn through(&self, connector: &str) -> Arc<dyn Store> {
        let connector = Some(connector.to_owned());
        Arc::new(Self {
            connections: self.connections.with(|author| author.connector = connector),
            ids: self.ids.clone(),
        })
    }

    fn only_looking_at(&self, target: &TargetName) -> Arc<dyn Store> {
        let target = Some(target.clone());
        Arc::new(Self {
            connections: self.connections.with(|author| author.only_looks_at = target),
            ids: self.ids.clone(),
        })
    }

    async fn begin_run(&self, kind: RunKind, subject: &str, now: Timestamp) -> Result<Begun, StoreError> {
        let (ids, subject) = (self.ids.clone(), subject.to_owned());
        self.connections.write(move |tx| runs::begin(tx, &ids, kind, &subject, now)).await
    }

    async fn end_run(&self, run: RunId, ending: RunEnding, now: Timestamp) -> Result<Run, StoreError> {
        self.connections.write(move |tx| runs::end(tx, run, &ending, now)).await
    }

    async fn run(&self, id: RunId) -> Result<Run, StoreError> {
        self.connections.read(move |connection| runs::one(connection, id)).await
    }

    async fn runs(&self, reach: &Reach, page: PageRequest<RunId>) -> Result<Vec<Run>, StoreError> {
        let reach = reach.clone();
        self.connections.read(move |connection| runs::list(connection, &reach, page)).await
    }

    async fn stage_records(
        &self,
        run: RunId,
        records: Vec<IdentityRecord>,
        checkpoint: Checkpoint,
    ) -> Result<(), StoreError> {
        self.connections.write(move |tx| import::stage(tx, run, &records, &checkpoint)).await
    }

    async fn weigh_staged(&self, run: RunId, source: &SourceName) -> Result<StagedWeight, StoreError> {
        let source = source.clone();
        self.connections.read(move |connection| import::weigh(connection, run, &source)).await
    }

    async fn accept_staged(
        &self,
        run: RunId,
        source: &SourceName,
        absence_means_departed: bool,
        now: Timestamp,
    ) -> Result<StagedWeight, StoreError> {
        let (ids, source) = (self.ids.clone(), source.clone());
        self.connections
            .write(move |tx| import::accept_staged(tx, &ids, run, &source, absence_means_departed, now))
            .await
    }

    async fn accept_record(
        &self,
        source: &SourceName,
        record: IdentityRecord,
        now: Timestamp,
    ) -> Result<Accepted, StoreError> {
        let (ids, source) = (self.ids.clone(), source.clone());
        self.connections.write(move |tx| import::accept_one(tx, &ids, &source, &record, now)).await
    }

    async fn identity(&self, id: IdentityId) -> Result<Identity, StoreError> {
        self.connections.read(move |connection| identities::one(connection, id)).await
    }

    async fn identities(
        &self,
        filter: IdentityFilter,
        page: PageRequest<IdentityId>,
    ) -> Result<Vec<Identity>, StoreError> {
        self.connections.read(move |connection| identities::list(connection, &filter, page)).await
    }

    async fn accounts(&self, filter: AccountFilter, page: PageRequest<AccountId>) -> Result<Vec<Account>, StoreError> {
        self.connections.read(move |connection| identities::accounts(connection, &filter, page)).await
    }

    async fn account(&self, id: AccountId) -> Result<Account, StoreError> {
        self.connections.read(move |connection| identities::account(connection, id)).await
    }

    async fn declared_entitlements(&self, target: &TargetName) -> Result<Vec<Entitlement>, StoreError> {
        let target = target.clone();
        self.connections.read(move |connection| identities::declared_entitlements(connection, &target)).await
    }

    async fn situations(&self) -> Result<Vec<SituationCount>, StoreError> {
        self.connections.read(identities::situations).await
    }

    async fn wake_everyone(&self) -> Result<u64, StoreError> {
        self.connections.write(wakes::wake_everyone).await
    }

    async fn wake_these(&self, identities: Vec<IdentityId>) -> Result<(), StoreError> {
        self.connections.write(move |tx| wakes::wake_these(tx, &identities)).await
    }

    async fn kept_declarations(&self) -> Result<Option<KeptDeclarations>, StoreError> {
        self.connections.read(plans::kept_declarations).await
    }

    async fn keep_declarations(&self, kept: KeptDeclarations, woken: u64, now: Timestamp) -> Result<(), StoreError> {
        self.connections.write(move |tx| plans::keep_declarations(tx, &kept, woken, now)).await
    }

    async fn wake_without_account(&self, target: &TargetName) -> Result<u64, StoreError> {
        let target = target.clone();
        self.connections.write(move |tx| wakes::wake_without_account(tx, &target)).await
    }

    async fn wake_refused(&self, target: &TargetName) -> Result<u64, StoreError> {
        let target = target.clone();
        self.connections.write(move |tx| wakes::wake_refused(tx, &target)).await
    }

    async fn wake_put_off(&self, target: &TargetName) -> Result<u64, StoreError> {
        let target = target.clone();
        self.connections.write(move |tx| wakes::wake_put_off(tx, &target)).await
    }

    async fn wake_due(&self, now: Timestamp) -> Result<u64, StoreError> {
        match self.next_due().await? {
            Some(at) if at <= now => self.connections.write(move |tx| wakes::wake_due(tx, now)).await,
            _ => Ok(0),
        }
    }

    async fn next_due(&self) -> Result<Option<Timestamp>, StoreError> {
        self.connections.read(wakes::next_due).await
    }

    async fn leaving(&self, reach: &Reach, page: PageRequest<AccountId>) -> Result<Vec<Account>, StoreError> {
        let reach = reach.clone();
        self.connections.read(move |connection| identities::leaving(connection, &reach, page)).await
    }

    async fn cancel_deletion(&self, account: AccountId, now: Timestamp) -> Result<(), StoreError> {
        self.connections.write(move |tx| planning::cancel_deletion(tx, account, now)).await
    }

    async fn wakes(&self, limit: u32) -> Result<Vec<Wake>, StoreError> {
        self.connections.read(move |connection| wakes::wakes(connection, limit)).await
    }

    async fn newest_wake(&self) -> Result<Option<i64>, StoreError> {
        self.connections.read(wakes::newest_wake).await
    }

    async fn wakes_of_holders(&self, after: i64, up_to: i64, limit: u32) -> Result<Vec<Wake>, StoreError> {
        self.connections.read(move |connection| wakes::wakes_of_holders(connection, after, up_to, limit)).await
    }

    async fn snapshots(&self, identities: Vec<IdentityId>) -> Result<Vec<StoredSnapshot>, StoreError> {
        self.connections.read(move |connection| planning::snapshots(connection, &identities)).await
    }

    async fn referred(&self, questions: Vec<ReferenceQuestion>) -> Result<Vec<Option<Account>>, StoreError> {
        self.connections.read(move |connection| references::referred(connection, &questions)).await
    }

    async fn taken(&self, questions: Vec<TakenQuestion>) -> Result<Vec<Vec<String>>, StoreError> {
        self.connections.read(move |connection| claims::taken(connection, &questions)).await
    }

    async fn enqueue(&self, requests: Vec<EnqueueRequest>, now: Timestamp) -> Result<Enqueued, StoreError> {
        let ids = self.ids.clone();
        self.connections.write(move |tx| planning::enqueue(tx, &ids, requests, now)).await
    }

    async fn weigh_takings(&self, question: TakingQuestion) -> Result<TakingWeight, StoreError> {
        self.connections.read(move |connection| held::weigh(connection, &question)).await
    }

    async fn count_usable(&self, target: &TargetName, since: Timestamp, enough: u64) -> Result<u64, StoreError> {
        let target = target.clone();
        self.connections.read(move |connection| held::usable(connection, &target, since, enough)).await
    }

    async fn held(&self, filter: HeldFilter, page: PageRequest<AccountId>) -> Result<Vec<Held>, StoreError> {
        self.connections.read(move |connection| held::list(connection, &filter, page)).await
    }

    async fn held_of(&self, identities: Vec<IdentityId>) -> Result<Vec<Held>, StoreError> {
        self.connections.read(move |connection| held::of(connection, &identities)).await
    }

    async fn held_count(&self) -> Result<u64, StoreError> {
        self.connections.read(held::count).await
    }

    async fn decide_held(
        &self,
        accounts: Vec<AccountId>,
        decision: Decision,
        apart: BTreeSet<TargetName>,
        now: Timestamp,
    ) -> Result<HeldDecided, StoreError> {
        let ids = self.ids.clone();
        self.connections.write(move |tx| held::decide(tx, &ids, &accounts, decision, &apart, now)).await
    }

    async fn enqueue_entitlements(
        &self,
        target: &TargetName,
        wanted: Vec<EntitlementToCreate>,
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        let (ids, target) = (self.ids.clone(), target.clone());
        self.connections.write(move |tx| planning::enqueue_entitlements(tx, &ids, &target, &wanted, now)).await
    }

    async fn recover(&self, now: Timestamp) -> Result<u64, StoreError> {
        self.connections.write(move |tx| execution::recover(tx, now)).await
    }

    async fn lease(&self, target: &TargetName, limit: u32, now: Timestamp) -> Result<Vec<Leased>, StoreError> {
        let target = target.clone();
        self.connections.write(move |tx| execution::lease(tx, &target, None, limit, now)).await
    }

    async fn lease_of(
        &self,
        target: &TargetName,
        identity: IdentityId,
        limit: u32,
        now: Timestamp,
    ) -> Result<Vec<Leased>, StoreError> {
        let target = target.clone();
        self.connections.write(move |tx| execution::lease(tx, &target, Some(identity), limit, now)).await
    }

    async fn unknown(&self, target: &TargetName, limit: u32, now: Timestamp) -> Result<Vec<Leased>, StoreError> {
        let target = target.clone();
        self.connections.read(move |connection| execution::unknown(connection, &target, limit, now)).await
    }

    async fn record(&self, recordings: Vec<Recording>, now: Timestamp) -> Result<(), StoreError> {
        let ids = self.ids.clone();
        self.connections.write(move |tx| execution::record(tx, &ids, &recordings, now)).await
    }

    async fn queue(&self, target: &TargetName, now: Timestamp) -> Result<QueueState, StoreError> {
        let target = target.clone();
        self.connections.read(move |connection| execution::queue(connection, &target, now)).await
    }

    async fn breaker(&self, target: &TargetName) -> Result<Breaker, StoreError> {
        let target = target.clone();
        self.connections.read(move |connection| quarantine::breaker(connection, &target)).await
    }

    async fn resting(&self) -> Result<Vec<QuarantinedTarget>, StoreError> {
        self.connections.read(quarantine::resting).await
    }

    async fn keep_breaker(&self, target: &TargetName, breaker: Breaker, now: Timestamp) -> Result<(), StoreError> {
        let target = target.clone();
        self.connections.write(move |tx| quarantine::keep_breaker(tx, &target, &breaker, now)).await
    }

    async fn quarantined(&self, limit: u32) -> Result<Vec<QuarantinedOperation>, StoreError> {
        self.connections.read(move |connection| quarantine::operations(connection, limit)).await
    }

    async fn release(&self, operation: OperationId, now: Timestamp) -> Result<(), StoreError> {
        self.connections.write(move |tx| quarantine::release(tx, operation, now)).await
    }

    async fn operation(&self, id: OperationId) -> Result<Operation, StoreError> {
        self.connections.read(move |connection| execution::one(connection, id)).await
    }

    async fn operations(
        &self,
        filter: OperationFilter,
        page: PageRequest<OperationId>,
    ) -> Result<Vec<Operation>, StoreError> {
        self.connections.read(move |connection| execution::list(connection, &filter, page)).await
    }

    async fn digests(
        &self,
        class: &ClassOfTarget,
        remote_ids: Vec<String>,
    ) -> Result<BTreeMap<String, Option<Digest>>, StoreError> {
        let class = class.clone();
        self.connections.read(move |connection| seen::digests(connection, &class, &remote_ids)).await
    }

    async fn as_they_were(
        &self,
        class: &ClassOfTarget,
        seen: Vec<(String, Digest)>,
    ) -> Result<Vec<Option<i64>>, StoreError> {
        let class = class.clone();
        self.connections.read_warm(move |connection| seen::as_they_were(connection, &class, &seen)).await
    }

    async fn record_page(&self, page: ObservedPage, now: Timestamp) -> Result<(), StoreError> {
        let ids = self.ids.clone();
        self.connections.write(move |tx| seen::record_page(tx, &ids, &page, now)).await
    }

    async fn record_observation(
        &self,
        class: &ClassOfTarget,
        observation: Observation,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let (ids, class) = (self.ids.clone(), class.clone());
        self.connections.write(move |tx| observation::record_one(tx, &ids, &class, &observation, now).map(|_| ())).await
    }

    async fn unseen(
        &self,
        class: &ClassOfTarget,
        run_number: i64,
        after: Option<String>,
        limit: u32,
    ) -> Result<Vec<String>, StoreError> {
        let class = class.clone();
        self.connections
            .read(move |connection| seen::unseen(connection, &class, run_number, after.as_deref(), limit))
            .await
    }

    async fn record_gone(
        &self,
        class: &ClassOfTarget,
        remote_ids: Vec<String>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let class = class.clone();
        self.connections.write(move |tx| observation::record_gone(tx, &class, &remote_ids, now)).await
    }

    async fn account_by_remote_id(
        &self,
        class: &ClassOfTarget,
        remote_id: &str,
    ) -> Result<Option<Account>, StoreError> {
        let (class, remote_id) = (class.clone(), remote_id.to_owned());
        self.connections.read(move |connection| seen::account_by_remote_id(connection, &class, &remote_id)).await
    }

    async fn change_cursors(&self, target: &TargetName) -> Result<BTreeMap<String, String>, StoreError> {
        let target = target.clone();
        self.connections.read(move |connection| changes::cursors(connection, &target)).await
    }

    async fn keep_change_cursors(
        &self,
        target: &TargetName,
        cursors: BTreeMap<String, String>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let target = target.clone();
        self.connections.write(move |tx| changes::keep_cursors(tx, &target, &cursors, now)).await
    }

    async fn forget_change_cursor(&self, target: &TargetName, class: &str) -> Result<(), StoreError> {
        let (target, class) = (target.clone(), class.to_owned());
        self.connections.write(move |tx| changes::forget_cursor(tx, &target, &class)).await
    }

    async fn record_changes(&self, changes: ObservedChanges, now: Timestamp) -> Result<(), StoreError> {
        let ids = self.ids.clone();
        self.connections.write(move |tx| changes::record(tx, &ids, &changes, now)).await
    }

    async fn jobs(&self) -> Result<Vec<JobState>, StoreError> {
        self.connections.read(jobs::all).await
    }

    async fn know_job(&self, name: &str, now: Timestamp) -> Result<JobState, StoreError> {
        let name = name.to_owned();
        self.connections.write(move |tx| jobs::know(tx, &name, now)).await
    }

    async fn begin_job(&self, name: &str, known: Timestamp, now: Timestamp) -> Result<bool, StoreError> {
        let name = name.to_owned();
        self.connections.write(move |tx| jobs::begin(tx, &name, known, now)).await
    }

    async fn end_job(&self, name: &str, result: &str, now: Timestamp) -> Result<(), StoreError> {
        let (name, result) = (name.to_owned(), result.to_owned());
        self.connections.write(move |tx| jobs::end(tx, &name, &result, now)).await
    }

    async fn setting(&self, key: &str) -> Result<Option<String>, StoreError> {
        let key = key.to_owned();
        self.connections.read(move |connection| small::setting(connection, &key)).await
    }

    async fn keep_setting(&self, key: &str, value: &str, now: Timestamp) -> Result<(), StoreError> {
        let (key, value) = (key.to_owned(), value.to_owned());
        self.connections.write(move |tx| small::keep_setting(tx, &key, &value, now)).await
    }

    async fn note_declarations(&self, files: BTreeMap<String, String>, now: Timestamp) -> Result<bool, StoreError> {
        self.connections.write(move |tx| small::note_declarations(tx, &files, now)).await
    }

    async fn guest_state(&self, subject: &str, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let (subject, key) = (subject.to_owned(), key.to_owned());
        self.connections.read(move |connection| small::guest_state(connection, &subject, &key)).await
    }

    async fn keep_guest_state(&self, subject: &str, key: &str, value: Option<Vec<u8>>) -> Result<(), StoreError> {
        let (subject, key) = (subject.to_owned(), key.to_owned());
        self.connections.write(move |tx| small::keep_guest_state(tx, &subject, &key, value.as_deref())).await
    }

    async fn guest_state_size(&self, subject: &str) -> Result<u64, StoreError> {
        let subject = subject.to_owned();
        self.connections.read(move |connection| small::guest_state_size(connection, &subject)).await
    }

    async fn events(&self, after: u64, limit: u32) -> Result<Vec<Event>, StoreError> {
        self.connections.read(move |connection| events::list(connection, after, limit)).await
    }

    async fn events_kept(&self) -> Result<EventsKept, StoreError> {
        self.connections.read(events::kept).await
    }

    async fn prune_events(&self, before: Timestamp, now: Timestamp) -> Result<u64, StoreError> {
        self.connections.write(move |tx| events::prune(tx, before, now)).await
    }

    async fn keep_hidden(
        &self,
        target: &TargetName,
        classes: BTreeMap<String, BTreeSet<String>>,
    ) -> Result<(), StoreError> {
        let asked = target.clone();
        if self.connections.read(move |connection| hidden::kept(connection, &asked)).await? == classes {
            return Ok(());
        }
        let target = target.clone();
        self.connections.write(move |tx| hidden::keep(tx, &target, &classes)).await
    }

    async fn audit(&self, filter: AuditFilter, page: AuditPage) -> Result<Vec<AuditRow>, StoreError> {
        self.connections.read(move |connection| audit::list(connection, &filter, &page)).await
    }

    async fn audit_head(&self) -> Result<Option<AuditHead>, StoreError> {
        self.connections.read(transaction::kept_head).await
    }

    async fn provisioning_log(&self, filter: LogFilter, page: LogPage) -> Result<Vec<LogEntry>, StoreError> {
        self.connections.read(move |connection| log::list(connection, &filter, &page)).await
    }
}
