//! Backups of the store.
//!
//! A backup is one tar file with two members: `manifest.json`, which says what the other holds and how its bytes hash, and
//! `purser.db`, a copy of the store as it was at one moment. Sealed secrets are in it as they are kept, and no key of any
//! kind: neither the one that seals them, nor the ones that sign plans and the audit log.

mod archive;
mod folder;
mod incoming;
mod making;
mod manifest;
mod name;
mod sent;

pub use archive::{read, read_manifest};
pub use folder::{Backups, KeptBackup, OpenedBackup};
pub use incoming::Incoming;
pub use making::{Ticks, make};
pub use manifest::Manifest;
pub use name::{BackupName, NotABackupName};
pub use sent::{FileDigest, NoDigest};

use purser_store::StoreError;
use std::path::PathBuf;

/// A backup was not made, or cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The store cannot be copied.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A file cannot be read or written.
    #[error("{}: {source}", .path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The host keeps none of this name.
    #[error("no backup `{0}`")]
    NotKept(BackupName),
    /// There is a file already.
    #[error("{} is there already, and a backup overwrites nothing: name another file", .0.display())]
    IsThere(PathBuf),
    /// It is no backup.
    #[error("{} is no backup of Purser: {reason}", .path.display())]
    NoBackup {
        /// Which.
        path: PathBuf,
        /// What is missing.
        reason: String,
    },
    /// It was written in a form that is newer than this program.
    #[error("{} has form {found} and this program reads form {}: take a newer Purser", .path.display(), manifest::FORM)]
    NewerForm {
        /// Which.
        path: PathBuf,
        /// Its form.
        found: u32,
    },
    /// Its bytes are not those that were written.
    #[error("{} is damaged: {reason}; take another backup", .path.display())]
    Damaged {
        /// Which.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// What should have been done in the background broke off.
    #[error("making the backup broke off: {0}")]
    BrokenOff(String),
}

impl BackupError {
    pub(crate) fn file(path: &std::path::Path) -> impl FnOnce(std::io::Error) -> Self + use<> {
        let path = path.to_owned();
        move |source| Self::File { path, source }
    }
}
