//! Tells receivers of events, after the [Standard Webhooks](https://www.standardwebhooks.com/) specification.
//!
//! Each webhook follows the stream of events by a place of its own that the store keeps, so that a restart or a crash loses
//! nothing, and a receiver that fails holds back nobody else. What is sent goes through [`purser_broker`], as everything does
//! that leaves the host.
//!
//! An event is delivered at least once, with the same `webhook-id` each time. Events go out in their order; one that fails
//! becomes a letter, which is tried again by itself, and after the last try is dead. ADR 0026 says why.

mod line;
mod message;
mod pace;
mod sender;
mod signature;
mod state;
mod verdict;

pub use signature::NotASigningSecret;
pub use state::WebhookState;

use async_trait::async_trait;
use jiff::Timestamp;
use line::Line;
use purser_broker::http::EndpointError;
use purser_model::id::{SecretName, WebhookName};
use purser_model::secret::NamedSecrets;
use purser_model::webhook::Webhook;
use purser_store::{Store, StoreError};
use sender::Sender;
use serde::{Deserialize, Serialize};
use signature::SigningKeys;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tokio::task::JoinSet;
use tokio::time::Instant;
use verdict::Verdict;

/// Where the secrets come from that sign.
#[async_trait]
pub trait SigningSecrets: Send + Sync {
    /// These secrets, opened; those that are not set are left out.
    ///
    /// # Errors
    /// They cannot be opened; the text says why.
    async fn open(&self, names: &[&SecretName]) -> Result<NamedSecrets, SecretsClosed>;
}

/// The secrets cannot be opened.
#[derive(Debug, thiserror::Error)]
#[error("the secrets that sign cannot be opened: {0}")]
pub struct SecretsClosed(pub String);

/// Why nothing can be sent to a webhook at all.
#[derive(Debug, thiserror::Error)]
pub enum NotSent {
    /// It is not declared.
    #[error("no webhook `{0}` is declared")]
    NotDeclared(WebhookName),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The secrets.
    #[error(transparent)]
    Secrets(#[from] SecretsClosed),
    /// What signs is not set, or is no secret of that form.
    #[error(transparent)]
    Secret(#[from] NotASigningSecret),
    /// The receiver cannot be reached as it is declared.
    #[error(transparent)]
    Receiver(#[from] EndpointError),
}

/// How a test ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Tested {
    /// Which webhook.
    pub webhook: WebhookName,
    /// Whether the receiver took it.
    pub delivered: bool,
    /// The id that it was sent with.
    pub id: String,
    /// How long it took.
    pub milliseconds: u64,
    /// Why it was not taken.
    pub reason: Option<String>,
}

/// All webhooks that are declared.
pub struct Webhooks {
    store: Arc<dyn Store>,
    declared: BTreeMap<WebhookName, Webhook>,
    secrets: Arc<dyn SigningSecrets>,
    now: fn() -> Timestamp,
}

impl Webhooks {
    /// Webhooks as they are declared.
    pub fn new(
        store: Arc<dyn Store>,
        declared: BTreeMap<WebhookName, Webhook>,
        secrets: Arc<dyn SigningSecrets>,
        now: fn() -> Timestamp,
    ) -> Self {
        Self { store, declared, secrets, now }
    }

    /// No webhook at all.
    pub fn none(store: Arc<dyn Store>, now: fn() -> Timestamp) -> Self {
        Self::new(store, BTreeMap::new(), Arc::new(NoSecrets), now)
    }

    /// Keeps the webhooks that are new, from this moment on. What happens afterwards is delivered, whenever that may be.
    ///
    /// # Errors
    /// The store.
    pub async fn know(&self) -> Result<(), StoreError> {
        for (name, webhook) in &self.declared {
            self.store.know_webhook(name, webhook.from_start, (self.now)()).await?;
        }
        Ok(())
    }

    /// Delivers for ever, each webhook by itself. What is under way when this is dropped is delivered again at the next start.
    pub async fn work(&self) {
        let mut lines = JoinSet::new();
        for (name, webhook) in &self.declared {
            lines.spawn(self.line(name, webhook).follow());
        }
        lines.join_all().await;
        // None is declared.
        std::future::pending::<()>().await;
    }

    fn line(&self, name: &WebhookName, webhook: &Webhook) -> Line {
        Line::new(self.store.clone(), name.clone(), webhook.clone(), self.secrets.clone(), self.now)
    }

    /// Sends a test that is no event, once, also to a webhook that is disabled; `store` audits it.
    ///
    /// # Errors
    /// Nothing could be sent. What the receiver makes of it is no error.
    pub async fn test(&self, name: &WebhookName, store: &dyn Store) -> Result<Tested, NotSent> {
        let webhook = self.declared.get(name).ok_or_else(|| NotSent::NotDeclared(name.clone()))?;
        let now = (self.now)();
        let keys = SigningKeys::open(webhook, self.secrets.as_ref()).await?;
        let message = message::test(name, now);
        let begun = Instant::now();
        let verdict = Sender::new(name, webhook)?.send(&keys, &message, now).await;
        let milliseconds = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        let reason = match verdict {
            Verdict::Delivered => None,
            Verdict::Failed { reason, .. } | Verdict::Gone { reason } => Some(reason),
        };
        store.note_webhook_test(name, reason.as_deref().unwrap_or("delivered"), now).await?;
        Ok(Tested { webhook: name.clone(), delivered: reason.is_none(), id: message.id, milliseconds, reason })
    }

    /// Why nothing can be sent to a webhook, such as a secret that is not set; none where it can.
    ///
    /// # Errors
    /// It is not declared.
    pub async fn trouble(&self, name: &WebhookName) -> Result<Option<NotSent>, NotSent> {
        let webhook = self.declared.get(name).ok_or_else(|| NotSent::NotDeclared(name.clone()))?;
        let opened = SigningKeys::open(webhook, self.secrets.as_ref()).await;
        Ok(opened.err().or_else(|| Sender::new(name, webhook).err().map(NotSent::Receiver)))
    }

    /// Every webhook that is declared or kept, by name, and how far it is.
    ///
    /// # Errors
    /// The store.
    pub async fn states(&self) -> Result<Vec<WebhookState>, StoreError> {
        let mut kept: BTreeMap<_, _> =
            self.store.webhooks().await?.into_iter().map(|one| (one.name.clone(), one)).collect();
        let newest = self.store.events_kept().await?.newest;
        let names: BTreeSet<WebhookName> = self.declared.keys().chain(kept.keys()).cloned().collect();
        let mut states = Vec::new();
        for name in names {
            let trouble = self.trouble(&name).await.ok().flatten();
            let (declared, kept) = (self.declared.get(&name), kept.remove(&name));
            states.push(WebhookState::of(name, declared, kept, newest, trouble.as_ref()));
        }
        Ok(states)
    }

    /// The names of the webhooks that are declared.
    pub fn names(&self) -> impl Iterator<Item = &WebhookName> {
        self.declared.keys()
    }
}

/// Where no webhook is, nothing signs.
struct NoSecrets;

#[async_trait]
impl SigningSecrets for NoSecrets {
    async fn open(&self, _names: &[&SecretName]) -> Result<NamedSecrets, SecretsClosed> {
        Ok(NamedSecrets::new())
    }
}
