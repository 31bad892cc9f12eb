//! Reports over a small company that is built through the port.
#![expect(clippy::unwrap_used, reason = "a test ends where something is not as it must be")]

use jiff::Timestamp;
use purser_model::Attributes;
use purser_model::access::Reach;

use purser_model::id::{IdentityId, Ids, TargetName};
use purser_model::identity::{Identity, IdentityRecord, LifecycleState, Validity};
use purser_model::manifest::ClassKind;
use purser_model::object::Object;
use purser_model::operation::{Intent, OperationState};
use purser_model::plan::{Link, PlanItem, PlannedOperation, Precondition};
use purser_model::run::{Checkpoint, RunKind, RunState};
use purser_store::*;
use purser_store_sqlite::SqliteStore;
use std::collections::BTreeMap;
use std::sync::Arc;

struct Company {
    store: SqliteStore,
    _folder: tempfile::TempDir,
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn crm() -> TargetName {
    "crm".parse().unwrap()
}

fn only(name: &str) -> Reach {
    Reach::Everything.narrowed_to(Some(&name.parse().unwrap()))
}

fn class(kind: ClassKind) -> ClassOfTarget {
    let class = if kind == ClassKind::Account { "User" } else { "Group" };
    ClassOfTarget { target: crm(), class: class.into(), kind }
}

fn seen(id: &str, active: Option<bool>, attributes: &str) -> Observation {
    let object =
        Object { id: id.into(), secondary_ids: Vec::new(), version: None, active, attributes: attributes.into() };
    let digest = object.digest();
    Observation {
        object,
        digest,
        keys: vec![("userName".into(), id.into())],
        held: None,
        holders: None,
        declared: None,
        protected_because: None,
    }
}

impl Company {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(&folder.path().join("purser.db"), Arc::new(Ids::new([7; 32]))).unwrap();
        Self { store, _folder: folder }
    }

    async fn person(&self, key: &str, state: LifecycleState, now: Timestamp) -> Identity {
        let attributes = Attributes::from_iter([("changed".to_owned(), now.to_string().into())]);
        let record = IdentityRecord { key: key.into(), state, attributes, validity: Validity::ALWAYS };
        self.store.accept_record(&"hr".parse().unwrap(), record, now).await.unwrap().identity
    }

    /// Plans one operation for an identity as a whole plan does.
    async fn plan(&self, identity: &Identity, intent: Intent, now: Timestamp) -> Leased {
        let snapshot = self.store.snapshots(vec![identity.id]).await.unwrap().remove(0);
        let account = snapshot.accounts.first();
        let item = PlanItem {
            identity: identity.id,
            label: String::new(),
            target: crm(),
            class: "User".into(),
            account: account.map(|account| account.id),
            link: Link::Keep,
            precondition: Precondition {
                identity_version: identity.version,
                account_digest: account.and_then(|account| account.digest),
            },
            operations: vec![PlannedOperation { intent, reason: "a test".into(), before: Attributes::new() }],
            pushed: Attributes::new(),
            claims: BTreeMap::new(),
        };
        let request = EnqueueRequest {
            identity: identity.id,
            wake: None,
            plan: None,
            items: vec![item],
            held: Vec::new(),
            approved: false,
            outlook: Some(Outlook::default()),
        };
        let done = self.store.enqueue(vec![request], now).await.unwrap();
        assert_eq!((done.operations, done.stale), (1, Vec::new()));
        self.store.lease_of(&crm(), identity.id, 10, now).await.unwrap().remove(0)
    }

    async fn record(&self, leased: &Leased, state: OperationState, error_class: Option<&'static str>, now: Timestamp) {
        let recording = Recording {
            operation: leased.operation.id,
            sent: true,
            state,
            detail: error_class.map(|class| format!("{class}: said the target")),
            error_class,
            quarantined: false,
            kind_rests_until: None,
            not_before: (state == OperationState::Waiting).then_some(now),
            seen: Seen::Nothing,
            wake: false,
        };
        self.store.record(vec![recording], now).await.unwrap();
    }

    async fn created(&self, identity: &Identity, remote_id: &str, active: Option<bool>, now: Timestamp) {
        let leased = self.plan(identity, Intent::Create { attributes: Attributes::new(), active }, now).await;
        let recording = Recording {
            operation: leased.operation.id,
            sent: true,
            state: OperationState::Applied,
            detail: None,
            error_class: None,
            quarantined: false,
            kind_rests_until: None,
            not_before: None,
            seen: Seen::Object(Box::new(seen(remote_id, active, "{}"))),
            wake: false,
        };
        self.store.record(vec![recording], now).await.unwrap();
    }
}

fn page<Id>(limit: u32) -> PageRequest<Id> {
    PageRequest::first(limit)
}

const ALWAYS: Period = Period { since: Timestamp::MIN, until: Timestamp::MAX };

