//! The home folder: what lies where, and who may work in it.

use anyhow::{Context, bail};
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

/// The home folder.
#[derive(Debug, Clone)]
pub struct Home {
    root: PathBuf,
    key_file: Option<PathBuf>,
}

/// Held while this process works in the home; the lock ends with the process, whatever ends it.
pub struct Lock {
    _file: File,
}

/// Another process works in the home.
#[derive(Debug)]
pub struct Occupied {
    process: String,
    root: PathBuf,
}

impl std::fmt::Display for Occupied {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { process, root } = self;
        write!(
            f,
            "another purser (process {process}) works in {}; stop it first, or ask it over its API with `purser --server URL`",
            root.display()
        )
    }
}

impl std::error::Error for Occupied {}

impl Home {
    /// The home at this path; nothing is read or made yet.
    pub fn new(root: &Path) -> Self {
        Self { root: root.to_owned(), key_file: None }
    }

    /// The same home, whose secrets are sealed with the key in this file, if one is given.
    #[must_use]
    pub fn with_key_file(self, key_file: Option<PathBuf>) -> Self {
        Self { key_file, ..self }
    }

    /// The file of the key that secrets are sealed with, where the operator named one.
    pub fn named_key_file(&self) -> Option<&Path> {
        self.key_file.as_deref()
    }

    /// The file of the key that secrets are sealed with, where the operator named none.
    pub fn own_key_file(&self) -> PathBuf {
        self.data().join("secret-key")
    }

    /// Where declarations lie.
    pub fn declarations(&self) -> PathBuf {
        self.root.join("declarations")
    }

    /// Where operators drop connectors.
    pub fn connectors(&self) -> PathBuf {
        self.root.join("connectors")
    }

    /// The store's file.
    pub fn store(&self) -> PathBuf {
        self.data().join("purser.db")
    }

    /// Compiled connectors.
    pub fn compiled(&self) -> PathBuf {
        self.data().join("compiled")
    }

    /// The file of the key that compiled connectors are sealed with.
    pub fn compiled_key(&self) -> PathBuf {
        self.data().join("compiled-key")
    }

    /// Copies of connectors, by digest.
    pub fn connector_copies(&self) -> PathBuf {
        self.data().join("connectors")
    }

    /// The file of the API token.
    pub fn api_token(&self) -> PathBuf {
        self.data().join("api-token")
    }

    /// The file of the secret that the audit log's head is signed with.
    pub fn audit_key(&self) -> PathBuf {
        self.data().join("audit-key")
    }

    /// Declarations that are being put in place.
    pub fn next_declarations(&self) -> PathBuf {
        self.data().join("next-declarations.json")
    }

    /// The file of the key that plans are signed with.
    pub fn plan_key(&self) -> PathBuf {
        self.data().join("plan-key")
    }

    /// Backups that a host makes by itself.
    pub fn backups(&self) -> PathBuf {
        self.data().join("backups")
    }

    /// Where a backup is prepared to take the store's place.
    pub fn restoring(&self) -> PathBuf {
        self.data().join("restoring")
    }

    /// There while the store is replaced.
    pub fn half_restored(&self) -> PathBuf {
        self.data().join("half-restored")
    }

    /// What the host keeps.
    pub fn data(&self) -> PathBuf {
        self.root.join("data")
    }

    /// Takes the home for this process: two that plan and execute at the same time would get in each other's way.
    pub fn lock(&self) -> anyhow::Result<Lock> {
        let lock = self.lock_for_restore()?;
        self.must_be_whole()?;
        Ok(lock)
    }

    /// A store that is half replaced is not worked with.
    pub fn must_be_whole(&self) -> anyhow::Result<()> {
        if self.half_restored().exists() {
            bail!(
                "a restore broke off in {}, so that its store is not whole; end it with `purser restore FILE --force`",
                self.root.display()
            );
        }
        Ok(())
    }

    /// As [`Home::lock`], also where a restore broke off.
    pub fn lock_for_restore(&self) -> anyhow::Result<Lock> {
        let data = self.data();
        make_private_folder(&data)?;
        let path = data.join("lock");
        let mut file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(&path)
            .with_context(|| format!("cannot open {}", path.display()))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut owner = String::new();
                let _ = file.read_to_string(&mut owner);
                return Err(Occupied { process: owner.trim().to_owned(), root: self.root.clone() }.into());
            }
            Err(TryLockError::Error(error)) => {
                return Err(error).with_context(|| format!("cannot lock {}", path.display()));
            }
        }
        file.set_len(0)?;
        writeln!(file, "{}", std::process::id())?;
        Ok(Lock { _file: file })
    }
}

/// Makes a folder that only its owner can look into.
pub fn make_private_folder(path: &Path) -> anyhow::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .with_context(|| format!("cannot make {}", path.display()))
}

/// A secret text that nobody can guess.
pub fn make_secret() -> String {
    let bytes: [u8; 32] = rand::random();
    purser_model::object::Digest(bytes).to_string()
}

/// Reads a secret text from a file, or makes it there, readable by its owner only.
pub fn read_or_make_secret(path: &Path, make: impl FnOnce() -> String) -> anyhow::Result<String> {
    use std::os::unix::fs::OpenOptionsExt;
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Ok(mut file) => {
            let secret = make();
            file.write_all(secret.as_bytes()).with_context(|| format!("cannot write {}", path.display()))?;
            Ok(secret)
        }
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
            let secret = text.trim();
            if secret.is_empty() {
                bail!("{} is empty; remove it to have a new one made", path.display());
            }
            Ok(secret.to_owned())
        }
        Err(error) => Err(error).with_context(|| format!("cannot make {}", path.display())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_process_works_in_a_home() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::new(folder.path());
        let held = home.lock().unwrap();
        let refused = home.lock().err().unwrap().to_string();
        assert!(refused.contains(&format!("process {}", std::process::id())), "{refused}");
        drop(held);
        home.lock().unwrap();
    }

    #[test]
    fn a_secret_is_made_once_and_is_private() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        assert_eq!(read_or_make_secret(&path, || "one".into()).unwrap(), "one");
        assert_eq!(read_or_make_secret(&path, || "two".into()).unwrap(), "one");
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        std::fs::write(&path, "\n").unwrap();
        assert!(read_or_make_secret(&path, || "three".into()).is_err());
    }
}
