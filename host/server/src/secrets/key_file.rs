//! Where the key is, and how a new one takes its place without a moment in which none fits.

use super::{SealedStoreError, random};
use crate::home::Home;
use purser_model::sealed::SealingKeyId;
use purser_sealing::SealingKey;
use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use tracing::{info, warn};
use zeroize::Zeroizing;

const VARIABLE: &str = "PURSER_KEY";

/// Where the key is looked for.
#[derive(Debug, Clone)]
pub(super) struct KeyPlace {
    named: Option<PathBuf>,
    own: PathBuf,
}

/// A key that is to take the place of the present one.
pub(super) struct NextKey {
    pub(super) key: SealingKey,
    /// Where it is now.
    pub(super) file: PathBuf,
    /// Where it goes once everything is sealed with it; none where it stays.
    takes_place_of: Option<PathBuf>,
}

impl KeyPlace {
    pub(super) fn of(home: &Home) -> Self {
        Self { named: home.named_key_file().map(Path::to_owned), own: home.own_key_file() }
    }

    /// The key, where `in_use` says which one the secrets are sealed with.
    pub(super) fn read(&self, in_use: Option<&SealingKeyId>) -> Result<SealingKey, SealedStoreError> {
        if let Some(key) = self.of_environment()? {
            return Ok(key);
        }
        let file = self.file();
        let found = read_key(file)?;
        let Some(in_use) = in_use else { return found.ok_or_else(|| SealedStoreError::NoKeyFile(file.clone())) };
        if found.as_ref().is_none_or(|key| key.id() != *in_use) {
            // A host that was killed after it had sealed everything anew.
            let waiting = NextKey::waiting(file)?.filter(|next| next.key.id() == *in_use);
            if let Some(next) = waiting {
                match next.settle() {
                    Ok(_) => info!(key = %in_use, "the new key has taken its place"),
                    // It opens the secrets from there as well.
                    Err(error) => warn!(key = %in_use, %error, "the new key cannot take its place"),
                }
                return Ok(next.key);
            }
        }
        found.ok_or_else(|| SealedStoreError::KeyGone { path: file.clone(), sealed_with: in_use.clone() })
    }

    /// The key, where nothing is sealed yet. It is made where nobody named one; then its file is named as well.
    pub(super) fn read_or_make(&self) -> Result<(SealingKey, Option<PathBuf>), SealedStoreError> {
        match self.read(None) {
            Err(SealedStoreError::NoKeyFile(file)) if self.named.is_none() => {
                let key = SealingKey::make(&mut random);
                write_key(&file, &key)?;
                Ok((key, Some(file)))
            }
            read => Ok((read?, None)),
        }
    }

    /// The key that is to be used from now on: from this file, which is made where it is not there; or a new one for the
    /// present file.
    pub(super) fn next_key(&self, new_file: Option<&Path>) -> Result<NextKey, SealedStoreError> {
        let (file, takes_place_of) = match new_file {
            Some(file) => (file.to_owned(), None),
            None if self.of_environment()?.is_some() => return Err(SealedStoreError::KeyOfEnvironment),
            None => (beside(self.file()), Some(self.file().clone())),
        };
        // What waits beside the present key since a host was killed is as good as a new one.
        let key = match read_key(&file)? {
            Some(key) => key,
            None => {
                let key = SealingKey::make(&mut random);
                write_key(&file, &key)?;
                key
            }
        };
        Ok(NextKey { key, file, takes_place_of })
    }

    fn file(&self) -> &PathBuf {
        self.named.as_ref().unwrap_or(&self.own)
    }

    fn of_environment(&self) -> Result<Option<SealingKey>, SealedStoreError> {
        let Some(text) = std::env::var_os(VARIABLE) else { return Ok(None) };
        if self.named.is_some() {
            return Err(SealedStoreError::TwoKeys);
        }
        let text = Zeroizing::new(text.into_string().unwrap_or_default());
        parse(VARIABLE.to_owned(), &text).map(Some)
    }
}

impl NextKey {
    fn waiting(file: &Path) -> Result<Option<Self>, SealedStoreError> {
        let beside = beside(file);
        let key = read_key(&beside)?;
        Ok(key.map(|key| Self { key, file: beside, takes_place_of: Some(file.to_owned()) }))
    }

    /// Whether it could take its place: the present key is put there once more, in the same way. Where that fails, such as
    /// in a folder that this process may not write to or for a file that is mounted by itself, nothing was changed.
    pub(super) fn rehearse(&self, present: &SealingKey) -> Result<(), SealedStoreError> {
        let Some(place) = &self.takes_place_of else { return Ok(()) };
        let failed = |source| SealedStoreError::KeyFile { path: place.clone(), source };
        let again = with_suffix(place, ".again");
        match std::fs::remove_file(&again) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(failed(error)),
            _ => {}
        }
        write_key(&again, present)?;
        std::fs::rename(&again, place).map_err(|error| {
            // What is left of it is a key.
            let _ = std::fs::remove_file(&again);
            failed(error)
        })
    }

    /// Takes its place, now that everything is sealed with it. Says where it is.
    pub(super) fn settle(&self) -> Result<PathBuf, SealedStoreError> {
        let Some(place) = &self.takes_place_of else { return Ok(self.file.clone()) };
        let failed = |source| SealedStoreError::KeyFile { path: place.clone(), source };
        std::fs::rename(&self.file, place).map_err(failed)?;
        sync_folder(place).map_err(failed)?;
        Ok(place.clone())
    }
}

fn beside(file: &Path) -> PathBuf {
    with_suffix(file, ".next")
}

fn with_suffix(file: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(file);
    name.push(suffix);
    name.into()
}

fn read_key(path: &Path) -> Result<Option<SealingKey>, SealedStoreError> {
    match std::fs::read_to_string(path).map(Zeroizing::new) {
        Ok(text) => parse(path.display().to_string(), &text).map(Some),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(source) => Err(SealedStoreError::KeyFile { path: path.to_owned(), source }),
    }
}

fn parse(place: String, text: &str) -> Result<SealingKey, SealedStoreError> {
    SealingKey::read(text).map_err(|source| SealedStoreError::NotAKey { place, source })
}

/// Writes a key that only its owner can read. It is on the disk when this returns.
fn write_key(path: &Path, key: &SealingKey) -> Result<(), SealedStoreError> {
    use std::os::unix::fs::OpenOptionsExt;
    let write = || -> io::Result<()> {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        file.write_all(key.written().as_bytes())?;
        file.write_all(b"\n")?;
        file.sync_all()?;
        sync_folder(path)
    };
    write().map_err(|source| SealedStoreError::KeyFile { path: path.to_owned(), source })
}

fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}