#[tokio::test]
async fn orphans_are_what_nobody_owns_and_what_leavers_can_still_use() {
    let company = Company::new();
    let store = &company.store;
    let users = class(ClassKind::Account);
    for (id, active) in [("stray", Some(true)), ("old", Some(false))] {
        store.record_observation(&users, seen(id, active, "{}"), at(1)).await.unwrap();
    }
    for (key, state, active) in [
        ("here", LifecycleState::Active, Some(true)),
        ("left", LifecycleState::Active, Some(true)),
        ("disabled", LifecycleState::Active, Some(false)),
        ("unclear", LifecycleState::Active, None),
    ] {
        let identity = company.person(key, state, at(2)).await;
        company.created(&identity, key, active, at(3)).await;
        if key != "here" {
            company.person(key, LifecycleState::Departed, at(4)).await;
        }
    }
    let found = store.orphans(&Reach::Everything, at(5), page(10)).await.unwrap();
    let mut named: Vec<_> =
        found.iter().map(|orphan| (orphan.account.remote_id.as_deref().unwrap(), orphan.why)).collect();
    named.sort_by_key(|(id, _)| *id);
    use OrphanReason::{NobodyOwns, OwnerDeparted};
    assert_eq!(
        named,
        [("left", OwnerDeparted), ("old", NobodyOwns), ("stray", NobodyOwns), ("unclear", OwnerDeparted)]
    );
    let left = found.iter().find(|orphan| orphan.account.remote_id.as_deref() == Some("left")).unwrap();
    assert_eq!(left.account.owner.as_deref(), Some("hr/left"));

    let first = store.orphans(&only("crm"), at(5), page(3)).await.unwrap();
    let after = first.last().map(|orphan| orphan.account.account);
    let second = store.orphans(&only("crm"), at(5), PageRequest { after, ..PageRequest::first(3) }).await.unwrap();
    assert_eq!([first, second].concat(), found);
    assert!(store.orphans(&only("other"), at(5), page(3)).await.unwrap().is_empty());
    assert_eq!(store.usable_accounts(&only("crm"), page(10)).await.unwrap().len(), 4, "all but the two disabled ones");
    assert!(store.usable_accounts(&only("other"), page(10)).await.unwrap().is_empty());
}

#[tokio::test]
async fn entitlements_are_counted_by_their_holders() {
    let company = Company::new();
    let groups = class(ClassKind::Entitlement);
    for (id, holders) in [("nobody", vec![]), ("one", vec!["u1"]), ("two", vec!["u1", "u2"])] {
        let holders = Some(holders.into_iter().map(str::to_owned).collect());
        let observation = Observation { keys: Vec::new(), holders, ..seen(id, None, "{}") };
        company.store.record_observation(&groups, observation, at(1)).await.unwrap();
    }
    let found = company.store.entitlement_holders(&only("crm"), page(10)).await.unwrap();
    let counted: Vec<_> =
        found.iter().map(|row| (row.remote_id.as_deref().unwrap(), row.holders, row.only_holder.as_deref())).collect();
    assert_eq!(counted, [("nobody", 0, None), ("one", 1, Some("u1")), ("two", 2, None)]);
}

#[tokio::test]
async fn latency_is_measured_from_the_intent_and_from_the_change_that_asked_for_it() {
    let company = Company::new();
    // Person N changes at second 0, is planned at second 10, and the target has done it after N more seconds.
    for seconds in 1..=100_i64 {
        let identity = company.person(&format!("{seconds}"), LifecycleState::Active, at(0)).await;
        let intent = Intent::Create { attributes: Attributes::new(), active: None };
        let leased = company.plan(&identity, intent, at(10)).await;
        company.record(&leased, OperationState::Applied, None, at(10 + seconds)).await;
        if seconds == 100 {
            // Nothing changed about the identity: a role asked for this.
            let again = company.plan(&identity, Intent::Disable, at(500)).await;
            company.record(&again, OperationState::AlreadySo, None, at(700)).await;
        }
    }
    let rows = company.store.latencies(None, Period { since: at(0), until: at(200) }).await.unwrap();
    let seconds = |row: &Latency| [row.p50_us, row.p95_us, row.p99_us, row.max_us].map(|micros| micros / 1_000_000);
    let read: Vec<_> = rows.iter().map(|row| (row.measured_from, row.operations, seconds(row))).collect();
    assert_eq!(
        read,
        [(MeasuredFrom::Change, 100, [60, 105, 109, 110]), (MeasuredFrom::Intent, 100, [50, 95, 99, 100])]
    );
    let later = company.store.latencies(Some(&crm()), Period { since: at(200), until: at(900) }).await.unwrap();
    assert_eq!(later.len(), 1, "no change of the identity asked for the second operation: {later:?}");
    assert_eq!((later[0].measured_from, later[0].operations, seconds(&later[0])[3]), (MeasuredFrom::Intent, 1, 200));
}

