//! The audit log: what is in it, what is not, and that whoever touches it is found out.
#![expect(clippy::unwrap_used, reason = "a test ends where something is not as it must be")]

use jiff::Timestamp;
use purser_model::audit::{Actor, AuditKey, AuditRow, BROKEN, Break, ChainCheck};
use purser_model::edit::{AttributeAction, AttributeChange};
use purser_model::id::{IdentityId, Ids, SourceName, TargetName};
use purser_model::identity::{IdentityRecord, LifecycleState, Validity};
use purser_model::operation::{Intent, OperationState};
use purser_model::plan::{Link, PlanItem, PlannedOperation, Precondition};
use purser_store::{
    AuditFilter, AuditOrder, AuditPage, EnqueueRequest, LogFilter, LogPage, Recording, Seen, Store, StoreError,
};
use purser_store_sqlite::SqliteStore;
use rusqlite::Connection;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

struct Log {
    folder: tempfile::TempDir,
}

impl Log {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("purser.db")
    }

    fn open(&self) -> SqliteStore {
        let store = SqliteStore::open(&self.file(), Arc::new(Ids::new([7; 32]))).unwrap();
        store.acting_as(Actor::command_line("anna")).signing_with(key())
    }

    /// What somebody does with the file who knows SQL.
    fn tamper(&self, sql: &str) {
        let connection = Connection::open(self.file()).unwrap();
        connection
            .execute_batch(&format!("DROP TRIGGER audit_is_not_changed; DROP TRIGGER audit_is_not_deleted; {sql}"))
            .unwrap();
    }

    async fn verify(&self) -> Result<i64, Break> {
        let store = SqliteStore::open_for_reading(&self.file()).unwrap();
        let mut check = ChainCheck::default();
        for row in rows(&store).await {
            check.next(&row)?;
        }
        check.end(&store.audit_head().await.unwrap().unwrap(), Some(&key()))?;
        Ok(check.sequence())
    }
}

fn key() -> AuditKey {
    AuditKey::from_secret("of this host")
}

async fn rows(store: &SqliteStore) -> Vec<AuditRow> {
    let page = AuditPage { after: None, limit: 10_000, order: AuditOrder::OldestFirst };
    store.audit(AuditFilter::default(), page).await.unwrap()
}

fn now() -> Timestamp {
    Timestamp::from_second(1_000).unwrap()
}

fn hr() -> SourceName {
    "hr".parse().unwrap()
}

fn app() -> TargetName {
    "app".parse().unwrap()
}

async fn person(store: &SqliteStore, attributes: Value) -> IdentityId {
    let record = IdentityRecord {
        key: "E1".into(),
        state: LifecycleState::Active,
        attributes: attributes.as_object().unwrap().clone(),
        validity: Validity::ALWAYS,
    };
    store.accept_record(&hr(), record, now()).await.unwrap().identity.id
}

/// Five rows.
async fn written() -> Log {
    let log = Log::new();
    let store = log.open();
    for number in 1..=5 {
        person(&store, json!({"userName": "anna", "number": number})).await;
    }
    log
}

#[tokio::test]
async fn a_log_that_nobody_touched_is_whole() {
    let log = written().await;
    assert_eq!(log.verify().await, Ok(5));
    person(&log.open(), json!({"userName": "anna", "number": 6})).await;
    assert_eq!(log.verify().await, Ok(6), "another process goes on where the last one ended");
}

#[tokio::test]
async fn whatever_is_changed_in_a_row_is_found() {
    let other = "x'0000000000000000000000000000000000000000000000000000000000000000'";
    let columns = [
        ("at", "at + 1"),
        ("actor", "'cli:eve'"),
        ("activity", "'import of hr'"),
        ("action", "'plan-made'"),
        ("subject_kind", "'run'"),
        ("subject", "'nobody'"),
        ("identity", "NULL"),
        ("target", "'app'"),
        ("operation", "'one'"),
        ("plan", "'one'"),
        ("connector", "'other@1'"),
        ("details", "'{}'"),
        ("details", "CAST(x'ff00' AS TEXT)"),
        ("previous", other),
        ("hash", other),
        ("hash", "x''"),
    ];
    for (column, value) in columns {
        let log = written().await;
        log.tamper(&format!("UPDATE audit SET {column} = {value} WHERE sequence = 3"));
        assert_eq!(log.verify().await.unwrap_err().sequence, 3, "{column} = {value}");
    }
    let log = written().await;
    log.tamper("UPDATE audit SET sequence = 33 WHERE sequence = 3");
    assert_eq!(log.verify().await.unwrap_err().sequence, 3);
}

