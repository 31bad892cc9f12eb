//! The commands about webhooks.

use clap::{Args, Subcommand};
use purser_model::id::WebhookName;

/// `webhook`
#[derive(Debug, Subcommand)]
pub enum WebhookCommand {
    /// Who is told of events, how far each is, and what is wrong
    List,
    /// Deliveries that were given up
    Dead(DeadLetters),
    /// Try again what was given up, or what waits for its next try
    Redeliver(Redeliver),
    /// Send a test, and say what the receiver makes of it
    Test(OneWebhook),
    /// Let a webhook go on whose receiver had said that it is gone
    Enable(OneWebhook),
}

/// `webhook test` and `webhook enable`
#[derive(Debug, Args)]
pub struct OneWebhook {
    /// The webhook
    pub name: WebhookName,
}

/// `webhook dead`
#[derive(Debug, Args)]
pub struct DeadLetters {
    /// The webhook
    pub name: WebhookName,
    /// Only those of events after this one
    #[arg(long, value_name = "EVENT", default_value_t = 0)]
    pub after: u64,
}

/// `webhook redeliver`
#[derive(Debug, Args)]
pub struct Redeliver {
    /// The webhook
    pub name: WebhookName,
    /// The events, by their numbers
    #[arg(value_name = "EVENT", required_unless_present = "all", conflicts_with = "all")]
    pub events: Vec<u64>,
    /// All that were given up
    #[arg(long)]
    pub all: bool,
}
