//! Backups that a host makes by itself: the newest are kept.

use crate::BackupError;
use crate::archive::read_manifest;
use crate::making::{SCRATCH, make};
use crate::manifest::Manifest;
use crate::name::BackupName;
use crate::sent::{Digesting, FileDigest};
use jiff::Timestamp;
use purser_store::Store;
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{Read, Seek};
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use tokio::sync::Mutex;

const PIECE: usize = 1 << 20;

/// A folder of backups.
pub struct Backups {
    folder: PathBuf,
    keep: NonZeroU32,
    purser: &'static str,
    /// Held while one is made: two at once would take the same name and twice the room.
    making: Mutex<()>,
}

/// A backup in the folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct KeptBackup {
    /// The name of its file.
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub name: BackupName,
    /// What it holds.
    #[serde(flatten)]
    pub manifest: Manifest,
}

/// A backup in the folder, opened to be sent.
#[derive(Debug)]
pub struct OpenedBackup {
    /// The file, at its beginning.
    pub file: File,
    /// Its bytes.
    pub size: u64,
    /// Their digest.
    pub digest: FileDigest,
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
        let name = BackupName::at(now);
        let manifest = make(store, &self.path(&name), self.purser, now, &|_| {}).await?;
        let names = self.names()?;
        let surplus = names.len().saturating_sub(self.keep.get() as usize);
        for old in &names[..surplus] {
            let old = self.path(old);
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
            let manifest = read_manifest(&self.path(&name)).ok()?;
            Some(KeptBackup { name, manifest })
        });
        Ok(kept.collect())
    }

    /// What the one of this name holds.
    ///
    /// # Errors
    /// There is none, or it cannot be read as one.
    pub fn read(&self, name: &BackupName) -> Result<KeptBackup, BackupError> {
        self.must_be_there(name)?;
        match read_manifest(&self.path(name)) {
            Ok(manifest) => Ok(KeptBackup { name: name.clone(), manifest }),
            Err(BackupError::NoBackup { .. }) => Err(BackupError::NotKept(name.clone())),
            Err(error) => Err(error),
        }
    }

    /// Opens the one of this name, once its digest is known. It can be read to its end though it is removed meanwhile.
    ///
    /// # Errors
    /// There is none, or it cannot be read.
    pub fn open(&self, name: &BackupName) -> Result<OpenedBackup, BackupError> {
        self.read(name)?;
        let path = self.path(name);
        let mut file = File::open(&path).map_err(BackupError::file(&path))?;
        let (mut digesting, mut size, mut piece) = (Digesting::new(), 0, vec![0; PIECE]);
        loop {
            let read = file.read(&mut piece).map_err(BackupError::file(&path))?;
            if read == 0 {
                break;
            }
            digesting.add(&piece[..read]);
            size += read as u64;
        }
        file.rewind().map_err(BackupError::file(&path))?;
        Ok(OpenedBackup { file, size, digest: digesting.end() })
    }

    /// Removes the one of this name.
    ///
    /// # Errors
    /// There is none, or it cannot be removed.
    pub fn remove(&self, name: &BackupName) -> Result<(), BackupError> {
        self.must_be_there(name)?;
        let path = self.path(name);
        std::fs::remove_file(&path).map_err(BackupError::file(&path))
    }

    fn path(&self, name: &BackupName) -> PathBuf {
        self.folder.join(name.as_str())
    }

    /// A link that somebody put there is no backup.
    fn must_be_there(&self, name: &BackupName) -> Result<(), BackupError> {
        match std::fs::symlink_metadata(self.path(name)) {
            Ok(found) if found.is_file() => Ok(()),
            _ => Err(BackupError::NotKept(name.clone())),
        }
    }

    /// The names of backups that a host made, the oldest first: they are times.
    fn names(&self) -> Result<Vec<BackupName>, BackupError> {
        let entries = match std::fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(BackupError::file(&self.folder)(error)),
        };
        let mut names: Vec<BackupName> =
            entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok()?.parse().ok()).collect();
        names.sort_unstable();
        Ok(names)
    }
}

fn make_private(folder: &Path) -> Result<(), BackupError> {
    use std::os::unix::fs::DirBuilderExt;
    let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.map_err(BackupError::file(folder))
}
