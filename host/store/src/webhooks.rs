//! How far webhooks have been told of events, and what could not be delivered.

use crate::{Event, StoreError};
use async_trait::async_trait;
use jiff::Timestamp;
use purser_model::id::WebhookName;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What is kept of a webhook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct KeptWebhook {
    /// Its name.
    pub name: WebhookName,
    /// Every event up to this one was delivered, is not wanted, or is among the letters.
    pub through: u64,
    /// Since when it is told.
    pub since: Timestamp,
    /// Since when it is told nothing, because its receiver is gone.
    pub disabled_at: Option<Timestamp>,
    /// Why.
    pub disabled_because: Option<String>,
    /// Deliveries that succeeded, since it is told.
    pub delivered: u64,
    /// Tries that failed, since it is told.
    pub failed: u64,
    /// Deliveries that became dead letters, since it is told.
    pub died: u64,
    /// When the last delivery succeeded.
    pub last_delivered_at: Option<Timestamp>,
    /// When the last try failed.
    pub last_failed_at: Option<Timestamp>,
    /// Why it failed.
    pub last_failure: Option<String>,
    /// Letters that wait for another try.
    pub waiting: u64,
    /// Dead letters.
    pub dead_letters: u64,
}

/// A delivery that failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct WebhookLetter {
    /// What it tells of.
    pub event: Event,
    /// How often it was tried.
    pub attempts: u32,
    /// When it is tried next; none where it is dead.
    pub next_at: Option<Timestamp>,
    /// When it was given up.
    pub dead_at: Option<Timestamp>,
    /// Why the last try failed.
    pub reason: String,
}

/// What is to be done for a webhook.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WebhookWork {
    /// How far it was told when this was read.
    pub through: u64,
    /// It is told nothing; then there is no work either.
    pub disabled: bool,
    /// Letters whose time has come, the oldest event first.
    pub due: Vec<WebhookLetter>,
    /// When the next letter is due, those above left out.
    pub next_due: Option<Timestamp>,
    /// How many letters wait, those above included.
    pub waiting: u64,
    /// The events that follow, wanted or not.
    pub events: Vec<Event>,
    /// Events up to this one were asked for and are not kept any more.
    pub gone_through: Option<u64>,
}

/// How a try to deliver ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WebhookEnd {
    /// The receiver took it.
    Delivered,
    /// It is tried again.
    Failed {
        /// Why it failed.
        reason: String,
        /// When.
        next_at: Timestamp,
    },
    /// It was the last try.
    Dead {
        /// Why it failed.
        reason: String,
    },
}

/// A try to deliver, and how it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookTry {
    /// What it told of.
    pub event: Event,
    /// How it ended.
    pub end: WebhookEnd,
}

/// Places in the stream of events, one for each webhook, and letters.
#[async_trait]
pub trait WebhookLetters: Send + Sync {
    /// Keeps a webhook that is new: it begins after the newest event, or with the oldest that is kept. One that is known
    /// goes on where it was.
    async fn know_webhook(&self, name: &WebhookName, from_start: bool, now: Timestamp) -> Result<(), StoreError>;

    /// What is kept, by name; also of webhooks that are declared no more.
    async fn webhooks(&self) -> Result<Vec<KeptWebhook>, StoreError>;

    /// What is to be done: due letters, and events after this one.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where nothing is kept of it.
    async fn webhook_work(
        &self,
        name: &WebhookName,
        after: u64,
        limit: u32,
        now: Timestamp,
    ) -> Result<WebhookWork, StoreError>;

    /// Records tries, and that every event up to `through` was dealt with. What happens to letters is no event; a letter that
    /// dies is one.
    async fn record_webhook(
        &self,
        name: &WebhookName,
        through: Option<u64>,
        tries: Vec<WebhookTry>,
        now: Timestamp,
    ) -> Result<(), StoreError>;

    /// Passes over events that are not kept any more, which is an event of its own.
    async fn skip_webhook(&self, name: &WebhookName, through: u64, now: Timestamp) -> Result<(), StoreError>;

    /// Tells a webhook nothing more until somebody enables it.
    async fn disable_webhook(&self, name: &WebhookName, reason: &str, now: Timestamp) -> Result<(), StoreError>;

    /// Goes on where it was disabled. False says that it was not disabled.
    async fn enable_webhook(&self, name: &WebhookName, now: Timestamp) -> Result<bool, StoreError>;

    /// Dead letters in order of their events, after a sequence number.
    async fn dead_letters(&self, name: &WebhookName, after: u64, limit: u32) -> Result<Vec<WebhookLetter>, StoreError>;

    /// Makes letters due at once and gives them all their tries again: those of these events, dead or waiting; none means
    /// all that are dead. Returns how many.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where an event has no letter. Nothing is changed then.
    async fn redeliver(
        &self,
        name: &WebhookName,
        sequences: Option<BTreeSet<u64>>,
        now: Timestamp,
    ) -> Result<u64, StoreError>;

    /// Audits that somebody let a test be sent, and how it ended.
    async fn note_webhook_test(&self, name: &WebhookName, end: &str, now: Timestamp) -> Result<(), StoreError>;
}
