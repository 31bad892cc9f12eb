//! The port that says what must be kept, and which changes belong together.
//!
//! Every method of [`Store`] is one transaction. That is the point of the port: a state change and what follows from it
//! (a wake-up, an event, the intents of a plan) are one method, so no adapter can tear them apart, and no transaction can
//! be open during a connector call. Times are given by the caller; ids come from the [`purser_model::id::Ids`] that the
//! adapter was opened with.

mod access;
mod additions;
mod audit;
mod held;
mod insight;
mod interruptions;
mod limits;
mod plans;
mod records;
mod requests;
mod restored;
mod scim;
mod secrets;
mod situations;
mod upgrades;
mod webhooks;

pub use access::*;
pub use additions::*;
pub use audit::*;
pub use held::*;
pub use insight::*;
pub use interruptions::*;
pub use limits::*;
pub use plans::*;
pub use records::*;
pub use requests::*;
pub use restored::*;
pub use scim::*;
pub use secrets::*;
pub use situations::*;
pub use upgrades::*;
pub use webhooks::*;

use async_trait::async_trait;
use jiff::Timestamp;
use purser_model::access::Reach;
use purser_model::account::{Account, Entitlement};
use purser_model::audit::{AuditHead, AuditRow};
use purser_model::id::{AccountId, IdentityId, OperationId, RunId, SourceName, TargetName};
use purser_model::identity::{Identity, IdentityRecord};
use purser_model::object::Digest;
use purser_model::operation::Operation;
use purser_model::quarantine::{Breaker, QuarantinedOperation, QuarantinedTarget};
use purser_model::run::{Checkpoint, Run, RunKind};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Why the store could not do it. Nothing of the transaction was kept.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Two records of one listing have the same key.
    #[error("the source lists the key `{key}` twice; keys must be unique, so nothing was changed")]
    DuplicateKey {
        /// The key.
        key: String,
    },
    /// What was asked for is not there.
    #[error("no {what} `{id}`")]
    NotFound {
        /// Which kind of thing.
        what: &'static str,
        /// Its id.
        id: String,
    },
    /// It is not done, and nothing is wrong with the store.
    #[error("{what} `{id}`: {reason}")]
    Refused {
        /// Which kind of thing.
        what: &'static str,
        /// Its id.
        id: String,
        /// Why, and what to do.
        reason: String,
    },
    /// What is kept cannot be read as what it should be: the file was changed by somebody else, or is damaged.
    #[error("the store holds a {what} that cannot be read: {reason}")]
    Damaged {
        /// Which kind of thing.
        what: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// Events after a sequence number were asked for, and some of them are not kept any more.
    #[error(
        "events after {after} are not all kept: the oldest that is kept is {oldest}; read the present state anew and go on from there"
    )]
    EventsGone {
        /// What was asked for.
        after: u64,
        /// The oldest that is kept.
        oldest: u64,
    },
    /// A client of the SCIM server asked for what cannot be.
    #[error(transparent)]
    Scim(#[from] ScimRefusal),
    /// The engine below failed.
    #[error("the store failed: {0}")]
    Failed(String),
}

