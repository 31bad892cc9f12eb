//! The commands about backups of the store.

use clap::Args;
use std::path::PathBuf;

/// `backup`
#[derive(Debug, Args)]
pub struct Backup {
    /// The file to make; one that is there is not overwritten
    pub file: PathBuf,
}

/// `restore`
#[derive(Debug, Args)]
pub struct Restore {
    /// The backup
    #[arg(required_unless_present = "go_on")]
    pub file: Option<PathBuf>,
    /// Also where the home has a store, which is kept beside it
    #[arg(long)]
    pub force: bool,
    /// After a restore: write also where it was not looked at what there is now
    #[arg(long, conflicts_with_all = ["file", "force"])]
    pub go_on: bool,
}
