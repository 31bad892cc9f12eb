//! The commands about sealed secrets.

use clap::{Args, Subcommand};
use purser_model::id::SecretName;
use std::path::PathBuf;

/// `secret`
#[derive(Debug, Subcommand)]
pub enum SecretCommand {
    /// Seal a secret; it is read from standard input, never from the command line
    Set(SetSecret),
    /// The names of the secrets, who set them and what uses them
    List,
    /// Remove a secret
    Remove(RemoveSecret),
    /// Seal all secrets with a new key
    RotateKey(RotateKey),
}

/// `secret set`
#[derive(Debug, Args)]
pub struct SetSecret {
    /// The name that declarations use: { secret = "NAME" }
    pub name: SecretName,
    /// Read the secret from this file instead of standard input
    #[arg(long, value_name = "FILE")]
    pub from_file: Option<PathBuf>,
}

/// `secret remove`
#[derive(Debug, Args)]
pub struct RemoveSecret {
    /// The secret
    pub name: SecretName,
    /// Also where a declaration uses it
    #[arg(long)]
    pub force: bool,
}

/// `secret rotate-key`
#[derive(Debug, Args)]
pub struct RotateKey {
    /// Take the new key from this file, which is made where it is not there; without it, the present key file gets a new key
    #[arg(long, value_name = "FILE")]
    pub new_key_file: Option<PathBuf>,
}
