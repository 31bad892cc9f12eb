//! What goes into the store and comes out of it.

use jiff::Timestamp;
use purser_model::access::Reach;
use purser_model::account::{Account, Entitlement, EntitlementKey, Situation};
use purser_model::case::{DecidedCase, Matches};
use purser_model::id::{AccountId, IdentityId, OperationId, PlanId, RunId, SourceName, TargetName};
use purser_model::identity::{Identity, LifecycleState};
use purser_model::manifest::ClassKind;
use purser_model::object::{Digest, Object};
use purser_model::operation::{Operation, OperationState};
use purser_model::plan::{PlanItem, PlanLine, PlannedOperation};
use purser_model::run::{Checkpoint, Run, RunState, StopAsked};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Where a list goes on, and how much of it is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageRequest<Id> {
    /// The last id of the former page.
    pub after: Option<Id>,
    /// In the opposite order.
    pub backwards: bool,
    /// Most entries.
    pub limit: u32,
}

impl<Id> PageRequest<Id> {
    /// The first page.
    pub fn first(limit: u32) -> Self {
        Self { after: None, backwards: false, limit }
    }
}

/// A run that was begun.
#[derive(Debug, Clone, PartialEq)]
pub struct Begun {
    /// The run.
    pub run: Run,
    /// Whether an interrupted run goes on.
    pub resumed: bool,
}

/// How a run ends.
#[derive(Debug, Clone, PartialEq)]
pub struct RunEnding {
    /// Completed, failed or stopped.
    pub state: RunState,
    /// What it counted.
    pub counts: BTreeMap<String, u64>,
    /// Why it did not come to its end.
    pub detail: Option<String>,
}

impl RunEnding {
    /// Somebody stopped it.
    pub fn stopped(asked: &StopAsked, counts: BTreeMap<String, u64>) -> Self {
        Self { state: RunState::Stopped, counts, detail: Some(format!("stopped by {}", asked.by)) }
    }
}

/// What accepting staged records does, in numbers of identities.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct StagedWeight {
    /// Records staged.
    pub staged: u64,
    /// Not known before.
    pub new: u64,
    /// Known, with another state or other attributes.
    pub changed: u64,
    /// Known and the same.
    pub unchanged: u64,
    /// Known, not departed, and not staged.
    pub absent: u64,
    /// Known, not departed, and staged as departed.
    pub departing: u64,
    /// Known and not departed before.
    pub present_before: u64,
}

/// What accepting one record did.
#[derive(Debug, Clone, PartialEq)]
pub struct Accepted {
    /// The identity as it is now.
    pub identity: Identity,
    /// Whether anything changed.
    pub changed: bool,
}

/// Which identities.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IdentityFilter {
    /// Only those that have an account within this.
    pub reach: Reach,
    /// Of this source.
    pub source: Option<SourceName>,
    /// With this key there.
    pub key: Option<String>,
    /// In this state.
    pub state: Option<LifecycleState>,
    /// With this text in the key or in a value of an attribute; ASCII letters in any case. Not empty.
    pub search: Option<String>,
}

/// By what a list of identities is sorted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum IdentitySort {
    /// Their ids, which grow with time.
    #[default]
    Id,
    /// Their sources, and their keys there.
    Key,
    /// When they changed last.
    ChangedAt,
}

/// A place in a sorted list of identities.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IdentityPlace {
    /// Of [`IdentitySort::Id`].
    Id(IdentityId),
    /// Of [`IdentitySort::Key`].
    Key {
        /// The source.
        source: String,
        /// The key.
        key: String,
    },
    /// Of [`IdentitySort::ChangedAt`].
    ChangedAt(Timestamp, IdentityId),
}

/// Which accounts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AccountFilter {
    /// Only within this.
    pub reach: Reach,
    /// In this target.
    pub target: Option<TargetName>,
    /// Of this identity.
    pub identity: Option<IdentityId>,
    /// In this situation.
    pub situation: Option<Situation>,
}

/// Which operations.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OperationFilter {
    /// Only within this.
    pub reach: Reach,
    /// In this target.
    pub target: Option<TargetName>,
    /// For this identity.
    pub identity: Option<IdentityId>,
    /// Where it is.
    pub state: Option<OperationState>,
}

/// How many accounts of a target are in a situation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct SituationCount {
    /// The target.
    pub target: TargetName,
    /// The situation.
    pub situation: Situation,
    /// Whether they can be used.
    pub active: Option<bool>,
    /// How many.
    pub accounts: u64,
}

/// A wake-up: look at this identity. It carries no reason on purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wake {
    /// The identity.
    pub identity: IdentityId,
    /// Grows with each wake-up; settling one does not settle a later one.
    pub sequence: i64,
}

/// What is known of one identity.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredSnapshot {
    /// The identity.
    pub identity: Identity,
    /// The accounts linked to it, in any target. One that is still to be created is `missing`.
    pub accounts: Vec<Account>,
    /// By target: what a person decided about accounts that may belong to it.
    pub decisions: BTreeMap<TargetName, DecidedCase>,
}

