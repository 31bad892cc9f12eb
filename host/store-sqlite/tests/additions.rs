//! What operators add to identities: kept with them whatever sources say, audited, told, and within limits.

use jiff::Timestamp;
use purser_model::assignment::{ImposedState, MOST_ADDED, Reason};
use purser_model::audit::Actor;
use purser_model::caller::CallerName;
use purser_model::id::{GroupName, IdentityId, Ids};
use purser_model::identity::{Identity, IdentityRecord, LifecycleState, Validity};
use purser_store::{
    Access, AddedFilter, AssignEnd, AuditFilter, AuditOrder, AuditPage, NewAssignment, NewImposition, PageRequest,
    Store, StoreError,
};
use purser_store_sqlite::SqliteStore;
use std::sync::Arc;

fn now() -> Timestamp {
    Timestamp::from_second(1_000).expect("a time")
}

fn reason() -> Reason {
    Reason::try_from("covers for somebody".to_owned()).expect("a reason")
}

fn record(key: &str, mail: &str) -> IdentityRecord {
    let attributes = serde_json::json!({"mail": mail}).as_object().expect("an object").clone();
    IdentityRecord { key: key.to_owned(), state: LifecycleState::Active, attributes, validity: Validity::ALWAYS }
}

async fn open() -> (Arc<dyn Store>, Identity, tempfile::TempDir) {
    let folder = tempfile::tempdir().expect("a folder");
    let store = SqliteStore::open(&folder.path().join("purser.db"), Arc::new(Ids::new([1; 32]))).expect("it opens");
    let identity = accept(&store, record("1", "a@x")).await;
    let name: CallerName = "anna".parse().expect("a name");
    (store.on_behalf_of(Actor::api(&name)), identity, folder)
}

async fn accept(store: &dyn Store, record: IdentityRecord) -> Identity {
    store.accept_record(&"hr".parse().expect("a name"), record, now()).await.expect("it is kept").identity
}

fn wanted(identity: &Identity) -> NewAssignment {
    NewAssignment {
        identity: identity.id,
        version: identity.version,
        role: "cashier".parse().expect("a name"),
        validity: Validity { from: None, until: Some(Timestamp::from_second(2_000).expect("a time")) },
        reason: reason(),
    }
}

async fn settle(store: &dyn Store) {
    for wake in store.wakes(100).await.expect("wakes") {
        let request = purser_store::EnqueueRequest {
            identity: wake.identity,
            wake: Some(wake),
            plan: None,
            items: Vec::new(),
            held: Vec::new(),
            approved: false,
            outlook: None,
        };
        store.enqueue(vec![request], now()).await.expect("it is settled");
    }
    assert!(store.wakes(100).await.expect("wakes").is_empty());
}

#[tokio::test]
async fn each_addition_wakes_its_identity_alone_is_an_event_and_is_audited_with_who_and_why() {
    let (store, identity, _folder) = open().await;
    let other = accept(store.as_ref(), record("2", "b@x")).await;
    settle(store.as_ref()).await;
    let before = store.events_kept().await.expect("events").newest;
    let group: GroupName = "guests".parse().expect("a name");

    let made = store.assign(vec![wanted(&identity)], now()).await.expect("it is kept");
    let [AssignEnd::Made(assignment)] = made.as_slice() else { panic!("{made:?}") };
    assert!(store.add_to_group(&group, identity.id, reason(), now()).await.expect("it is kept"));
    assert!(!store.add_to_group(&group, identity.id, reason(), now()).await.expect("it is there"), "only once");
    let imposition = NewImposition { state: ImposedState::Departed, validity: Validity::ALWAYS, reason: reason() };
    store.impose(identity.id, imposition, now()).await.expect("it is kept");
    let woken: Vec<IdentityId> = store.wakes(100).await.expect("wakes").iter().map(|wake| wake.identity).collect();
    assert_eq!(woken, [identity.id]);
    let kept = store.identity(identity.id).await.expect("it is there");
    assert_eq!(kept.version, identity.version + 3);
    assert_eq!(kept.added.assignments, std::slice::from_ref(&assignment.assigned));
    assert_eq!((kept.added.groups.len(), kept.added.imposed.len()), (1, 1));
    assert_eq!(store.identity(other.id).await.expect("it is there"), other);
    assert_eq!(store.assignment(assignment.assigned.id).await.expect("it is there"), *assignment);

    store.end_assignment(assignment.assigned.id, Some(reason()), now()).await.expect("it ends");
    store.take_from_group(&group, identity.id, None, now()).await.expect("it ends");
    store.lift(identity.id, ImposedState::Departed, None, now()).await.expect("it ends");
    assert!(store.identity(identity.id).await.expect("it is there").added.is_empty());

    let events = store.events(before, 100).await.expect("events");
    let told: Vec<_> = events.iter().map(|event| (event.kind.as_str(), event.detail.as_str())).collect();
    assert_eq!(
        told,
        [
            ("assignment-made", "role cashier"),
            ("group-member-added", "group guests"),
            ("state-imposed", "departed"),
            ("assignment-ended", "role cashier"),
            ("group-member-removed", "group guests"),
            ("state-lifted", "departed"),
        ]
    );
    let page = AuditPage { after: None, limit: 6, order: AuditOrder::NewestFirst };
    let rows = store.audit(AuditFilter::default(), page).await.expect("rows");
    for row in &rows {
        assert_eq!((row.actor.as_str(), row.identity.as_deref()), ("api:anna", Some(&*identity.id.to_string())));
    }
    assert_eq!(rows.iter().filter(|row| row.details.contains("covers for somebody")).count(), 5);
}

