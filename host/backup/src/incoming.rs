//! A backup that comes from a host, piece by piece.

use crate::BackupError;
use crate::archive::read_manifest;
use crate::making::{SCRATCH, put_in_place};
use crate::manifest::Manifest;
use crate::sent::{Digesting, FileDigest};
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A backup that comes. Its file has its name only once it is whole; what came before is removed with this value.
pub struct Incoming {
    scratch: TempDir,
    out: File,
    digesting: Digesting,
    file: PathBuf,
}

impl Incoming {
    /// One that is to be in `file`, which must not be there yet.
    ///
    /// # Errors
    /// It is there, or cannot be made.
    pub fn begin(file: &Path) -> Result<Self, BackupError> {
        if file.exists() {
            return Err(BackupError::IsThere(file.to_owned()));
        }
        let parent = file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let scratch = tempfile::Builder::new().prefix(SCRATCH).tempdir_in(parent);
        let scratch = scratch.map_err(BackupError::file(parent))?;
        let whole = whole(&scratch);
        let out = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&whole);
        let out = out.map_err(BackupError::file(&whole))?;
        Ok(Self { scratch, out, digesting: Digesting::new(), file: file.to_owned() })
    }

    /// The next bytes.
    ///
    /// # Errors
    /// They cannot be written.
    pub fn add(&mut self, piece: &[u8]) -> Result<(), BackupError> {
        self.digesting.add(piece);
        self.out.write_all(piece).map_err(BackupError::file(&self.file))
    }

    /// Gives it its name, if its bytes are those that were sent, and hold what was said of them.
    ///
    /// # Errors
    /// They are others; or somebody took the name meanwhile.
    pub fn finish(self, sent: &FileDigest, said: &Manifest) -> Result<(), BackupError> {
        let damaged = |reason: &str| BackupError::Damaged { path: self.file.clone(), reason: reason.to_owned() };
        if self.digesting.end() != *sent {
            return Err(damaged("the bytes that came are not those that were sent"));
        }
        let whole = whole(&self.scratch);
        self.out.sync_all().map_err(BackupError::file(&whole))?;
        if read_manifest(&whole)? != *said {
            return Err(damaged("it is not the one that the host made"));
        }
        put_in_place(&whole, &self.file)
    }
}

fn whole(scratch: &TempDir) -> PathBuf {
    scratch.path().join("backup.tar")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::archive::write;
    use purser_store::CopyFacts;

    /// A backup, what it says of itself, and its digest.
    fn backup(folder: &Path) -> (Vec<u8>, Manifest, FileDigest) {
        let copy = folder.join("copy");
        std::fs::write(&copy, "a store").unwrap();
        let facts = CopyFacts { schema: 1, counts: Default::default() };
        let digest = blake3::hash(b"a store").to_hex().to_string();
        let manifest = Manifest::of(facts, jiff::Timestamp::UNIX_EPOCH, "0", 7, digest);
        let file = folder.join("made.tar");
        write(&file, &manifest, &copy).unwrap();
        let bytes = std::fs::read(&file).unwrap();
        let mut digesting = Digesting::new();
        digesting.add(&bytes);
        (bytes, manifest, digesting.end())
    }

    #[test]
    fn what_came_has_its_name_only_where_it_is_what_was_sent() {
        let folder = tempfile::tempdir().unwrap();
        let (bytes, manifest, digest) = backup(folder.path());
        let came = |file: &str, bytes: &[u8]| {
            let mut incoming = Incoming::begin(&folder.path().join(file))?;
            bytes.chunks(100).try_for_each(|piece| incoming.add(piece))?;
            incoming.finish(&digest, &manifest)
        };
        let short = came("short.tar", &bytes[..bytes.len() - 1]).unwrap_err();
        assert!(matches!(short, BackupError::Damaged { .. }), "{short}");
        came("whole.tar", &bytes).unwrap();
        assert_eq!(read_manifest(&folder.path().join("whole.tar")).unwrap(), manifest);
        assert!(matches!(came("whole.tar", &bytes), Err(BackupError::IsThere(_))));
        let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|one| one.unwrap().file_name()).collect();
        assert_eq!(left.len(), 3, "nothing half is left: {left:?}");
    }

    #[test]
    fn whoever_took_the_name_meanwhile_keeps_it() {
        let folder = tempfile::tempdir().unwrap();
        let (bytes, manifest, digest) = backup(folder.path());
        let file = folder.path().join("taken.tar");
        let mut incoming = Incoming::begin(&file).unwrap();
        incoming.add(&bytes).unwrap();
        std::fs::write(&file, "mine").unwrap();
        assert!(matches!(incoming.finish(&digest, &manifest), Err(BackupError::IsThere(_))));
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "mine");
    }
}