#[tokio::test]
async fn a_row_that_is_gone_is_found_wherever_it_was() {
    for (gone, sql) in [(1, "sequence = 1"), (3, "sequence = 3"), (5, "sequence = 5"), (2, "sequence > 1")] {
        let log = written().await;
        log.tamper(&format!("DELETE FROM audit WHERE {sql}"));
        assert_eq!(log.verify().await.unwrap_err().sequence, gone, "{sql}");
    }
}

#[tokio::test]
async fn a_tail_cut_off_with_a_head_made_up_for_it_is_found_now_and_for_ever() {
    let log = written().await;
    log.tamper(
        "DELETE FROM audit WHERE sequence > 3; \
         UPDATE audit_head SET sequence = 3, hash = (SELECT hash FROM audit WHERE sequence = 3)",
    );
    assert!(log.verify().await.unwrap_err().reason.contains("not signed"));
    person(&log.open(), json!({"userName": "anna", "number": 6})).await;
    let broken = log.verify().await.unwrap_err();
    assert_eq!(broken.sequence, 4, "the host says so when it goes on: {broken:?}");
    let told = rows(&log.open()).await;
    assert_eq!(told.iter().map(|row| row.action.as_str()).collect::<Vec<_>>()[3..], [BROKEN, "identity-changed"]);
}

#[tokio::test]
async fn the_database_refuses_to_change_delete_or_replace_a_row() {
    let log = written().await;
    let connection = Connection::open(log.file()).unwrap();
    for sql in [
        "UPDATE audit SET actor = 'cli:eve'",
        "DELETE FROM audit",
        "INSERT OR REPLACE INTO audit SELECT * FROM audit WHERE sequence = 2",
    ] {
        let refused = connection.execute(sql, []).unwrap_err().to_string();
        assert!(refused.contains("only ever added to"), "{sql}: {refused}");
    }
    assert_eq!(log.verify().await, Ok(5));
}

#[tokio::test]
async fn a_change_of_an_identity_is_told_with_old_and_new_values_and_by_whom() {
    let log = Log::new();
    let store = log.open();
    let id = person(&store, json!({"mail": "a@x", "same": 1})).await;
    person(&store, json!({"mail": "b@x", "same": 1})).await;
    person(&store, json!({"mail": "b@x", "same": 1})).await;
    let filter = AuditFilter { identity: Some(id), ..AuditFilter::default() };
    let page = AuditPage { after: None, limit: 10, order: AuditOrder::NewestFirst };
    let told = store.audit(filter, page).await.unwrap();
    assert_eq!(told.len(), 2, "what changes nothing is not told");
    assert_eq!((told[0].actor.as_str(), told[0].action.as_str()), ("cli:anna", "identity-changed"));
    let details = told[0].details();
    assert_eq!(details["attributes"], json!({"mail": {"old": "a@x", "new": "b@x"}}));
    assert_eq!((&details["identity"], details.get("state")), (&json!("hr/E1"), None));
    assert_eq!(told[1].details()["state"], json!({"old": null, "new": "active"}));
}

const SECRET: &str = "Tr0ub4dor";

