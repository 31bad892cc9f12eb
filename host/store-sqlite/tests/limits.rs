//! Limits that were reached are counted by limit, connector and subject.

use jiff::{SignedDuration, Timestamp};
use purser_model::id::Ids;
use purser_store::{LimitReached, Limits};
use purser_store_sqlite::SqliteStore;
use std::sync::Arc;

#[tokio::test]
async fn a_limit_is_counted_by_connector_and_subject() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = SqliteStore::open(&folder.path().join("store.db"), Arc::new(Ids::new([7; 32]))).expect("it opens");
    let reached = |limit: &str, subject: &str| LimitReached {
        limit: limit.into(),
        connector: "scim 1.0.0".into(),
        subject: subject.into(),
    };
    let at = |seconds| Timestamp::UNIX_EPOCH + SignedDuration::from_secs(seconds);
    let all = [("memory", "target b"), ("cpu", "target a"), ("memory", "target a"), ("memory", "target b")];
    for (second, (limit, subject)) in (1..).zip(all) {
        store.note_limit_reached(reached(limit, subject), at(second)).await.expect("it is counted");
    }
    let counted: Vec<_> = store
        .limits_reached()
        .await
        .expect("they are read")
        .into_iter()
        .map(|count| (count.reached.limit, count.reached.subject, count.times, count.last))
        .collect();
    let expected = [("cpu", "target a", 1, 2), ("memory", "target a", 1, 3), ("memory", "target b", 2, 4)];
    assert_eq!(counted, expected.map(|(limit, subject, times, last)| (limit.into(), subject.into(), times, at(last))));
}
