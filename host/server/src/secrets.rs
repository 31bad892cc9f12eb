//! The sealed store: secrets that are kept beside everything else, and the key that is kept elsewhere.

mod clients;
mod key_file;
mod over_api;
mod refresh_tokens;
mod signing;

use crate::home::Home;
use jiff::Timestamp;
use key_file::KeyPlace;
use purser_model::configuration::GrantDeclaration;
use purser_model::id::SecretName;
use purser_model::sealed::{SealedSecret, SealingKeyId};
use purser_model::secret::{NamedSecrets, Secret};
use purser_sealing::{NotAKey, OpenError, SealingKey, open, reseal, seal};
use purser_store::{Store, StoreError};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::RwLock;

/// The secrets of a home. The key is read when it is needed, and not kept.
#[derive(Clone)]
pub struct SealedStore {
    store: Arc<dyn Store>,
    place: KeyPlace,
    /// Counts what people set and removed in this process.
    revision: Arc<AtomicU64>,
    /// While the key is changed nobody in this process opens or seals anything.
    key_in_turn: Arc<RwLock<()>>,
}

/// A sealed secret cannot be had, kept or sealed anew.
#[derive(Debug, thiserror::Error)]
pub enum SealedStoreError {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The secret cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// There is no key, and something is sealed already.
    #[error(
        "there is no key in {}, and the secrets are sealed with the key {sealed_with}: put it back there, or say where it is with --key-file, PURSER_KEY_FILE or PURSER_KEY", .path.display()
    )]
    KeyGone {
        /// Where it was looked for.
        path: PathBuf,
        /// The key that the secrets are sealed with.
        sealed_with: SealingKeyId,
    },
    /// The operator named a file that is not there.
    #[error("the key file {} is not there: make one with `openssl rand -hex 32 > {}`", .0.display(), .0.display())]
    NoKeyFile(PathBuf),
    /// A key file cannot be read or written.
    #[error("the key file {}: {source}", .path.display())]
    KeyFile {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// What should be a key is none.
    #[error("{place}: {source}")]
    NotAKey {
        /// Where it stands.
        place: String,
        /// What is wrong with it.
        source: NotAKey,
    },
    /// Two places of the key are given.
    #[error("a key file and PURSER_KEY are both given: give one of them")]
    TwoKeys,
    /// The environment cannot be changed from here.
    #[error(
        "the key comes from PURSER_KEY, which cannot be changed from here: say --new-key-file FILE, and give that file from then on"
    )]
    KeyOfEnvironment,
    /// The new key is the old one.
    #[error("{} holds the key that is in use: give a file with another one, or one that is not there yet", .0.display())]
    SameKey(PathBuf),
}

/// How a secret was kept.
#[derive(Debug)]
pub struct Kept {
    /// The version of its value.
    pub version: u32,
    /// The key file that was made for it, as the first secret.
    pub made_key: Option<PathBuf>,
}

/// How the key was changed.
#[derive(Debug)]
pub struct Rotated {
    /// How many secrets were sealed anew.
    pub secrets: usize,
    /// The key that opens them now.
    pub key: SealingKeyId,
    /// The file that it is in.
    pub file: PathBuf,
}

impl SealedStore {
    /// The secrets of this home, which are kept in this store.
    pub fn new(home: &Home, store: Arc<dyn Store>) -> Self {
        Self { store, place: KeyPlace::of(home), revision: Arc::default(), key_in_turn: Arc::default() }
    }

    /// Another number after people set or removed a secret: whoever opened secrets before opens them anew.
    pub fn revision(&self) -> u64 {
        self.revision.load(Ordering::SeqCst)
    }

    /// The store below.
    pub fn store(&self) -> Arc<dyn Store> {
        self.store.clone()
    }

    /// The secrets that a declaration refers to, opened; those that are not set are left out.
    pub async fn of(&self, grant: &GrantDeclaration) -> Result<NamedSecrets, SealedStoreError> {
        let names: BTreeSet<_> = grant.sealed_secrets().map(|(_, name)| name).collect();
        self.named(&names.into_iter().collect::<Vec<_>>()).await
    }

    /// These secrets, opened; those that are not set are left out.
    pub async fn named(&self, names: &[&SecretName]) -> Result<NamedSecrets, SealedStoreError> {
        let _turn = self.key_in_turn.read().await;
        let mut kept = Vec::new();
        for name in names {
            kept.extend(self.store.sealed_secret(name).await?.map(|kept| kept.sealed));
        }
        if kept.is_empty() {
            return Ok(NamedSecrets::new());
        }
        let key = self.key().await?;
        let opened = kept.into_iter().map(|sealed| Ok((sealed.name.clone(), open(&key, &sealed)?)));
        opened.collect()
    }

    /// Seals a secret and keeps it. A key is made in the home where nobody named one and nothing is sealed yet.
    pub async fn set(&self, name: &SecretName, secret: &Secret, now: Timestamp) -> Result<Kept, SealedStoreError> {
        let _turn = self.key_in_turn.read().await;
        let (key, made_key) = match self.key_in_use().await? {
            Some(_) => (self.key().await?, None),
            None => self.place.read_or_make()?,
        };
        let version = self.store.sealed_secret(name).await?.map_or(0, |kept| kept.sealed.version).saturating_add(1);
        self.store.keep_secret(seal(&key, name, version, secret, &mut random), now).await?;
        Ok(Kept { version, made_key })
    }

    /// Seals all secrets with a new key: the one in this file, which is made where it is not there; without a file, the
    /// present key file gets a new key.
    ///
    /// The new key is written beside the present one first, then all secrets are sealed anew in one transaction, then the
    /// new key takes the place of the old one. Whoever finds a host that was killed between goes on from there. That it can
    /// take that place is known before anything is sealed anew.
    pub async fn rotate(&self, new_file: Option<&Path>, now: Timestamp) -> Result<Rotated, SealedStoreError> {
        let _turn = self.key_in_turn.write().await;
        let former = match self.key_in_use().await? {
            Some(_) => self.key().await?,
            None => self.place.read_or_make()?.0,
        };
        let next = self.place.next_key(new_file)?;
        if next.key == former {
            return Err(SealedStoreError::SameKey(next.file));
        }
        next.rehearse(&former)?;
        let secrets = self.sealed_anew(&former, &next.key).await?;
        let count = secrets.len();
        self.store.reseal_secrets(former.id(), secrets, now).await?;
        let file = next.settle()?;
        Ok(Rotated { secrets: count, key: next.key.id(), file })
    }

    async fn sealed_anew(&self, former: &SealingKey, next: &SealingKey) -> Result<Vec<SealedSecret>, SealedStoreError> {
        let kept = self.store.sealed_secrets().await?.into_iter();
        kept.map(|kept| Ok(reseal(former, next, &kept.sealed, &mut random)?)).collect()
    }

    /// The key that the secrets are sealed with; none where nothing is sealed. Only a row that somebody changed has another.
    async fn key_in_use(&self) -> Result<Option<SealingKeyId>, SealedStoreError> {
        Ok(self.store.sealed_secrets().await?.into_iter().next().map(|kept| kept.sealed.key))
    }

    /// The host's key. What a host that was killed while it changed the key left undone is done now.
    async fn key(&self) -> Result<SealingKey, SealedStoreError> {
        self.place.read(self.key_in_use().await?.as_ref())
    }
}

fn random(bytes: &mut [u8]) {
    rand::fill(bytes);
}

#[cfg(test)]
mod tests;