/// An operation that writes a secret, which the target refuses with a message that repeats it.
#[tokio::test]
async fn a_secret_is_in_no_row() {
    let log = Log::new();
    let store = log.open();
    let hidden = BTreeMap::from([("person".to_owned(), BTreeSet::from(["pin".to_owned()]))]);
    store.keep_hidden(&app(), hidden).await.unwrap();
    let identity = person(&store, json!({"userName": "anna", "initialPassword": SECRET})).await;
    let create = Intent::Create {
        attributes: json!({"userName": "anna", "PIN": SECRET, "login": {"password": SECRET}})
            .as_object()
            .unwrap()
            .clone(),
        active: Some(true),
    };
    let update = Intent::Update {
        changes: vec![AttributeChange { attribute: "pin".into(), action: AttributeAction::Replace(json!(SECRET)) }],
    };
    let planned = |intent| PlannedOperation { intent, reason: "wanted".into(), before: Default::default() };
    let item = |class: &str, intent| PlanItem {
        identity,
        label: "anna".into(),
        target: app(),
        class: class.into(),
        account: None,
        link: Link::Keep,
        precondition: Precondition { identity_version: 1, account_digest: None },
        operations: vec![planned(intent)],
        pushed: Default::default(),
        claims: Default::default(),
    };
    // Of the second class nothing is known.
    let items = vec![item("person", create), item("robot", update)];
    let request =
        EnqueueRequest { identity, wake: None, plan: None, items, held: Vec::new(), approved: false, outlook: None };
    assert_eq!(store.enqueue(vec![request], now()).await.unwrap().operations, 2);
    let leased = store.lease(&app(), 10, now()).await.unwrap();
    for one in &leased {
        let recording = Recording {
            sent: true,
            quarantined: false,
            kind_rests_until: None,
            operation: one.operation.id,
            state: OperationState::Refused,
            detail: Some(format!("invalid-value: `{SECRET}` is too weak")),
            not_before: None,
            seen: Seen::Nothing,
            wake: false,
            error_class: None,
        };
        if one.operation.class == "person" {
            store.record(vec![recording], now()).await.unwrap();
        }
    }
    let told = rows(&store).await;
    let actions: Vec<&str> = told.iter().map(|row| row.action.as_str()).collect();
    assert!(actions.contains(&"operation-planned") && actions.contains(&"operation-refused"), "{actions:?}");
    for row in told {
        assert!(!format!("{row:?}").contains(SECRET), "{row:?}");
    }
    let page = LogPage { after: None, limit: 10 };
    let entries = store.provisioning_log(LogFilter::default(), page).await.unwrap();
    let shown = entries[0].rows[0].details();
    assert_eq!(shown["attributes"]["userName"], json!({"old": null, "new": "anna"}));
    assert_eq!(shown["attributes"]["PIN"], json!({"old": null, "new": "(hidden)"}));
    assert_eq!(shown["attributes"]["login"]["new"], json!({"password": "(hidden)"}));
    let refusal = entries[0].rows.last().unwrap().details();
    assert_eq!(refusal["detail"], "invalid-value: `(hidden)` is too weak");
}

#[tokio::test]
async fn who_comes_back_for_events_that_are_gone_is_told_which_is_the_oldest() {
    let log = written().await;
    let store = log.open();
    assert_eq!(store.prune_events(now(), now()).await.unwrap(), 0, "none is older");
    let later = Timestamp::from_second(2_000).unwrap();
    assert_eq!(store.prune_events(later, later).await.unwrap(), 5);
    let gone = store.events(4, 10).await.unwrap_err();
    assert!(matches!(gone, StoreError::EventsGone { after: 4, oldest: 6 }), "{gone}");
    let kept = store.events(5, 10).await.unwrap();
    assert_eq!(
        kept.iter().map(|event| (event.sequence, event.kind.as_str())).collect::<Vec<_>>(),
        [(6, "events-pruned")]
    );
    assert_eq!(store.events_kept().await.unwrap().dropped_through, 5);
}

#[tokio::test]
async fn a_store_that_is_only_read_writes_nothing() {
    let log = written().await;
    let store = SqliteStore::open_for_reading(&log.file()).unwrap();
    let refused = store.keep_setting("key", "value", now()).await.unwrap_err();
    assert!(refused.to_string().contains("reading only"), "{refused}");
}
