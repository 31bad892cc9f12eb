//! Follows the stream of events for one webhook: what is due is sent, and how it ended is recorded, again and again.

use crate::message;
use crate::pace::{Pace, Rest};
use crate::sender::Sender;
use crate::signature::SigningKeys;
use crate::verdict::{Verdict, next_wait};
use crate::{NotSent, SigningSecrets};
use futures::future::join_all;
use jiff::Timestamp;
use purser_model::id::WebhookName;
use purser_model::later;
use purser_model::webhook::Webhook;
use purser_store::{Event, Store, WebhookEnd, WebhookTry, WebhookWork};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep, sleep_until};
use tracing::{info, warn};

/// Events and letters that are read at a time.
const BATCH: u32 = 100;
/// How often the store is looked at where nothing is to be done.
const BETWEEN_LOOKS: Duration = Duration::from_millis(250);
/// What was told is recorded at least so often: after a crash, no more than this is told twice.
const LONGEST_ROUND: Duration = Duration::from_millis(500);
/// Events that nobody wants are passed over without a write until then.
const LONGEST_UNRECORDED: Duration = Duration::from_secs(5);
/// While so many letters wait, new events wait in the stream, where they cost nothing.
const MOST_WAITING: u64 = 1_000;
/// After the store or the secrets failed.
const TROUBLE: Duration = Duration::from_secs(2);

/// One webhook on its way through the stream.
pub(crate) struct Line {
    store: Arc<dyn Store>,
    name: WebhookName,
    webhook: Webhook,
    secrets: Arc<dyn SigningSecrets>,
    now: fn() -> Timestamp,
    sender: Option<Sender>,
    pace: Pace,
    rest: Rest,
    /// Events up to this one were looked at; the store may not know of the last of them.
    position: u64,
    recorded: Instant,
    complaint: Option<String>,
}

/// What became of some messages that were sent at the same time.
#[derive(Default)]
struct Told {
    tries: Vec<WebhookTry>,
    failed: bool,
    gone: Option<String>,
}

impl Line {
    pub(crate) fn new(
        store: Arc<dyn Store>,
        name: WebhookName,
        webhook: Webhook,
        secrets: Arc<dyn SigningSecrets>,
        now: fn() -> Timestamp,
    ) -> Self {
        let pace = Pace::new(webhook.rate);
        let (rest, recorded) = (Rest::default(), Instant::now());
        Self { store, name, webhook, secrets, now, sender: None, pace, rest, position: 0, recorded, complaint: None }
    }

    /// Delivers for ever.
    pub(crate) async fn follow(mut self) {
        loop {
            let wait = match self.round().await {
                Ok(true) => Duration::ZERO,
                Ok(false) => BETWEEN_LOOKS,
                Err(trouble) => self.complain(&trouble),
            };
            sleep(wait).await;
        }
    }

    /// Says what is wrong, once.
    fn complain(&mut self, trouble: &NotSent) -> Duration {
        let text = trouble.to_string();
        if self.complaint.as_ref() != Some(&text) {
            warn!(webhook = %self.name, reason = text, "nothing can be sent; it is tried again and again");
        }
        self.complaint = Some(text);
        TROUBLE
    }

    /// Does what is due; false says that there was nothing.
    async fn round(&mut self) -> Result<bool, NotSent> {
        let now = (self.now)();
        let work = self.store.webhook_work(&self.name, self.position, BATCH, now).await?;
        if work.disabled || self.rest.all(now).is_some() {
            self.position = work.through;
            return Ok(false);
        }
        if let Some(gone) = work.gone_through {
            warn!(webhook = %self.name, through = gone, "events were dropped before they were delivered");
            self.store.skip_webhook(&self.name, gone, now).await?;
            self.position = gone;
            return Ok(true);
        }
        self.position = self.position.max(work.through);
        if !work.due.is_empty() {
            self.letters(work).await?;
            return Ok(true);
        }
        if self.rest.events(now).is_some() || work.waiting >= MOST_WAITING {
            return Ok(false);
        }
        self.events(work).await
    }

    /// Sends letters that are due, until one fails.
    async fn letters(&mut self, work: WebhookWork) -> Result<(), NotSent> {
        let keys = self.keys().await?;
        let mut all = Told::default();
        for some in work.due.chunks(self.pace.at_once) {
            let some: Vec<_> = some.iter().map(|letter| (&letter.event, letter.attempts)).collect();
            all.add(self.tell(&keys, &some).await?);
            if all.failed || all.gone.is_some() {
                break;
            }
        }
        self.record(None, all).await
    }

