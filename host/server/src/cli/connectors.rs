//! The arguments of `connector`.

use clap::{Args, Subcommand};
use std::path::PathBuf;

/// `connector`
#[derive(Debug, Subcommand)]
pub enum Connector {
    /// Write a new connector that compiles and has a passing test
    New(NewConnector),
    /// Compile a connector to a component
    Build(BuildConnector),
    /// Show what a component is, what it can reach and who signed it
    Inspect(InspectConnector),
    /// Validate a component and put it into the folder, with the signature that lies beside it
    DropIn(DropInConnector),
    /// Show the files in the folder and the copies that are kept: what they are, and who uses them
    List,
    /// Show what a component asks for and another does not
    Diff(DiffConnectors),
    /// Remove the copies that nobody needs any more
    Prune(PruneConnectors),
    /// Newer builds that wait or are tried: see them, let them go on, or roll them back
    #[command(subcommand)]
    Upgrade(Upgrade),
}

/// `connector new`
#[derive(Debug, Args)]
pub struct NewConnector {
    /// Its name in kebab case
    pub name: String,
    /// Where to write it; its name, where nothing is said
    #[arg(long)]
    pub directory: Option<PathBuf>,
    /// The folder `sdk/rust` of a Purser checkout
    #[arg(long, env = "PURSER_SDK")]
    pub sdk: Option<PathBuf>,
}

/// `connector build`
#[derive(Debug, Args)]
pub struct BuildConnector {
    /// The folder with the connector's `Cargo.toml`
    #[arg(default_value = ".")]
    pub directory: PathBuf,
    /// The component, or the folder for it; the folder `connectors` of the home, where nothing is said
    #[arg(long)]
    pub out: Option<PathBuf>,
}

/// `connector inspect`
#[derive(Debug, Args)]
pub struct InspectConnector {
    /// The component; with `--server` the name of a file there, or the first digits of a digest
    pub file: PathBuf,
}

/// `connector drop-in`
#[derive(Debug, Args)]
pub struct DropInConnector {
    /// The component
    pub file: PathBuf,
}

/// `connector diff`
#[derive(Debug, Args)]
pub struct DiffConnectors {
    /// The former build: a file, or the first digits of the digest of a kept copy
    pub former: String,
    /// The newer build: a file, or the first digits of the digest of a kept copy
    pub newer: String,
}

/// `connector prune`
#[derive(Debug, Args)]
pub struct PruneConnectors {
    /// Only say which they are
    #[arg(long)]
    pub dry_run: bool,
}

/// `connector upgrade`
#[derive(Debug, Subcommand)]
pub enum Upgrade {
    /// What each source and target runs, what it ran before, and what may take over
    List,
    /// Approve a newer build that asks for more, or let one that is tried go one stage on
    Advance(Subject),
    /// Drop the newer build; where there is none, go back to the former one
    Rollback(Subject),
}

/// A source or target.
#[derive(Debug, Args)]
pub struct Subject {
    /// The name of the target, or of the source with `--source`
    pub name: String,
    /// It is a source
    #[arg(long)]
    pub source: bool,
}
