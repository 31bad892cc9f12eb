//! Copies of connectors by their digest: what runs is what was validated, whatever becomes of the file in the folder.

use std::collections::BTreeSet;
use std::fs::{self, DirBuilder};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// The folder of copies.
#[derive(Debug, Clone)]
pub struct Copies {
    folder: PathBuf,
}

/// A copy cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// The file cannot be read or written.
    #[error("cannot use {}: {source}", .path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Its content is not what its name says.
    #[error("{} was changed: its content does not have the digest in its name; drop the connector in again", .path.display())]
    Changed {
        /// Which.
        path: PathBuf,
    },
}

impl Copies {
    /// The copies in this folder, which is made where it is missing.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn open(folder: &Path) -> Result<Self, CopyError> {
        let mut builder = DirBuilder::new();
        builder.recursive(true);
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(folder).map_err(|source| CopyError::File { path: folder.to_owned(), source })?;
        Ok(Self { folder: folder.to_owned() })
    }

    /// Where the copy of this digest lies.
    pub fn path(&self, digest: &str) -> PathBuf {
        self.folder.join(format!("{digest}.wasm"))
    }

    /// Keeps these bytes in one step, and their signature beside them. Says their digest in hexadecimal.
    ///
    /// # Errors
    /// They cannot be written. A copy that is there and was changed is written anew.
    pub fn keep(&self, bytes: &[u8], signature: Option<&str>) -> Result<String, CopyError> {
        let digest = blake3::hash(bytes).to_hex().to_string();
        if let Some(signature) = signature
            && self.signature(&digest).as_deref() != Some(signature)
        {
            self.write(&self.signature_path(&digest), signature.as_bytes())?;
        }
        if self.read(&digest).is_err() {
            self.write(&self.path(&digest), bytes)?;
        }
        Ok(digest)
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> Result<(), CopyError> {
        let write = || {
            let mut file = tempfile::NamedTempFile::new_in(&self.folder)?;
            file.write_all(bytes)?;
            file.as_file().sync_all()?;
            file.persist(path)?;
            fs::File::open(&self.folder)?.sync_all()
        };
        write().map_err(|source| CopyError::File { path: path.to_owned(), source })
    }

    fn signature_path(&self, digest: &str) -> PathBuf {
        self.folder.join(format!("{digest}.wasm.minisig"))
    }

    /// The signature that lay beside the file when it was copied.
    pub fn signature(&self, digest: &str) -> Option<String> {
        fs::read_to_string(self.signature_path(digest)).ok()
    }

    /// Reads a copy and checks it against its name.
    ///
    /// # Errors
    /// It is not there, cannot be read, or was changed.
    pub fn read(&self, digest: &str) -> Result<Vec<u8>, CopyError> {
        let path = self.path(digest);
        let bytes = fs::read(&path).map_err(|source| CopyError::File { path: path.clone(), source })?;
        if blake3::hash(&bytes).to_hex().as_str() == digest { Ok(bytes) } else { Err(CopyError::Changed { path }) }
    }

    /// When somebody needed the copy last, as far as [`Copies::is_needed`] was told.
    ///
    /// # Errors
    /// It is not there.
    pub fn needed_at(&self, digest: &str) -> Result<SystemTime, CopyError> {
        let path = self.path(digest);
        fs::metadata(&path).and_then(|metadata| metadata.modified()).map_err(|source| CopyError::File { path, source })
    }

    /// Notes that somebody needs the copy.
    ///
    /// # Errors
    /// It is not there.
    pub fn is_needed(&self, digest: &str, now: SystemTime) -> Result<(), CopyError> {
        let path = self.path(digest);
        let noted = fs::File::options().write(true).open(&path).and_then(|file| file.set_modified(now));
        noted.map_err(|source| CopyError::File { path, source })
    }

    /// Removes a copy and its signature. One that is gone is removed already.
    ///
    /// # Errors
    /// It cannot be removed.
    pub fn remove(&self, digest: &str) -> Result<(), CopyError> {
        for path in [self.path(digest), self.signature_path(digest)] {
            match fs::remove_file(&path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                removed => removed.map_err(|source| CopyError::File { path, source })?,
            }
        }
        Ok(())
    }

    /// The digests of all copies.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn digests(&self) -> Result<BTreeSet<String>, CopyError> {
        let error = |source| CopyError::File { path: self.folder.clone(), source };
        let mut digests = BTreeSet::new();
        for entry in fs::read_dir(&self.folder).map_err(error)? {
            let path = entry.map_err(error)?.path();
            if path.extension().is_some_and(|extension| extension == "wasm")
                && let Some(digest) = path.file_stem().and_then(|stem| stem.to_str())
            {
                digests.insert(digest.to_owned());
            }
        }
        Ok(digests)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_is_checked_whenever_it_is_read_and_can_be_made_anew() {
        let folder = tempfile::tempdir().unwrap();
        let copies = Copies::open(&folder.path().join("connectors")).unwrap();
        let digest = copies.keep(b"content", None).unwrap();
        assert_eq!(copies.read(&digest).unwrap(), b"content");
        assert_eq!(copies.digests().unwrap(), [digest.clone()].into());
        fs::write(copies.path(&digest), b"other").unwrap();
        assert!(matches!(copies.read(&digest), Err(CopyError::Changed { .. })));
        assert_eq!(copies.signature(&digest), None);
        assert_eq!(copies.keep(b"content", Some("signature")).unwrap(), digest);
        assert_eq!(copies.signature(&digest).as_deref(), Some("signature"));
        assert_eq!(copies.digests().unwrap(), [digest.clone()].into());
        assert_eq!(copies.read(&digest).unwrap(), b"content");
        fs::remove_file(copies.path(&digest)).unwrap();
        assert!(matches!(copies.read(&digest), Err(CopyError::File { .. })));
    }
}
