//! The commands about the declarations of a host.

use clap::{Args, Subcommand};
use std::path::PathBuf;

/// `declarations`
#[derive(Debug, Subcommand)]
pub enum DeclarationsCommand {
    /// Write the files that are in force at a host into a folder
    Export(ExportDeclarations),
    /// Put the files of a folder in force at a host, in place of all that are
    Apply(ApplyDeclarations),
}

/// `declarations export`
#[derive(Debug, Args)]
pub struct ExportDeclarations {
    /// The folder; it is made where it is not there, and must hold no other `.toml` files
    pub folder: PathBuf,
}

/// `declarations apply`
#[derive(Debug, Args)]
pub struct ApplyDeclarations {
    /// The folder with all files that are to be in force
    pub folder: PathBuf,
    /// Only say what is wrong in them, or what they would lead to
    #[arg(long)]
    pub dry_run: bool,
    /// The digest of the declarations that the change was made from, as `export` said it: if others are in force, nothing is done
    #[arg(long, value_name = "DIGEST", conflicts_with = "dry_run")]
    pub made_from: Option<String>,
}
