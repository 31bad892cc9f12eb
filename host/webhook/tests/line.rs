//! Webhooks over a real store, with a receiver that only counts.

use async_trait::async_trait;
use jiff::Timestamp;
use purser_model::id::{Ids, SecretName, WebhookName};
use purser_model::secret::{NamedSecrets, Secret};
use purser_model::webhook::Webhook;
use purser_store::{Access, Store, WebhookEnd, WebhookLetters, WebhookTry};
use purser_store_sqlite::SqliteStore;
use purser_webhook::{SecretsClosed, SigningSecrets, Webhooks};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

struct OneSecret;

#[async_trait]
impl SigningSecrets for OneSecret {
    async fn open(&self, names: &[&SecretName]) -> Result<NamedSecrets, SecretsClosed> {
        let secret = Secret::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").expect("it is not empty");
        Ok(names.iter().map(|name| ((*name).clone(), secret.clone())).collect())
    }
}

fn now() -> Timestamp {
    Timestamp::from_second(1_700_000_000).expect("a time")
}

fn siem() -> WebhookName {
    "siem".parse().expect("a name")
}

/// A receiver that takes everything, and how much it was told.
async fn receiver() -> (url::Url, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}/", listener.local_addr().expect("an address")).parse().expect("a URL");
    let told = Arc::<AtomicUsize>::default();
    let count = told.clone();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = vec![0; 64 << 10];
            // A request is far smaller than what is read at once.
            if stream.read(&mut request).await.is_ok_and(|length| length > 0) {
                count.fetch_add(1, Ordering::SeqCst);
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").await;
            }
        }
    });
    (url, told)
}

fn store() -> (Arc<SqliteStore>, tempfile::TempDir) {
    let folder = tempfile::tempdir().expect("a folder");
    let store = SqliteStore::open(&folder.path().join("store.db"), Arc::new(Ids::new([7; 32]))).expect("it opens");
    (Arc::new(store), folder)
}

async fn happen(store: &SqliteStore, events: u32) {
    for number in 0..events {
        store.keep_setting("a", &number.to_string(), now()).await.expect("it is kept");
    }
}

/// Begins with the oldest event, and works in the background.
async fn working(store: Arc<SqliteStore>, webhook: Webhook) {
    let declared = [(siem(), Webhook { from_start: true, ..webhook })].into();
    let webhooks = Webhooks::new(store, declared, Arc::new(OneSecret), now);
    webhooks.know().await.expect("it is known");
    tokio::spawn(async move { webhooks.work().await });
}

/// Waits until it is so; far longer than it takes anywhere.
async fn eventually(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    for _ in 0..2_400 {
        if is_so().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("it never was so that {what}");
}

#[tokio::test]
async fn while_a_thousand_letters_wait_new_events_stay_in_the_stream() {
    let (store, _folder) = store();
    happen(&store, 1_001).await;
    let (url, told) = receiver().await;
    store.know_webhook(&siem(), true, now()).await.expect("it is known");
    let events = store.events(0, 1_000).await.expect("they are read");
    let in_an_hour = now().checked_add(Duration::from_hours(1)).expect("a time");
    let failed = |event| WebhookTry { event, end: WebhookEnd::Failed { reason: "500".into(), next_at: in_an_hour } };
    let tries: Vec<_> = events.iter().cloned().map(failed).collect();
    store.record_webhook(&siem(), Some(1_000), tries, now()).await.expect("it is recorded");
    working(store.clone(), Webhook::new(url, "signing".parse().expect("a name"))).await;
    // Several looks at the store.
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(told.load(Ordering::SeqCst), 0);
    let done = WebhookTry { event: events[0].clone(), end: WebhookEnd::Delivered };
    store.record_webhook(&siem(), None, vec![done], now()).await.expect("it is recorded");
    eventually("the event is told", async || told.load(Ordering::SeqCst) == 1).await;
}

#[tokio::test]
async fn events_that_nobody_wants_are_passed_over_and_the_place_is_kept() {
    let (store, _folder) = store();
    happen(&store, 350).await;
    store.note_request("a test", now()).await.expect("it is noted");
    let (url, told) = receiver().await;
    let webhook = Webhook::new(url, "signing".parse().expect("a name"));
    let events = vec!["requested".parse().expect("a pattern")];
    working(store.clone(), Webhook { events, ..webhook }).await;
    eventually("the place is behind all", async || {
        let kept = store.webhooks().await.expect("they are listed").remove(0);
        kept.through == 351 && kept.delivered == 1
    })
    .await;
    // The rest of a batch is recorded after a few seconds.
    happen(&store, 3).await;
    eventually("the place is behind all", async || store.webhooks().await.expect("they are listed")[0].through == 354)
        .await;
    assert_eq!(told.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn events_that_were_dropped_are_named_and_the_others_are_told() {
    let (store, _folder) = store();
    happen(&store, 3).await;
    let (url, told) = receiver().await;
    store.know_webhook(&siem(), true, now()).await.expect("it is known");
    let later = now().checked_add(Duration::from_secs(1)).expect("a time");
    store.prune_events(later, now()).await.expect("they are dropped");
    working(store.clone(), Webhook::new(url, "signing".parse().expect("a name"))).await;
    // The event about the dropping itself is the oldest that is kept.
    eventually("what is kept is told", async || told.load(Ordering::SeqCst) == 1).await;
    let events = store.events(3, 10).await.expect("they are read");
    assert!(events.iter().any(|event| event.kind == "webhook-events-lost"), "{events:?}");
}
