//! Sealed secrets: what is kept, in which order, and that all are sealed with one key.
#![expect(clippy::unwrap_used, reason = "a test ends where something is not as it must be")]

use jiff::Timestamp;
use purser_model::audit::Actor;
use purser_model::id::Ids;
use purser_model::sealed::{SealedSecret, SealingKeyId};
use purser_store::{AuditFilter, AuditOrder, AuditPage, SealedSecrets, Store, StoreError};
use purser_store_sqlite::SqliteStore;
use std::sync::Arc;

struct Kept {
    _folder: tempfile::TempDir,
    store: SqliteStore,
}

fn kept() -> Kept {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&folder.path().join("purser.db"), Arc::new(Ids::new([7; 32]))).unwrap();
    Kept { store: store.acting_as(Actor::command_line("anna")), _folder: folder }
}

fn secret(name: &str, version: u32, key: &str) -> SealedSecret {
    let bytes = format!("{name} {version} {key}").into_bytes();
    SealedSecret {
        name: name.parse().unwrap(),
        version,
        key: SealingKeyId(key.to_owned()),
        wrapped_key: bytes.clone(),
        sealed: bytes,
    }
}

fn now() -> Timestamp {
    Timestamp::from_second(1_800_000_000).unwrap()
}

fn reason<T: std::fmt::Debug>(result: Result<T, StoreError>) -> String {
    match result {
        Err(StoreError::Refused { reason, .. }) => reason,
        other => panic!("it must be refused: {other:?}"),
    }
}

#[tokio::test]
async fn a_secret_is_kept_with_who_set_it_and_when_and_is_gone_when_removed() {
    let Kept { store, _folder } = kept();
    store.keep_secret(secret("crm", 1, "k"), now()).await.unwrap();
    store.keep_secret(secret("crm", 2, "k"), now()).await.unwrap();
    store.keep_secret(secret("app", 1, "k"), now()).await.unwrap();
    let names: Vec<_> = store.sealed_secrets().await.unwrap().into_iter().map(|kept| kept.sealed).collect();
    assert_eq!(names, [secret("app", 1, "k"), secret("crm", 2, "k")]);
    let crm = store.sealed_secret(&"crm".parse().unwrap()).await.unwrap().unwrap();
    assert_eq!((crm.set_by.as_str(), crm.set_at), ("cli:anna", now()));

    store.remove_secret(&"crm".parse().unwrap(), now()).await.unwrap();
    assert_eq!(store.sealed_secret(&"crm".parse().unwrap()).await.unwrap(), None);
    let again = store.remove_secret(&"crm".parse().unwrap(), now()).await;
    assert!(matches!(again, Err(StoreError::NotFound { .. })), "{again:?}");

    let page = AuditPage { after: None, limit: 10, order: AuditOrder::OldestFirst };
    let rows = store.audit(AuditFilter::default(), page).await.unwrap();
    let told: Vec<_> = rows.iter().map(|row| (row.action.as_str(), row.subject.as_str())).collect();
    assert_eq!(told, [("secret-set", "crm"), ("secret-set", "crm"), ("secret-set", "app"), ("secret-removed", "crm")]);
}

#[tokio::test]
async fn a_version_that_does_not_follow_or_another_key_is_refused() {
    let Kept { store, _folder } = kept();
    assert!(reason(store.keep_secret(secret("crm", 2, "k"), now()).await).contains("meanwhile"));
    store.keep_secret(secret("crm", 1, "k"), now()).await.unwrap();
    assert!(reason(store.keep_secret(secret("crm", 1, "k"), now()).await).contains("meanwhile"));
    assert!(reason(store.keep_secret(secret("app", 1, "other"), now()).await).contains("another key"));
    // The only secret there is may be sealed with a new key, when the old one is lost.
    store.keep_secret(secret("crm", 2, "other"), now()).await.unwrap();
}

#[tokio::test]
async fn all_are_sealed_anew_or_none() {
    let Kept { store, _folder } = kept();
    store.keep_secret(secret("app", 1, "old"), now()).await.unwrap();
    store.keep_secret(secret("crm", 1, "old"), now()).await.unwrap();
    let former = || SealingKeyId("old".to_owned());
    let wrong = [
        vec![secret("app", 1, "new")],
        vec![secret("app", 1, "new"), secret("crm", 2, "new")],
        vec![secret("app", 1, "new"), secret("mail", 1, "new")],
    ];
    for secrets in wrong {
        assert!(reason(store.reseal_secrets(former(), secrets, now()).await).contains("do it again"));
    }
    let all = vec![secret("app", 1, "new"), secret("crm", 1, "new")];
    let from_another = store.reseal_secrets(SealingKeyId("third".to_owned()), all.clone(), now()).await;
    assert!(reason(from_another).contains("do it again"));
    let kept = |store: SqliteStore| async move {
        store.sealed_secrets().await.unwrap().into_iter().map(|kept| kept.sealed).collect::<Vec<_>>()
    };
    assert_eq!(kept(store.clone()).await, [secret("app", 1, "old"), secret("crm", 1, "old")]);
    store.reseal_secrets(former(), all.clone(), now()).await.unwrap();
    assert_eq!(kept(store.clone()).await, all);
}