#[tokio::test]
async fn failures_are_grouped_by_cause_and_say_what_became_of_them() {
    let company = Company::new();
    let create = || Intent::Create { attributes: Attributes::new(), active: None };
    let refused = [1, 2, 3];
    for number in refused {
        let identity = company.person(&format!("r{number}"), LifecycleState::Active, at(0)).await;
        let leased = company.plan(&identity, create(), at(1)).await;
        company.record(&leased, OperationState::Refused, Some("invalid-value"), at(number)).await;
    }
    let identity = company.person("later", LifecycleState::Active, at(0)).await;
    let leased = company.plan(&identity, create(), at(1)).await;
    company.record(&leased, OperationState::Waiting, Some("unavailable"), at(2)).await;
    let waiting = company.store.failures(None, ALWAYS).await.unwrap();
    assert_eq!(waiting[1].open, 1);
    company.store.lease(&crm(), 10, at(3)).await.unwrap();
    company.record(&leased, OperationState::Applied, None, at(4)).await;

    let rows = company.store.failures(Some(&crm()), ALWAYS).await.unwrap();
    let read: Vec<_> = rows
        .iter()
        .map(|row| (row.error_class.as_str(), row.operations, row.refused, row.open, row.recovered))
        .collect();
    assert_eq!(read, [("invalid-value", 3, 3, 0, 0), ("unavailable", 1, 0, 0, 1)]);
    assert_eq!(rows[0].example_at, at(3), "the newest one");
    assert_eq!(rows[0].example_detail.as_deref(), Some("invalid-value: said the target"));
    let operation = company.store.operation(rows[0].example).await.unwrap();
    assert_eq!(operation.error_class.as_deref(), Some("invalid-value"));
}

#[tokio::test]
async fn what_a_leased_identity_does_not_need_stays_in_the_queue() {
    let company = Company::new();
    let create = || Intent::Create { attributes: Attributes::new(), active: None };
    let anna = company.person("anna", LifecycleState::Active, at(0)).await;
    let ben = company.person("ben", LifecycleState::Active, at(0)).await;
    company.plan(&anna, create(), at(1)).await;
    let leased = company.plan(&ben, create(), at(1)).await;
    company.record(&leased, OperationState::Waiting, Some("unavailable"), at(1)).await;
    let nobody = IdentityId(uuid::Uuid::nil());
    assert!(company.store.lease_of(&crm(), nobody, 10, at(9)).await.unwrap().is_empty());
    let of_ben = company.store.lease_of(&crm(), ben.id, 10, at(9)).await.unwrap();
    assert_eq!(of_ben.iter().map(|one| one.operation.identity).collect::<Vec<_>>(), [Some(ben.id)]);
}

#[tokio::test]
async fn drift_counts_what_each_reconciliation_found_and_what_was_repaired_before_the_next() {
    let company = Company::new();
    let store = &company.store;
    let anna = company.person("anna", LifecycleState::Active, at(0)).await;
    company.created(&anna, "u1", Some(true), at(1)).await;
    for (number, changed) in [(0, 1), (1, 0)] {
        let begun = at(100 * (number + 1));
        let run = store.begin_run(RunKind::Reconciliation, "crm", begun).await.unwrap().run;
        let known = store.digests(&class(ClassKind::Account), vec!["u1".into()]).await.unwrap();
        let known = known.into_iter().filter_map(|(id, digest)| Some((id, digest?))).collect();
        let unchanged = store.as_they_were(&class(ClassKind::Account), known).await.unwrap();
        let unchanged: Vec<i64> = unchanged.into_iter().flatten().collect();
        let page = ObservedPage {
            run: run.id,
            run_number: run.number,
            class: class(ClassKind::Account),
            unchanged,
            changed: Vec::new(),
            checkpoint: Checkpoint::default(),
            counts: BTreeMap::new(),
        };
        store.record_page(page, begun).await.unwrap();
        let counts =
            BTreeMap::from([("listed".to_owned(), 7), ("changed".to_owned(), changed), ("gone".to_owned(), 2)]);
        store.end_run(run.id, RunEnding { state: RunState::Completed, counts, detail: None }, begun).await.unwrap();
        if number == 0 {
            let leased = company.plan(&anna, Intent::Disable, at(150)).await;
            company.record(&leased, OperationState::Applied, None, at(151)).await;
        }
    }
    let found = store.drift(Some(&crm()), &Reach::Everything, page(10)).await.unwrap();
    let read: Vec<_> =
        found.iter().map(|row| (row.started_at, row.listed, row.changed, row.gone, row.repaired)).collect();
    assert_eq!(read, [(at(200), 7, 0, 2, 0), (at(100), 7, 1, 2, 1)]);
    let rest = PageRequest { after: Some(found[0].run), ..PageRequest::first(10) };
    let rest = store.drift(None, &Reach::Everything, rest).await.unwrap();
    assert_eq!(rest, found[1..]);
    let sightings = store.sightings(anna.id).await.unwrap();
    assert_eq!(sightings.iter().map(|one| one.listed_at).collect::<Vec<_>>(), [Some(at(200))]);
}
