//! Sealing secrets, as the API asks for it.

use async_trait::async_trait;
use jiff::Timestamp;
use purser_model::id::SecretName;
use purser_model::secret::Secret;
use purser_store::{Store, StoreError};
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// A secret that was set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct SecretSet {
    /// Its name.
    pub name: SecretName,
    /// Counts its values.
    pub version: u32,
}

/// All secrets are sealed with a new key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct KeyRotated {
    /// How many secrets were sealed anew.
    pub secrets: usize,
    /// The id of the key that opens them now.
    pub key: String,
}

/// A secret cannot be sealed.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There is no key to seal it with, or not the right one.
    #[error("{0}")]
    NoKey(String),
}

/// Seals secrets with the key of the host.
#[async_trait]
pub trait SecretKeeper: Send + Sync {
    /// Seals a secret and keeps it in this store, on behalf of whom it acts for. Whoever needs it uses the new value from
    /// the next call on.
    ///
    /// # Errors
    /// See [`SecretError`].
    async fn set(
        &self,
        acting: Arc<dyn Store>,
        name: &SecretName,
        secret: &Secret,
        now: Timestamp,
    ) -> Result<SecretSet, SecretError>;

    /// Removes a secret from this store. Nobody uses it from the next call on.
    ///
    /// # Errors
    /// See [`SecretError`].
    async fn remove(&self, acting: Arc<dyn Store>, name: &SecretName, now: Timestamp) -> Result<(), SecretError>;

    /// Seals all secrets of this store with a new key, which takes the place of the present one. Whoever uses secrets
    /// meanwhile goes on.
    ///
    /// # Errors
    /// See [`SecretError`]: [`SecretError::NoKey`] also where the host cannot change its key. All is as before then.
    async fn rotate_key(&self, acting: Arc<dyn Store>, now: Timestamp) -> Result<KeyRotated, SecretError>;
}