/// A question of an identity for accounts that belong to nobody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CandidateQuestion {
    /// The target.
    pub target: TargetName,
    /// The class.
    pub class: String,
    /// The attribute or secondary id.
    pub attribute: String,
    /// Its value; case is folded.
    pub value: String,
}

/// A question for the account that an identity has in a target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReferenceQuestion {
    /// The identity, as `source/key`.
    pub identity: String,
    /// The target.
    pub target: TargetName,
    /// The class.
    pub class: String,
}

/// A question for values that accounts of other identities, or of nobody, have or are about to get.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TakenQuestion {
    /// The target.
    pub target: TargetName,
    /// The class.
    pub class: String,
    /// The attribute or secondary id.
    pub attribute: String,
    /// Its values; case is folded.
    pub values: Vec<String>,
    /// Who wants one of them.
    pub identity: IdentityId,
}

/// What planning found for one identity.
#[derive(Debug, Clone, PartialEq)]
pub struct EnqueueRequest {
    /// The identity.
    pub identity: IdentityId,
    /// The wake-up this answers, which is settled with it.
    pub wake: Option<Wake>,
    /// The stored plan the items come from. A stored plan replaces waiting operations only of the accounts it names.
    pub plan: Option<PlanId>,
    /// The items; none says that nothing is to be done.
    pub items: Vec<PlanItem>,
    /// What is held for approval.
    pub held: Vec<crate::HeldItem>,
    /// Whether a person approved what the items take away, so that the guard does not count it.
    pub approved: bool,
    /// What planning found about later; a stored plan says nothing about it.
    pub outlook: Option<Outlook>,
}

/// What planning found about an identity's future.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outlook {
    /// The accounts that nobody grants.
    pub leaving: BTreeSet<AccountId>,
    /// By target: accounts that belong to nobody and that are or may be the identity's. A target that is neither here nor
    /// in `unsettled` has none.
    pub matches: BTreeMap<TargetName, Matches>,
    /// The targets of which nothing can be said now: what is kept of them stays.
    pub unsettled: BTreeSet<TargetName>,
    /// Missing accounts that are to be forgotten; the identity is woken then.
    pub forgotten: BTreeSet<AccountId>,
    /// When the identity is to be looked at again, whatever happens: time alone will change the plan, or a target that could not
    /// be planned is tried again.
    pub look_again_at: Option<Timestamp>,
    /// The accounts that its accounts refer to: the target and the identity there, as `source/key`.
    pub references: BTreeSet<(TargetName, String)>,
    /// The targets in which an account has to be read first: what was accepted is not planned as a whole yet.
    pub unread: BTreeSet<TargetName>,
}

/// A planned item that was not carried out. What else it held no longer holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct StaleItem {
    /// Whose it was.
    pub identity: IdentityId,
    /// How people call it.
    pub label: String,
    /// Where.
    pub target: TargetName,
    /// Why it was left.
    pub reason: String,
}

impl StaleItem {
    /// The item that was left, and why.
    pub fn new(item: PlanItem, reason: String) -> Self {
        let PlanItem { identity, label, target, .. } = item;
        Self { identity, label, target, reason }
    }
}

/// What enqueueing did.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Enqueued {
    /// Operations written.
    pub operations: u64,
    /// Items newly held for approval.
    pub held: u64,
    /// Items put off until an operation under way has ended.
    pub put_off: u64,
    /// Items whose precondition no longer holds.
    pub stale: Vec<StaleItem>,
}

/// An item of a stored plan, with the digest of the text that is kept of it.
#[derive(Debug, Clone, PartialEq)]
pub struct KeptItem {
    /// The item, its place and its state.
    pub line: PlanLine,
    /// The digest of the kept text, which is not the state's.
    pub digest: Digest,
}

/// What a person says about items of a plan, or about what the guard holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Decision {
    /// They are wanted.
    Approve,
    /// They are not wanted.
    Reject,
}

/// What a decision changed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Decided {
    /// Items whose state is another now.
    pub changed: u64,
    /// Items that were asked for and are applied or stale already.
    pub too_late: BTreeSet<u64>,
}

/// Declarations as they were taken up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptDeclarations {
    /// Digest of the configuration.
    pub digest: Digest,
    /// What it can be made from again. It holds no secret.
    pub text: String,
}

/// An entitlement to create.
#[derive(Debug, Clone, PartialEq)]
pub struct EntitlementToCreate {
    /// Its class.
    pub class: String,
    /// Its name in the declaration.
    pub name: String,
    /// The operation.
    pub operation: PlannedOperation,
}

/// The object that an operation is about.
#[derive(Debug, Clone, PartialEq)]
pub enum OperationObject {
    /// An account.
    Account(Box<Account>),
    /// An entitlement.
    Entitlement(Box<Entitlement>),
}

