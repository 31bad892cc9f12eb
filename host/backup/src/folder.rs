//! Backups that a host makes by itself: the newest are kept.

use crate::BackupError;
use crate::archive::read_manifest;
use crate::making::{SCRATCH, make};
use crate::manifest::Manifest;
use jiff::Timestamp;
use purser_store::Store;
use serde::Serialize;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use tokio::sync::Mutex;

const PREFIX: &str = "purser-";
const SUFFIX: &str = ".tar";

/// A folder of backups.
pub struct Backups {
    folder: PathBuf,
    keep: NonZeroU32,
    purser: &'static str,
    /// Held while one is made: two at once would take the same name and twice the room.
    making: Mutex<()>,
}

/// A backup in the folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct KeptBackup {
    /// The name of its file.
    pub name: String,
    /// What it holds.
    #[serde(flatten)]
    pub manifest: Manifest,
}

impl Backups {
    /// The backups in this folder, of which the newest `keep` stay. `purser` is the program's version.
    pub fn new(folder: PathBuf, keep: NonZeroU32, purser: &'static str) -> Self {
        Self { folder, keep, purser, making: Mutex::new(()) }
    }

    /// Makes one, and removes those that are too many.
    ///
    /// # Errors
    /// It cannot be made; then none is removed.
    pub async fn make(&self, store: &dyn Store, now: Timestamp) -> Result<KeptBackup, BackupError> {
        let _making = self.making.lock().await;
        make_private(&self.folder)?;
        self.clear_scratch()?;
        let name = format!("{PREFIX}{}{SUFFIX}", now.strftime("%Y%m%dT%H%M%S%.6fZ"));
        let manifest = make(store, &self.folder.join(&name), self.purser, now, &|_| {}).await?;
        let names = self.names()?;
        let surplus = names.len().saturating_sub(self.keep.get() as usize);
        for old in &names[..surplus] {
            let old = self.folder.join(old);
            std::fs::remove_file(&old).map_err(BackupError::file(&old))?;
        }
        Ok(KeptBackup { name, manifest })
    }

    /// What a host that was killed while it made one has left.
    fn clear_scratch(&self) -> Result<(), BackupError> {
        let entries = std::fs::read_dir(&self.folder).map_err(BackupError::file(&self.folder))?;
        for entry in entries.flatten().filter(|entry| entry.file_name().to_string_lossy().starts_with(SCRATCH)) {
            std::fs::remove_dir_all(entry.path()).map_err(BackupError::file(&entry.path()))?;
        }
        Ok(())
    }

    /// Those that are there, the newest first; what cannot be read as one is left out.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn list(&self) -> Result<Vec<KeptBackup>, BackupError> {
        let kept = self.names()?.into_iter().rev().filter_map(|name| {
            let manifest = read_manifest(&self.folder.join(&name)).ok()?;
            Some(KeptBackup { name, manifest })
        });
        Ok(kept.collect())
    }

    /// The names of backups that a host made, the oldest first: they are times.
    fn names(&self) -> Result<Vec<String>, BackupError> {
        let entries = match std::fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(BackupError::file(&self.folder)(error)),
        };
        let mut names: Vec<String> = entries
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .filter(|name| name.starts_with(PREFIX) && name.ends_with(SUFFIX))
            .collect();
        names.sort_unstable();
        Ok(names)
    }
}

fn make_private(folder: &Path) -> Result<(), BackupError> {
    use std::os::unix::fs::DirBuilderExt;
    let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.map_err(BackupError::file(folder))
}
