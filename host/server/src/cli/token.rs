//! The commands about tokens of the API.

use clap::{Args, Subcommand};
use purser_model::access::ApiRole;
use purser_model::id::{TargetName, TokenName};
use std::time::Duration;

/// `token`
#[derive(Debug, Subcommand)]
pub enum TokenCommand {
    /// Make a token; it is shown once
    Create(CreateToken),
    /// The tokens, without their texts
    List,
    /// Make a token worthless
    Revoke(RevokeToken),
}

/// `token create`
#[derive(Debug, Args)]
pub struct CreateToken {
    /// What the audit log calls its holder
    pub name: TokenName,
    /// What its holder may do: viewer, operator, approver, owner or admin
    #[arg(long)]
    pub role: ApiRole,
    /// For an owner: a target that its holder sees, operates and approves; may be said several times
    #[arg(long, value_name = "TARGET")]
    pub target: Vec<TargetName>,
    /// How long it is good for, such as `90d`
    #[arg(long, value_name = "DURATION", value_parser = purser_declare::duration, default_value = "90d")]
    pub expires_in: Duration,
}

/// `token revoke`
#[derive(Debug, Args)]
pub struct RevokeToken {
    /// The token
    pub name: TokenName,
}
