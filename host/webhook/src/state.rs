//! How a webhook is, for people and machines that look.

use crate::NotSent;
use purser_model::id::{SecretName, WebhookName};
use purser_model::webhook::Webhook;
use purser_store::KeptWebhook;
use serde::{Deserialize, Serialize};

/// A webhook as it is declared and as far as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct WebhookState {
    /// Its name.
    pub name: WebhookName,
    /// What is declared of it; none where it is declared no more.
    pub declared: Option<DeclaredWebhook>,
    /// How far it is; none until a host has served with it.
    pub kept: Option<KeptWebhook>,
    /// Events that were not looked at for it yet.
    pub behind: u64,
    /// Why nothing can be sent to it.
    pub trouble: Option<String>,
}

/// What is shown of a declaration: neither path nor query of the receiver, in which receivers hide secrets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct DeclaredWebhook {
    /// Scheme, host and port of the receiver.
    pub receiver: String,
    /// Which events; empty means all.
    pub events: Vec<String>,
    /// The secret that signs, by its name.
    pub secret: SecretName,
    /// The secret that signs as well.
    pub previous_secret: Option<SecretName>,
}

impl WebhookState {
    pub(crate) fn of(
        name: WebhookName,
        declared: Option<&Webhook>,
        kept: Option<KeptWebhook>,
        newest: u64,
        trouble: Option<&NotSent>,
    ) -> Self {
        let behind = kept.as_ref().map_or(0, |kept| newest.saturating_sub(kept.through));
        let declared = declared.map(|webhook| DeclaredWebhook {
            receiver: webhook.receiver(),
            events: webhook.events.iter().map(ToString::to_string).collect(),
            secret: webhook.secret.clone(),
            previous_secret: webhook.previous_secret.clone(),
        });
        Self { name, declared, kept, behind, trouble: trouble.map(ToString::to_string) }
    }
}
