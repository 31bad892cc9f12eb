//! What clients push: whose it is, what identities it makes, and by which index it is found.

use jiff::Timestamp;
use purser_model::Attributes;
use purser_model::id::{Ids, ScimResourceId, SourceName};
use purser_model::identity::{Identity, IdentityRecord, LifecycleState, Validity};
use purser_model::scim::ResourceKind;
use purser_store::{
    IdentityFilter, KeptScim, PageRequest, Relations, ScimGroup, ScimLookup, ScimMemberEdit, ScimRefusal,
    ScimResources, ScimUser, Store, StoreError,
};
use purser_store_sqlite::SqliteStore;
use serde_json::{Value, json};
use std::sync::Arc;

struct Kept {
    store: SqliteStore,
    source: SourceName,
    folder: tempfile::TempDir,
}

fn now() -> Timestamp {
    Timestamp::from_second(1_000).expect("it is there")
}

fn open() -> Kept {
    let folder = tempfile::tempdir().expect("it is there");
    let store = SqliteStore::open(&folder.path().join("purser.db"), Arc::new(Ids::new([1; 32]))).expect("it is there");
    Kept { store, source: "okta".parse().expect("it is there"), folder }
}

fn attributes(value: &Value) -> Attributes {
    value.as_object().expect("it is there").clone()
}

impl Kept {
    fn user(&self, id: ScimResourceId, name: &str) -> ScimUser {
        let attributes = attributes(&json!({"userName": name, "externalId": format!("E-{name}")}));
        let (state, validity) = (LifecycleState::Active, Validity::ALWAYS);
        let record = IdentityRecord { key: id.to_string(), state, attributes: attributes.clone(), validity };
        ScimUser { id, attributes, record }
    }

    async fn create(&self, name: &str) -> KeptScim {
        let id = self.store.next_scim_id(now());
        self.store.create_scim_user(&self.source, self.user(id, name), now()).await.expect("it is there")
    }

    async fn group(&self, name: &str, members: &[&KeptScim]) -> KeptScim {
        let members = Some(members.iter().map(|member| member.id).collect());
        let attributes = attributes(&json!({"displayName": name}));
        let group = ScimGroup { id: self.store.next_scim_id(now()), attributes, members };
        self.store.create_scim_group(&self.source, group, now()).await.expect("it is there")
    }

    async fn identities(&self) -> Vec<Identity> {
        self.store.identities(IdentityFilter::default(), PageRequest::first(100)).await.expect("it is there")
    }

    async fn groups_of(&self, user: &KeptScim) -> Value {
        let identities = self.identities().await;
        let identity = identities.iter().find(|one| one.key == user.id.to_string()).expect("it is there");
        identity.attributes.get("groups").cloned().unwrap_or_default()
    }
}

fn refusal<T: std::fmt::Debug>(result: Result<T, StoreError>) -> ScimRefusal {
    match result {
        Err(StoreError::Scim(refusal)) => refusal,
        other => panic!("not refused: {other:?}"),
    }
}

#[tokio::test]
async fn a_user_and_its_identity_are_written_together_or_not_at_all() {
    let kept = open();
    let anna = kept.create("Anna").await;
    let second = kept.user(kept.store.next_scim_id(now()), "ANNA");
    assert_eq!(refusal(kept.store.create_scim_user(&kept.source, second, now()).await), ScimRefusal::UserNameTaken);
    assert_eq!(kept.identities().await.len(), 1);
    assert_eq!(kept.store.wakes(9).await.unwrap().len(), 1);
    let changed = kept.user(anna.id, "berta");
    let stale = kept.store.replace_scim_user(&kept.source, changed.clone(), 2, now()).await;
    assert_eq!(refusal(stale), ScimRefusal::OtherVersion { now: 1 });
    assert_eq!(kept.identities().await[0].attributes["userName"], "Anna");
    let replaced = kept.store.replace_scim_user(&kept.source, changed, 1, now()).await.unwrap();
    assert_eq!((replaced.version, &kept.identities().await[0].attributes["userName"]), (2, &json!("berta")));
    let other = "entra".parse().unwrap();
    let foreign = kept.store.delete_scim(&other, ResourceKind::User, anna.id, None, now()).await;
    assert_eq!(refusal(foreign), ScimRefusal::NoSuchResource);
    let mistaken = kept.store.delete_scim(&kept.source, ResourceKind::Group, anna.id, None, now()).await;
    assert_eq!(refusal(mistaken), ScimRefusal::NoSuchResource);
    kept.store.delete_scim(&kept.source, ResourceKind::User, anna.id, Some(2), now()).await.unwrap();
    assert_eq!(kept.identities().await[0].state, LifecycleState::Departed);
    // A record that is accepted late does not bring anybody back.
    let late = kept.user(anna.id, "anna").record;
    kept.store.accept_scim_records(&kept.source, vec![late], now()).await.unwrap();
    assert_eq!(kept.identities().await[0].state, LifecycleState::Departed);
}

