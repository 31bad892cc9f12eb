//! Webhooks: each has its own place in the stream of events, and what fails is kept until it is delivered.

use jiff::{SignedDuration, Timestamp};
use purser_model::id::{Ids, WebhookName};
use purser_store::{Event, Store, StoreError, WebhookEnd, WebhookLetters, WebhookTry};
use purser_store_sqlite::SqliteStore;
use std::sync::Arc;

fn at(seconds: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_secs(seconds)
}

fn name(text: &str) -> WebhookName {
    text.parse().expect("a name")
}

/// A store with so many events.
async fn store(events: u32) -> (SqliteStore, tempfile::TempDir) {
    let folder = tempfile::tempdir().expect("a folder");
    let store = SqliteStore::open(&folder.path().join("store.db"), Arc::new(Ids::new([7; 32]))).expect("it opens");
    happen(&store, 0..events).await;
    (store, folder)
}

async fn happen(store: &SqliteStore, events: std::ops::Range<u32>) {
    for number in events {
        store.keep_setting("a", &number.to_string(), at(number.into())).await.expect("it is kept");
    }
}

fn failed(event: &Event, next_at: Timestamp) -> WebhookTry {
    WebhookTry { event: event.clone(), end: WebhookEnd::Failed { reason: "503".into(), next_at } }
}

fn ended(event: &Event, end: WebhookEnd) -> WebhookTry {
    WebhookTry { event: event.clone(), end }
}

#[tokio::test]
async fn a_new_webhook_begins_now_or_at_the_start_and_a_known_one_goes_on() {
    let (store, _folder) = store(3).await;
    store.know_webhook(&name("now"), false, at(10)).await.expect("it is kept");
    store.know_webhook(&name("all"), true, at(10)).await.expect("it is kept");
    happen(&store, 3..5).await;
    let count = async |webhook: &str| {
        store.webhook_work(&name(webhook), 0, 100, at(20)).await.expect("there is work").events.len()
    };
    assert_eq!((count("now").await, count("all").await), (2, 5));
    store.record_webhook(&name("all"), Some(4), Vec::new(), at(21)).await.expect("it is recorded");
    store.know_webhook(&name("all"), true, at(22)).await.expect("it is known");
    assert_eq!((count("now").await, count("all").await), (2, 1));
    // A place never goes back.
    store.record_webhook(&name("all"), Some(2), Vec::new(), at(23)).await.expect("it is recorded");
    assert_eq!(count("all").await, 1);
    let unknown = store.webhook_work(&name("nobody"), 0, 100, at(20)).await;
    assert!(matches!(unknown, Err(StoreError::NotFound { .. })), "{unknown:?}");
}

#[tokio::test]
async fn what_fails_waits_dies_and_is_delivered_again_although_its_event_was_dropped() {
    let (store, _folder) = store(3).await;
    let siem = name("siem");
    store.know_webhook(&siem, true, at(10)).await.expect("it is kept");
    let events = store.webhook_work(&siem, 0, 100, at(10)).await.expect("there is work").events;
    let tries = vec![failed(&events[0], at(20)), ended(&events[1], WebhookEnd::Delivered), failed(&events[2], at(30))];
    store.record_webhook(&siem, Some(events[2].sequence), tries, at(11)).await.expect("it is recorded");
    let work = store.webhook_work(&siem, 0, 100, at(20)).await.expect("there is work");
    assert_eq!((work.events.len(), work.waiting, work.next_due), (0, 2, Some(at(30))));
    assert_eq!(work.due.iter().map(|due| (&due.event, due.attempts)).collect::<Vec<_>>(), [(&events[0], 1)]);

    let dead = ended(&events[0], WebhookEnd::Dead { reason: "still 503".into() });
    store.record_webhook(&siem, None, vec![dead], at(21)).await.expect("it is recorded");
    store.prune_events(at(22), at(22)).await.expect("they are dropped");
    let letters = store.dead_letters(&siem, 0, 10).await.expect("they are listed");
    assert_eq!(letters.len(), 1);
    assert_eq!((letters[0].attempts, letters[0].dead_at, letters[0].reason.as_str()), (2, Some(at(21)), "still 503"));
    for after in [events[0].sequence, u64::MAX] {
        assert_eq!(store.dead_letters(&siem, after, 10).await.expect("they are listed"), []);
    }
    let kept = store.webhooks().await.expect("they are listed").remove(0);
    assert_eq!((kept.delivered, kept.failed, kept.died, kept.waiting, kept.dead_letters), (1, 3, 1, 1, 1));

    let unknown = store.redeliver(&siem, Some([events[0].sequence, u64::MAX].into()), at(23)).await;
    assert!(matches!(unknown, Err(StoreError::NotFound { .. })), "{unknown:?}");
    assert_eq!(store.dead_letters(&siem, 0, 10).await.expect("they are listed").len(), 1, "nothing was changed");
    assert_eq!(store.redeliver(&siem, None, at(24)).await.expect("it is made due"), 1);
    let due = store.webhook_work(&siem, 99, 100, at(24)).await.expect("there is work").due;
    assert_eq!(due.iter().map(|due| (&due.event, due.attempts)).collect::<Vec<_>>(), [(&events[0], 0)]);
    let tries = vec![ended(&events[0], WebhookEnd::Delivered)];
    store.record_webhook(&siem, None, tries, at(25)).await.expect("it is recorded");
    let kept = store.webhooks().await.expect("they are listed").remove(0);
    assert_eq!((kept.delivered, kept.waiting, kept.dead_letters), (2, 1, 0));
    let newest = store.events_kept().await.expect("they are kept").newest;
    let told = store.events(newest - 1, 10).await.expect("they are read");
    assert_eq!((told[0].kind.as_str(), told[0].subject.as_str()), ("webhook-redelivered", "siem"));
}

#[tokio::test]
async fn a_disabled_webhook_has_no_work_and_goes_on_where_it_was() {
    let (store, _folder) = store(2).await;
    let siem = name("siem");
    store.know_webhook(&siem, true, at(10)).await.expect("it is kept");
    store.disable_webhook(&siem, "410", at(11)).await.expect("it is disabled");
    let work = store.webhook_work(&siem, 0, 100, at(12)).await.expect("it is read");
    assert!(work.disabled && work.events.is_empty());
    assert!(store.enable_webhook(&siem, at(13)).await.expect("it is enabled"));
    assert!(!store.enable_webhook(&siem, at(13)).await.expect("it is enabled already"));
    assert!(store.webhook_work(&siem, 0, 100, at(14)).await.expect("there is work").events.len() >= 2);
}

#[tokio::test]
async fn events_that_were_dropped_before_they_were_delivered_are_named() {
    let (store, _folder) = store(4).await;
    let siem = name("siem");
    store.know_webhook(&siem, true, at(10)).await.expect("it is kept");
    store.prune_events(at(2), at(11)).await.expect("they are dropped");
    let work = store.webhook_work(&siem, 0, 100, at(12)).await.expect("it is read");
    assert_eq!((work.gone_through, work.events.len()), (Some(2), 0));
    store.skip_webhook(&siem, 2, at(13)).await.expect("they are passed over");
    let work = store.webhook_work(&siem, 0, 100, at(14)).await.expect("there is work");
    assert_eq!((work.gone_through, work.events[0].sequence), (None, 3));
    assert!(work.events.iter().any(|event| event.kind == "webhook-events-lost" && event.detail.contains("1 to 2")));
}