    /// Sends the events that are wanted, until one fails or it has taken a while, and passes over the others.
    async fn events(&mut self, work: WebhookWork) -> Result<bool, NotSent> {
        let Some(newest) = work.events.last().map(|event| event.sequence) else {
            return self.catch_up(work.through).await;
        };
        let wanted: Vec<&Event> = work.events.iter().filter(|event| self.webhook.wants(&event.kind)).collect();
        if wanted.is_empty() {
            self.position = newest;
            return self.catch_up(work.through).await;
        }
        let keys = self.keys().await?;
        let begun = Instant::now();
        let (mut all, mut through) = (Told::default(), self.position);
        for some in wanted.chunks(self.pace.at_once) {
            let told: Vec<_> = some.iter().map(|event| (*event, 0)).collect();
            all.add(self.tell(&keys, &told).await?);
            if all.gone.is_some() {
                break;
            }
            through = some.last().map_or(through, |event| event.sequence);
            if all.failed || begun.elapsed() >= LONGEST_ROUND {
                break;
            }
        }
        let is_last = wanted.last().is_some_and(|event| event.sequence == through);
        let through = if is_last { newest } else { through };
        self.position = through;
        self.record(Some(through), all).await?;
        Ok(true)
    }

    /// Records now and then that events were passed over. There is more to do where a whole batch was.
    async fn catch_up(&mut self, through: u64) -> Result<bool, NotSent> {
        let unrecorded = self.position.saturating_sub(through);
        if unrecorded >= u64::from(BATCH) || (unrecorded > 0 && self.recorded.elapsed() >= LONGEST_UNRECORDED) {
            self.record(Some(self.position), Told::default()).await?;
        }
        Ok(unrecorded >= u64::from(BATCH))
    }

    async fn keys(&mut self) -> Result<SigningKeys, NotSent> {
        if self.sender.is_none() {
            self.sender = Some(Sender::new(&self.name, &self.webhook)?);
        }
        let keys = SigningKeys::open(&self.webhook, self.secrets.as_ref()).await?;
        self.complaint = None;
        Ok(keys)
    }

    /// Sends these at the same time, each at its turn, and says what became of them.
    async fn tell(&mut self, keys: &SigningKeys, letters: &[(&Event, u32)]) -> Result<Told, NotSent> {
        let turns: Vec<_> = letters.iter().map(|_| self.pace.turn()).collect();
        let Some(sender) = &self.sender else { return Ok(Told::default()) };
        let now = self.now;
        let sends = letters.iter().zip(turns).map(|((event, _), turn)| {
            let message = message::of(&self.name, event);
            async move {
                sleep_until(turn).await;
                sender.send(keys, &message, now()).await
            }
        });
        let verdicts = join_all(sends).await;
        let mut told = Told::default();
        for ((event, attempts), verdict) in letters.iter().zip(verdicts) {
            self.note(&mut told, event, attempts.saturating_add(1), verdict);
        }
        Ok(told)
    }

    /// What follows from how the try of this number ended.
    fn note(&mut self, told: &mut Told, event: &Event, attempts: u32, verdict: Verdict) {
        let end = match verdict {
            Verdict::Delivered => {
                self.rest.succeeded();
                WebhookEnd::Delivered
            }
            Verdict::Failed { reason, patience } => {
                let now = (self.now)();
                self.rest.failed(patience, now);
                told.failed = true;
                let share = share(&self.name, event, attempts);
                let wait = next_wait(&self.webhook.retry, attempts, patience, share);
                self.log_failure(event, attempts, &reason, wait);
                match wait {
                    Some(wait) => WebhookEnd::Failed { reason, next_at: later(now, wait) },
                    None => WebhookEnd::Dead { reason },
                }
            }
            Verdict::Gone { reason } => {
                told.gone = Some(reason);
                return;
            }
        };
        told.tries.push(WebhookTry { event: event.clone(), end });
    }

    fn log_failure(&self, event: &Event, attempts: u32, reason: &str, wait: Option<Duration>) {
        let (webhook, event) = (&self.name, event.sequence);
        match wait {
            Some(again) => info!(%webhook, event, attempts, reason, ?again, "a delivery failed"),
            None => warn!(%webhook, event, attempts, reason, "a delivery is given up; it is a dead letter"),
        }
    }

    async fn record(&mut self, through: Option<u64>, told: Told) -> Result<(), NotSent> {
        let now = (self.now)();
        self.store.record_webhook(&self.name, through, told.tries, now).await?;
        self.recorded = Instant::now();
        if let Some(reason) = told.gone {
            warn!(webhook = %self.name, reason, "the webhook is disabled; `purser webhook enable` lets it go on");
            self.store.disable_webhook(&self.name, &reason, now).await?;
        }
        Ok(())
    }
}

impl Told {
    fn add(&mut self, other: Self) {
        self.tries.extend(other.tries);
        self.failed |= other.failed;
        self.gone = self.gone.take().or(other.gone);
    }
}

/// A share from 0 to 1 that follows from the try, in place of chance.
fn share(name: &WebhookName, event: &Event, attempts: u32) -> f64 {
    let digest = blake3::hash(format!("{name} {} {attempts}", event.sequence).as_bytes());
    f64::from(digest.as_bytes()[0]) / 255.0
}