#[tokio::test]
async fn members_that_are_nobody_change_nothing() {
    let kept = open();
    let (anna, eva) = (kept.create("anna").await, kept.create("eva").await);
    let group = kept.group("staff", &[&anna]).await;
    let nobody = ScimMemberEdit { member: kept.store.next_scim_id(now()), comes: true };
    let edits = vec![ScimMemberEdit { member: eva.id, comes: true }, nobody];
    let refused = kept.store.edit_scim_members(&kept.source, group.id, edits, None, now()).await;
    assert_eq!(refusal(refused), ScimRefusal::NoSuchMember);
    assert_eq!(kept.groups_of(&eva).await, Value::Null);
    let leaves = ScimMemberEdit { comes: false, ..nobody };
    let edits = vec![ScimMemberEdit { member: eva.id, comes: true }, leaves];
    kept.store.edit_scim_members(&kept.source, group.id, edits, Some(1), now()).await.unwrap();
    assert_eq!(kept.groups_of(&eva).await, json!(["staff"]));
    // The members are woken, and nobody else.
    let events = kept.store.events(0, 100).await.unwrap();
    assert_eq!(events.iter().filter(|event| event.kind == "scim-group-changed").count(), 1);
    let shown =
        kept.store.scim_resource(&kept.source, ResourceKind::User, eva.id, Relations::Read).await.unwrap().unwrap();
    assert_eq!((shown.version, shown.relations.unwrap()[0].display.as_deref()), (2, Some("staff")));
}

#[tokio::test]
async fn what_is_looked_up_is_found_by_an_index() {
    let kept = open();
    let anna = kept.create("Anna").await;
    let group = kept.group("Anna", &[]).await;
    let find = async |kind, lookup| {
        let found = kept.store.find_scim(&kept.source, kind, lookup, Relations::LeftOut).await.unwrap();
        found.into_iter().map(|one| one.id).collect::<Vec<_>>()
    };
    assert_eq!(find(ResourceKind::User, ScimLookup::UserName("anna".into())).await, [anna.id]);
    assert_eq!(find(ResourceKind::User, ScimLookup::ExternalId("E-Anna".into())).await, [anna.id]);
    assert_eq!(find(ResourceKind::Group, ScimLookup::DisplayName("anna".into())).await, [group.id]);
    assert_eq!(find(ResourceKind::User, ScimLookup::DisplayName("anna".into())).await, []);
    let connection = rusqlite::Connection::open(kept.folder.path().join("purser.db")).unwrap();
    let plan = |condition: &str| -> String {
        let sql = format!("EXPLAIN QUERY PLAN SELECT * FROM scim_resource WHERE source = 'okta' AND {condition}");
        connection.query_row(&sql, [], |row| row.get(3)).unwrap()
    };
    for (condition, index) in [
        ("user_name = 'x' AND kind = 'User' ORDER BY number", "scim_resource_user_name"),
        ("external_id = 'x' AND kind = 'User' ORDER BY number", "scim_resource_external_id"),
        ("display_name = 'x' AND kind = 'Group' ORDER BY number", "scim_resource_display_name"),
        ("kind = 'User' AND number > 7 ORDER BY number LIMIT 9", "scim_resource_list"),
    ] {
        let plan = plan(condition);
        assert!(plan.contains("SEARCH") && plan.contains(index), "{condition}: {plan}");
    }
}

#[tokio::test]
async fn numbers_page_through_what_is_there() {
    let kept = open();
    let mut numbers = Vec::new();
    for number in 0..7 {
        numbers.push(kept.create(&format!("u{number}")).await.number);
    }
    let (store, source, user) = (&kept.store, &kept.source, ResourceKind::User);
    assert_eq!(store.count_scim(source, user).await.unwrap(), 7);
    assert_eq!(store.scim_number_after(source, user, 0).await.unwrap(), Some(0));
    assert_eq!(store.scim_number_after(source, user, 3).await.unwrap(), Some(numbers[2]));
    assert_eq!(store.scim_number_after(source, user, 8).await.unwrap(), None);
    let page = store.scim_page(source, user, numbers[2], 2, Relations::LeftOut).await.unwrap();
    assert_eq!(page.iter().map(|one| one.number).collect::<Vec<_>>(), numbers[3..5]);
    let wanted = vec![numbers[5], 999, numbers[1]];
    let found = store.scim_numbered(source, wanted, Relations::LeftOut).await.unwrap();
    assert_eq!(found.iter().map(|one| one.number).collect::<Vec<_>>(), [numbers[5], numbers[1]]);
}
