//! Which builds of connectors are in use: kept with their events, and by one at a time.

use jiff::Timestamp;
use purser_model::id::Ids;
use purser_model::upgrade::{Build, ConnectorUse};
use purser_store::{Store, StoreError, Upgrades, UseChange};
use purser_store_sqlite::SqliteStore;
use std::sync::Arc;

fn build(version: &str) -> Build {
    Build { name: "scim".into(), version: version.parse().expect("a version"), digest: "ab".repeat(32) }
}

#[tokio::test]
async fn a_use_is_kept_with_its_event_and_by_one_at_a_time() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("store.db");
    let store = SqliteStore::open(&file, Arc::new(Ids::new([7; 32]))).expect("it opens");
    let now = Timestamp::UNIX_EPOCH;
    assert_eq!(store.connector_use("target crm").await.expect("it is read"), None);
    let first = ConnectorUse::begin("target crm", build("1.0.0"));
    store.keep_connector_use(first.clone(), UseChange::Taken, "scim 1.0.0", now).await.expect("it is kept");

    let mut mine = store.connector_use("target crm").await.expect("it is read").expect("it is there");
    let theirs = mine.clone();
    mine.take(Build { digest: "cd".repeat(32), ..build("1.1.0") });
    store.keep_connector_use(mine.clone(), UseChange::Taken, "scim 1.1.0", now).await.expect("it is kept");
    for outdated in [theirs, first] {
        let refused = store.keep_connector_use(outdated, UseChange::RolledBack, "", now).await;
        assert!(matches!(refused, Err(StoreError::Refused { .. })), "{refused:?}");
    }
    let kept = store.connector_uses().await.expect("they are read");
    assert_eq!(kept.len(), 1);
    assert_eq!((&kept[0].current, &kept[0].former), (&mine.current, &mine.former));

    store.keep_connector_use(kept[0].clone(), UseChange::Counted, "", now).await.expect("it is kept");
    store.note_refused_file("bad.wasm", "it is no WebAssembly", now).await.expect("it is noted");
    let events = store.events(0, 100).await.expect("they are read");
    let kinds: Vec<_> = events.iter().map(|event| event.kind.as_str()).collect();
    assert_eq!(kinds, ["connector-taken", "connector-taken", "connector-refused"]);
}
