//! What an import leaves behind when the process dies at its end.

use purser_model::id::{Ids, SourceName};
use purser_model::identity::{IdentityRecord, LifecycleState, Validity};
use purser_model::run::{Checkpoint, RunKind};
use purser_store::Store;
use purser_store_sqlite::SqliteStore;
use std::sync::Arc;

#[tokio::test]
async fn a_run_that_was_accepted_and_not_ended_reads_its_source_anew() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&folder.path().join("purser.db"), Arc::new(Ids::new([7; 32]))).unwrap();
    let source: SourceName = "hr".parse().unwrap();
    let now = jiff::Timestamp::UNIX_EPOCH;
    let begun = store.begin_run(RunKind::Import, "hr", now).await.unwrap();
    let anna = IdentityRecord {
        key: "E1".into(),
        state: LifecycleState::Active,
        attributes: Default::default(),
        validity: Validity::ALWAYS,
    };
    let all_read = Checkpoint { finished_classes: vec!["person".into()], ..Checkpoint::default() };
    store.stage_records(begun.run.id, vec![anna], all_read).await.unwrap();
    store.accept_staged(begun.run.id, &source, true, now).await.unwrap();

    let next = store.begin_run(RunKind::Import, "hr", now).await.unwrap();

    assert!(next.resumed, "the run was not ended");
    assert_eq!(next.run.checkpoint, Checkpoint::default(), "nothing is staged, so nothing counts as read");
}