/// What must be kept.
#[async_trait]
pub trait Store:
    Access
    + StoreCopies
    + Additions
    + Insight
    + Interruptions
    + Limits
    + Plans
    + Recognition
    + Repeatable
    + Upgrades
    + ScimResources
    + SealedSecrets
    + WebhookLetters
    + Send
    + Sync
{
    // On whose behalf

    /// The same store, where what changes is audited as part of this activity, such as `import of hr`.
    fn during(&self, activity: &str) -> Arc<dyn Store>;

    /// The same store, where what changes is audited as done through this connector: `name@version` and its digest.
    fn through(&self, connector: &str) -> Arc<dyn Store>;

    /// The same store for whoever only looks at a target: what is seen is recorded, and whom that would wake is put off until
    /// [`Store::wake_put_off`].
    fn only_looking_at(&self, target: &TargetName) -> Arc<dyn Store>;

    // Runs

    /// Begins a run, or takes up the unfinished one of the same kind and subject at its checkpoint. An unfinished one that was
    /// asked to stop is ended first, and a new one begins.
    async fn begin_run(&self, kind: RunKind, subject: &str, now: Timestamp) -> Result<Begun, StoreError>;

    /// Ends a run. What an import staged is dropped. With one that was stopped ends the job that it belongs to; one that has
    /// ended already stays as it is.
    async fn end_run(&self, run: RunId, ending: RunEnding, now: Timestamp) -> Result<Run, StoreError>;

    /// One run.
    async fn run(&self, id: RunId) -> Result<Run, StoreError>;

    /// Runs, newest first.
    async fn runs(&self, reach: &Reach, page: PageRequest<RunId>) -> Result<Vec<Run>, StoreError>;

    // Import

    /// Keeps a page of records aside, with the checkpoint after it. Nothing is accepted yet.
    ///
    /// # Errors
    /// [`StoreError::DuplicateKey`] where the run has staged the key before.
    async fn stage_records(
        &self,
        run: RunId,
        records: Vec<IdentityRecord>,
        checkpoint: Checkpoint,
    ) -> Result<(), StoreError>;

    /// What accepting the staged records would do.
    async fn weigh_staged(&self, run: RunId, source: &SourceName) -> Result<StagedWeight, StoreError>;

    /// Accepts the staged records: new and changed identities, and, where `absence_means_departed`, the departure of those
    /// not staged. Each change brings its event and its wake-up.
    async fn accept_staged(
        &self,
        run: RunId,
        source: &SourceName,
        absence_means_departed: bool,
        now: Timestamp,
    ) -> Result<StagedWeight, StoreError>;

    /// Accepts one record at once: row, event and wake-up.
    async fn accept_record(
        &self,
        source: &SourceName,
        record: IdentityRecord,
        now: Timestamp,
    ) -> Result<Accepted, StoreError>;

    // Identities, accounts

    /// One identity.
    async fn identity(&self, id: IdentityId) -> Result<Identity, StoreError>;

    /// Identities in order of id.
    async fn identities(
        &self,
        filter: IdentityFilter,
        page: PageRequest<IdentityId>,
    ) -> Result<Vec<Identity>, StoreError>;

    /// Accounts in order of id.
    async fn accounts(&self, filter: AccountFilter, page: PageRequest<AccountId>) -> Result<Vec<Account>, StoreError>;

    /// One account.
    async fn account(&self, id: AccountId) -> Result<Account, StoreError>;

    /// The entitlements of a target that a declaration names.
    async fn declared_entitlements(&self, target: &TargetName) -> Result<Vec<Entitlement>, StoreError>;

    /// How many accounts are in which situation, by target.
    async fn situations(&self) -> Result<Vec<SituationCount>, StoreError>;

    // Planning

    /// Wakes every identity, because what is declared changed.
    async fn wake_everyone(&self) -> Result<u64, StoreError>;

    /// Wakes these identities.
    async fn wake_these(&self, identities: Vec<IdentityId>) -> Result<(), StoreError>;

    /// The declarations that were taken up last, as they were given to [`Store::keep_declarations`].
    async fn kept_declarations(&self) -> Result<Option<KeptDeclarations>, StoreError>;

    /// Takes declarations up, after the identities that they touch were woken; one event says how many that were.
    async fn keep_declarations(&self, kept: KeptDeclarations, woken: u64, now: Timestamp) -> Result<(), StoreError>;

    /// Wakes the identities that have not departed and have no account in the target.
    async fn wake_without_account(&self, target: &TargetName) -> Result<u64, StoreError>;

    /// Wakes the identities with an operation in the target that is quarantined, was cancelled, or was refused since the last completed
    /// reconciliation began: the next one tries again.
    async fn wake_refused(&self, target: &TargetName) -> Result<u64, StoreError>;

    /// Wakes whom those put off that only looked at this target. Returns how many.
    async fn wake_put_off(&self, target: &TargetName) -> Result<u64, StoreError>;

    /// Wakes the identities whose time to be looked at again has come.
    async fn wake_due(&self, now: Timestamp) -> Result<u64, StoreError>;

    /// The earliest time at which an identity is to be looked at again because of time alone.
    async fn next_due(&self) -> Result<Option<Timestamp>, StoreError>;

    /// Accounts that are there and that nobody grants, in order of id, without what they hold.
    async fn leaving(&self, reach: &Reach, page: PageRequest<AccountId>) -> Result<Vec<Account>, StoreError>;

    /// An account that leaves is not deleted until somebody has granted it again. Its identity is woken, so that a delete
    /// that waits is planned anew.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where the account is not known, or does not leave.
    async fn cancel_deletion(&self, account: AccountId, now: Timestamp) -> Result<(), StoreError>;

    /// The oldest wake-ups.
    async fn wakes(&self, limit: u32) -> Result<Vec<Wake>, StoreError>;

    /// The sequence number of the newest wake-up.
    async fn newest_wake(&self) -> Result<Option<i64>, StoreError>;

    /// Wake-ups of identities that have an account somewhere, in order, after one sequence number and up to another.
    async fn wakes_of_holders(&self, after: i64, up_to: i64, limit: u32) -> Result<Vec<Wake>, StoreError>;

    /// What is known of these identities and their accounts, in the order asked; those that are not there are left out.
    async fn snapshots(&self, identities: Vec<IdentityId>) -> Result<Vec<StoredSnapshot>, StoreError>;

    /// The account that each identity has in a target, without what it holds, in the order asked.
    async fn referred(&self, questions: Vec<ReferenceQuestion>) -> Result<Vec<Option<Account>>, StoreError>;

    /// Which of these values belong to accounts of others, or will by operations that are not done yet, for each question in
    /// the order asked.
    async fn taken(&self, questions: Vec<TakenQuestion>) -> Result<Vec<Vec<String>>, StoreError>;

    /// Turns planned items into operations: checks each item's precondition, links what is adopted, takes waiting
    /// operations that the plan replaces out of the queue, writes the intents and settles the wake-ups. What planning
    /// found among accounts that belong to nobody becomes their situation, and opens, changes or closes cases. The values
    /// that an item claims are the account's from then on, until its identity is planned again without them.
    ///
    /// Held items are kept for a person to decide; those of the identity that are not held again are dropped, except by a
    /// stored plan. A waiting operation that a person approved is replaced by one that is approved as well.
    ///
    /// An item whose precondition no longer holds is returned in [`Enqueued::stale`] and nothing of it is kept. An item
    /// whose account has an operation under way is put off: the identity is woken when that operation ends.
    async fn enqueue(&self, requests: Vec<EnqueueRequest>, now: Timestamp) -> Result<Enqueued, StoreError>;

    /// How many accounts lose something, those asked about included.
    async fn weigh_takings(&self, question: TakingQuestion) -> Result<TakingWeight, StoreError>;

    /// How many linked accounts of a target can be used, or could be until what was taken since then; at most `enough`.
    async fn count_usable(&self, target: &TargetName, since: Timestamp, enough: u64) -> Result<u64, StoreError>;

    /// Held items, in order of their accounts' ids.
    async fn held(&self, filter: HeldFilter, page: PageRequest<AccountId>) -> Result<Vec<Held>, StoreError>;

    /// The held items of these identities.
    async fn held_of(&self, identities: Vec<IdentityId>) -> Result<Vec<Held>, StoreError>;

    /// How many held items nobody has decided on.
    async fn held_count(&self) -> Result<u64, StoreError>;

    /// Decides on held items. What is approved is enqueued where its precondition still holds; where not, it is named and
    /// its identity is woken. In the targets of `apart` nobody approves what they asked for themselves.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where one is not held, [`StoreError::Refused`] where another person must approve; then nothing
    /// is decided.
    async fn decide_held(
        &self,
        accounts: Vec<AccountId>,
        decision: Decision,
        apart: BTreeSet<TargetName>,
        now: Timestamp,
    ) -> Result<HeldDecided, StoreError>;

    /// Writes the intents to create entitlements that are declared and not found.
    async fn enqueue_entitlements(
        &self,
        target: &TargetName,
        wanted: Vec<EntitlementToCreate>,
        now: Timestamp,
    ) -> Result<u64, StoreError>;

    // Executing

    /// After a start: what was in flight has an unknown end. Returns how many.
    async fn recover(&self, now: Timestamp) -> Result<u64, StoreError>;

    /// Takes operations of a target that are due, at most one per object, and marks them in flight. What takes away is
    /// recorded here, before the call.
    async fn lease(&self, target: &TargetName, limit: u32, now: Timestamp) -> Result<Vec<Leased>, StoreError>;

    /// As [`Store::lease`], but only what serves this identity, and entitlements that are to be created first.
    async fn lease_of(
        &self,
        target: &TargetName,
        identity: IdentityId,
        limit: u32,
        now: Timestamp,
    ) -> Result<Vec<Leased>, StoreError>;

    /// Operations of a target whose end is not known, and that are to be observed now.
    async fn unknown(&self, target: &TargetName, limit: u32, now: Timestamp) -> Result<Vec<Leased>, StoreError>;

    /// Records how operations ended and what was seen of their objects.
    async fn record(&self, recordings: Vec<Recording>, now: Timestamp) -> Result<(), StoreError>;

    /// What waits in a target's queue.
    async fn queue(&self, target: &TargetName, now: Timestamp) -> Result<QueueState, StoreError>;

    /// The breaker of a target.
    async fn breaker(&self, target: &TargetName) -> Result<Breaker, StoreError>;

    /// The breakers that are not closed.
    async fn resting(&self) -> Result<Vec<QuarantinedTarget>, StoreError>;

    /// Keeps the breaker of a target. Where it closes, the identities are woken whose accounts could not be read meanwhile.
    async fn keep_breaker(&self, target: &TargetName, breaker: Breaker, now: Timestamp) -> Result<(), StoreError>;

    /// Operations that are quarantined, the oldest first.
    async fn quarantined(&self, limit: u32) -> Result<Vec<QuarantinedOperation>, StoreError>;

    /// Lets a quarantined operation be tried at once.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where it is not quarantined.
    async fn release(&self, operation: OperationId, now: Timestamp) -> Result<(), StoreError>;

    /// One operation.
    async fn operation(&self, id: OperationId) -> Result<Operation, StoreError>;

    /// Operations, newest first.
    async fn operations(
        &self,
        filter: OperationFilter,
        page: PageRequest<OperationId>,
    ) -> Result<Vec<Operation>, StoreError>;

    // Reconciling

    /// The digests of the objects with these primary ids, by id, as they were last seen; none of what was changed since.
    async fn digests(
        &self,
        class: &ClassOfTarget,
        remote_ids: Vec<String>,
    ) -> Result<BTreeMap<String, Option<Digest>>, StoreError>;

    /// Of objects that are seen now, by primary id and digest: the numbers of those that are known to be so, each in its place. By
    /// its number an object is marked as seen.
    async fn as_they_were(
        &self,
        class: &ClassOfTarget,
        seen: Vec<(String, Digest)>,
    ) -> Result<Vec<Option<i64>>, StoreError>;

    /// Records one page: what was seen unchanged, what was seen changed, the checkpoint after it and the counts so far.
    async fn record_page(&self, page: ObservedPage, now: Timestamp) -> Result<(), StoreError>;

    /// Records one object that was read by itself.
    async fn record_observation(
        &self,
        class: &ClassOfTarget,
        observation: Observation,
        now: Timestamp,
    ) -> Result<(), StoreError>;

    /// The primary ids of the objects of a class that a run has not seen, in order, after this one.
    async fn unseen(
        &self,
        class: &ClassOfTarget,
        run_number: i64,
        after: Option<String>,
        limit: u32,
    ) -> Result<Vec<String>, StoreError>;

    /// Records that objects are gone for certain: a linked account becomes missing and its identity is woken, what belongs
    /// to nobody is forgotten.
    async fn record_gone(
        &self,
        class: &ClassOfTarget,
        remote_ids: Vec<String>,
        now: Timestamp,
    ) -> Result<(), StoreError>;

    /// The account with this primary id.
    async fn account_by_remote_id(&self, class: &ClassOfTarget, remote_id: &str)
    -> Result<Option<Account>, StoreError>;

    // Change feeds

    /// The cursors from which a target's change feeds go on, by class.
    async fn change_cursors(&self, target: &TargetName) -> Result<BTreeMap<String, String>, StoreError>;

    /// Keeps cursors from which change feeds go on, by class.
    async fn keep_change_cursors(
        &self,
        target: &TargetName,
        cursors: BTreeMap<String, String>,
        now: Timestamp,
    ) -> Result<(), StoreError>;

    /// Forgets a cursor that the target does not know any more.
    async fn forget_change_cursor(&self, target: &TargetName, class: &str) -> Result<(), StoreError>;

    /// Records one page of changes and moves the cursor behind it.
    async fn record_changes(&self, changes: ObservedChanges, now: Timestamp) -> Result<(), StoreError>;

    // Regular jobs

    /// The jobs that are known, by name.
    async fn jobs(&self) -> Result<Vec<JobState>, StoreError>;

    /// The state of a job; one that is not known yet begins now, so that no earlier slot counts as missed.
    async fn know_job(&self, name: &str, now: Timestamp) -> Result<JobState, StoreError>;

    /// Begins a job if its slots are still done until `known`: all slots up to `now` are done with this run. False says that
    /// another host was faster.
    async fn begin_job(&self, name: &str, known: Timestamp, now: Timestamp) -> Result<bool, StoreError>;

    /// Notes how a job ended.
    async fn end_job(&self, name: &str, result: &str, now: Timestamp) -> Result<(), StoreError>;

    // Small things

    /// A setting.
    async fn setting(&self, key: &str) -> Result<Option<String>, StoreError>;

    /// Keeps a setting. One that changes is an event and is audited with its value: secrets are no settings.
    async fn keep_setting(&self, key: &str, value: &str, now: Timestamp) -> Result<(), StoreError>;

    /// Notes which declarations are in force, as digests of their files by name. Returns whether they differ from the last.
    async fn note_declarations(&self, files: BTreeMap<String, String>, now: Timestamp) -> Result<bool, StoreError>;

    /// A value of a connector's own state.
    async fn guest_state(&self, subject: &str, key: &str) -> Result<Option<Vec<u8>>, StoreError>;

    /// Keeps (or, with none, removes) a value of a connector's own state.
    async fn keep_guest_state(&self, subject: &str, key: &str, value: Option<Vec<u8>>) -> Result<(), StoreError>;

    /// Bytes of state that a subject keeps, keys included.
    async fn guest_state_size(&self, subject: &str) -> Result<u64, StoreError>;

    // Events, audit, provisioning log

    /// Events after a sequence number, in order.
    ///
    /// # Errors
    /// [`StoreError::EventsGone`] where one of them is not kept any more: nobody misses an event without knowing.
    async fn events(&self, after: u64, limit: u32) -> Result<Vec<Event>, StoreError>;

    /// Which events are kept.
    async fn events_kept(&self) -> Result<EventsKept, StoreError>;

    /// Drops the events before this time. Returns how many.
    async fn prune_events(&self, before: Timestamp, now: Timestamp) -> Result<u64, StoreError>;

    /// Keeps which attributes of a target's classes are never shown in the audit log. Of a class that is not named here no
    /// attribute is shown.
    async fn keep_hidden(
        &self,
        target: &TargetName,
        classes: BTreeMap<String, BTreeSet<String>>,
    ) -> Result<(), StoreError>;

    /// Rows of the audit log.
    async fn audit(&self, filter: AuditFilter, page: AuditPage) -> Result<Vec<AuditRow>, StoreError>;

    /// The end of the audit log as it was signed last; none where nothing was ever written.
    async fn audit_head(&self) -> Result<Option<AuditHead>, StoreError>;

    /// Operations with what was asked, tried and done, in the order in which they were planned.
    async fn provisioning_log(&self, filter: LogFilter, page: LogPage) -> Result<Vec<LogEntry>, StoreError>;
}
