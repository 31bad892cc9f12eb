//! Making a backup, while others work with the store.

use crate::BackupError;
use crate::archive::{passed_on, write};
use crate::manifest::Manifest;
use jiff::Timestamp;
use purser_store::Store;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Told how many bytes more were copied.
pub type Ticks<'a> = dyn Fn(u64) + Send + Sync + 'a;

/// How folders begin in which one is prepared.
pub(crate) const SCRATCH: &str = ".purser-backup-";
const BETWEEN_LOOKS: Duration = Duration::from_millis(200);

/// Makes a backup in `file`, which is there only once it is complete. `purser` is the program's version.
///
/// # Errors
/// The file is there already, or cannot be written; or the store cannot be copied. Nothing is left behind then.
pub async fn make(
    store: &dyn Store,
    file: &Path,
    purser: &str,
    now: Timestamp,
    ticks: &Ticks<'_>,
) -> Result<Manifest, BackupError> {
    if file.exists() {
        return Err(BackupError::IsThere(file.to_owned()));
    }
    let parent = file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // In the same folder, since there must be room, and so that the name can be given at once.
    let scratch = tempfile::Builder::new().prefix(SCRATCH).tempdir_in(parent);
    let scratch = scratch.map_err(BackupError::file(parent))?;
    let copy = scratch.path().join("purser.db");
    let facts = watched(store.copy_to(&copy), &copy, ticks).await?;
    let (file, purser, whole) = (file.to_owned(), purser.to_owned(), scratch.path().join("backup.tar"));
    let packed = tokio::task::spawn_blocking(move || {
        let mut bytes = File::open(&copy).map_err(BackupError::file(&copy))?;
        let (size, digest) = passed_on(&mut bytes, |_| Ok(())).map_err(BackupError::file(&copy))?;
        let manifest = Manifest::of(facts, now, &purser, size, digest);
        write(&whole, &manifest, &copy)?;
        put_in_place(&whole, &file)?;
        drop(scratch);
        Ok(manifest)
    });
    packed.await.map_err(|error| BackupError::BrokenOff(error.to_string()))?
}

/// Gives the complete file its name, which nobody took meanwhile, and keeps that on the disk.
pub(crate) fn put_in_place(whole: &Path, file: &Path) -> Result<(), BackupError> {
    match std::fs::hard_link(whole, file) {
        Ok(()) => {}
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            return Err(BackupError::IsThere(file.to_owned()));
        }
        // Not every file system has links.
        Err(_) => std::fs::rename(whole, file).map_err(BackupError::file(file))?,
    }
    let parent: PathBuf = file.parent().map_or_else(PathBuf::new, Path::to_owned);
    let parent = if parent.as_os_str().is_empty() { PathBuf::from(".") } else { parent };
    File::open(&parent).and_then(|folder| folder.sync_all()).map_err(BackupError::file(&parent))
}

/// Waits for `work`, and tells how the file grows that it writes.
async fn watched<T>(work: impl Future<Output = T>, file: &Path, ticks: &Ticks<'_>) -> T {
    let mut told = 0;
    let mut tell = || {
        let size = std::fs::metadata(file).map_or(0, |file| file.len());
        ticks(size.saturating_sub(told));
        told = told.max(size);
    };
    tokio::pin!(work);
    loop {
        match tokio::time::timeout(BETWEEN_LOOKS, &mut work).await {
            Ok(done) => {
                tell();
                return done;
            }
            Err(_) => tell(),
        }
    }
}