/// An operation that was taken from the queue, with the object it is about.
#[derive(Debug, Clone, PartialEq)]
pub struct Leased {
    /// The operation.
    pub operation: Operation,
    /// Its object as known now.
    pub object: OperationObject,
}

/// What is known about the operation's object after a call.
#[derive(Debug, Clone, PartialEq)]
pub enum Seen {
    /// Nothing new.
    Nothing,
    /// It changed, and how it looks now is not known: it is read before it is planned again.
    Changed,
    /// It looks like this now.
    Object(Box<Observation>),
    /// It is not there.
    Gone,
}

/// How one try of an operation ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Recording {
    /// The operation.
    pub operation: OperationId,
    /// Whether it was sent at all; what was not does not count as a try.
    pub sent: bool,
    /// Where it is now.
    pub state: OperationState,
    /// Why, for people.
    pub detail: Option<String>,
    /// For a failure: the class of the connector's error, or the kind of the fault.
    pub error_class: Option<&'static str>,
    /// For `waiting`: not tried again before; for `unknown`: not observed again before.
    pub not_before: Option<Timestamp>,
    /// For `waiting`: it keeps failing, and is quarantined.
    pub quarantined: bool,
    /// Operations of its kind are not sent to the target before.
    pub kind_rests_until: Option<Timestamp>,
    /// What was seen.
    pub seen: Seen,
    /// Whether the identity is to be planned again, because the world is not as the plan took it to be.
    pub wake: bool,
}

/// What waits in a target's queue.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct QueueState {
    /// Due now.
    pub due: u64,
    /// Waiting for a later time.
    pub later: u64,
    /// The earliest time at which something of it is tried or observed again.
    pub next: Option<Timestamp>,
    /// With an unknown end.
    pub unknown: u64,
    /// Of these: not to be observed before a later time.
    pub unknown_later: u64,
}

/// A class in a target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClassOfTarget {
    /// The target.
    pub target: TargetName,
    /// The class.
    pub class: String,
    /// What it is: accounts and entitlements are kept apart.
    pub kind: ClassKind,
}

/// An object as it was seen, with what the engine read from it.
#[derive(Debug, Clone, PartialEq)]
pub struct Observation {
    /// The object. The attributes of an entitlement are without the list of its holders.
    pub object: Object,
    /// Digest of the object as the connector wrote it.
    pub digest: Digest,
    /// For accounts: attribute and value by which identities may recognise it.
    pub keys: Vec<(String, String)>,
    /// For accounts whose class shows what they hold.
    pub held: Option<HeldByAccount>,
    /// For entitlements whose class shows who holds them: the primary ids of the holders.
    pub holders: Option<Vec<String>>,
    /// For entitlements: the name of the declaration that it is.
    pub declared: Option<String>,
    /// For accounts: why no operation may touch it.
    pub protected_because: Option<String>,
}

/// What an account holds of the classes that it shows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HeldByAccount {
    /// The classes shown; what is held of others is not touched.
    pub classes: Vec<String>,
    /// What is held.
    pub entitlements: Vec<EntitlementKey>,
}

/// One page of a listing, compared with what was known.
#[derive(Debug, Clone, PartialEq)]
pub struct ObservedPage {
    /// The run.
    pub run: RunId,
    /// Its number.
    pub run_number: i64,
    /// The class.
    pub class: ClassOfTarget,
    /// The numbers of those seen with an equal digest.
    pub unchanged: Vec<i64>,
    /// Seen for the first time, or different.
    pub changed: Vec<Observation>,
    /// Where the run goes on.
    pub checkpoint: Checkpoint,
    /// What the run has counted, this page included.
    pub counts: BTreeMap<String, u64>,
}

/// One page of a change feed, looked into.
#[derive(Debug, Clone, PartialEq)]
pub struct ObservedChanges {
    /// The run.
    pub run: RunId,
    /// The class.
    pub class: ClassOfTarget,
    /// Seen for the first time, or different.
    pub changed: Vec<Observation>,
    /// The primary ids of what is gone for certain.
    pub gone: Vec<String>,
    /// The cursor after this page.
    pub cursor: String,
    /// What the run has counted, this page included.
    pub counts: BTreeMap<String, u64>,
}

/// A regular job, and how it went last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobState {
    /// Its name, such as `full crm`.
    pub name: String,
    /// Slots up to here need no run any more.
    pub done_until: Timestamp,
    /// When it began last.
    pub started_at: Option<Timestamp>,
    /// When that ended; none while it goes on, or where the host stopped during it.
    pub ended_at: Option<Timestamp>,
    /// How it ended, for people.
    pub result: Option<String>,
}

/// Something that happened, written in the transaction that made it happen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Event {
    /// Grows by one or more with each event.
    pub sequence: u64,
    /// When.
    pub at: Timestamp,
    /// What: `identity-changed`, `operation-applied` ...
    pub kind: String,
    /// About which identity, operation or run.
    pub subject: String,
    /// In short, without attribute values.
    pub detail: String,
}
