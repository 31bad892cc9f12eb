//! The commands about tokens of the clients that push over SCIM.

use clap::{Args, Subcommand};
use purser_model::id::{SourceName, TokenName};
use std::time::Duration;

/// `scim-token`
#[derive(Debug, Subcommand)]
pub enum ScimTokenCommand {
    /// Make a token of a client; it is shown once
    Create(CreateScimToken),
    /// The tokens, without their texts
    List,
    /// Make a token worthless
    Revoke(RevokeScimToken),
}

/// `scim-token create`
#[derive(Debug, Args)]
pub struct CreateScimToken {
    /// What the token is called
    pub name: TokenName,
    /// The source that its holder is, declared with `kind = "scim"`
    #[arg(long)]
    pub source: SourceName,
    /// How long it is good for, such as `365d`
    #[arg(long, value_name = "DURATION", value_parser = purser_declare::duration, default_value = "365d")]
    pub expires_in: Duration,
}

/// `scim-token revoke`
#[derive(Debug, Args)]
pub struct RevokeScimToken {
    /// The token
    pub name: TokenName,
}