#[tokio::test]
async fn a_source_overwrites_nothing_that_was_added() {
    let (store, identity, _folder) = open().await;
    store.assign(vec![wanted(&identity)], now()).await.expect("it is kept");
    let imposition = NewImposition { state: ImposedState::Suspended, validity: Validity::ALWAYS, reason: reason() };
    store.impose(identity.id, imposition, now()).await.expect("it is kept");
    let added = store.identity(identity.id).await.expect("it is there").added;
    let changed = accept(store.as_ref(), record("1", "new@x")).await;
    assert_eq!((changed.id, &changed.added), (identity.id, &added));
    assert_eq!(changed.state_at(now()), LifecycleState::Suspended);
}

#[tokio::test]
async fn what_was_checked_for_another_version_or_is_one_too_many_is_not_made() {
    let (store, identity, _folder) = open().await;
    let mut next = wanted(&identity);
    let many: Vec<NewAssignment> = (0..MOST_ADDED)
        .map(|place| NewAssignment { version: identity.version + place as u64, ..next.clone() })
        .collect();
    let made = store.assign(many, now()).await.expect("they are kept");
    assert!(made.iter().all(|end| matches!(end, AssignEnd::Made(_))));
    assert_eq!(store.assign(vec![next.clone()], now()).await.expect("an answer"), [AssignEnd::Changed]);
    next.version += MOST_ADDED as u64;
    assert_eq!(store.assign(vec![next.clone()], now()).await.expect("an answer"), [AssignEnd::TooMany]);
    // What has ended makes room, and is not there any more.
    let later = Timestamp::from_second(3_000).expect("a time");
    let ended = store.identity(identity.id).await.expect("it is there").added.assignments[0].id;
    let [AssignEnd::Made(made)] = &store.assign(vec![next.clone()], later).await.expect("it is kept")[..] else {
        panic!("there is room");
    };
    assert_eq!(store.identity(identity.id).await.expect("it is there").added.assignments.len(), 1);
    assert!(store.assignment(made.assigned.id).await.is_ok());
    assert!(matches!(store.assignment(ended).await, Err(StoreError::NotFound { .. })));
    next.identity = IdentityId(uuid::Uuid::nil());
    assert_eq!(store.assign(vec![next], now()).await.expect("an answer"), [AssignEnd::NoIdentity]);
    for number in 0..MOST_ADDED {
        let group = format!("g{number}").parse().expect("a name");
        store.add_to_group(&group, identity.id, reason(), now()).await.expect("it is kept");
    }
    let group = "one-more".parse().expect("a name");
    let refused = store.add_to_group(&group, identity.id, reason(), now()).await;
    assert!(matches!(&refused, Err(StoreError::Refused { .. })), "{refused:?}");
}

#[tokio::test]
async fn who_has_something_added_is_found_page_by_page() {
    let (store, first, _folder) = open().await;
    let mut all = vec![first];
    for number in 2..6 {
        all.push(accept(store.as_ref(), record(&number.to_string(), "x@x")).await);
    }
    for identity in &all[1..4] {
        let mut two = vec![wanted(identity), wanted(identity)];
        two[1].version += 1;
        store.assign(two, now()).await.expect("they are kept");
    }
    let role = || AddedFilter::Role("cashier".parse().expect("a name"));
    for filter in [AddedFilter::Assigned, role()] {
        let page = PageRequest::first(2);
        let found = store.identities_with(filter.clone(), page).await.expect("a page");
        assert_eq!(found.iter().map(|one| one.id).collect::<Vec<_>>(), [all[1].id, all[2].id], "each once");
        let page = PageRequest { after: Some(found[1].id), ..PageRequest::first(2) };
        let found = store.identities_with(filter, page).await.expect("a page");
        assert_eq!(found.iter().map(|one| one.id).collect::<Vec<_>>(), [all[3].id]);
    }
    let none = AddedFilter::Role("nobody".parse().expect("a name"));
    assert!(store.identities_with(none, PageRequest::first(9)).await.expect("a page").is_empty());
}
