//! What goes into the store and comes out of it about sealed secrets. The store never sees one in clear.

use crate::StoreError;
use async_trait::async_trait;
use jiff::Timestamp;
use purser_model::id::SecretName;
use purser_model::sealed::{SealedSecret, SealingKeyId};

/// A sealed secret as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptSecret {
    /// The secret.
    pub sealed: SealedSecret,
    /// When this value was set.
    pub set_at: Timestamp,
    /// Who set it.
    pub set_by: String,
}

/// The sealed secrets.
#[async_trait]
pub trait SealedSecrets: Send + Sync {
    /// All of them, by name.
    async fn sealed_secrets(&self) -> Result<Vec<KeptSecret>, StoreError>;

    /// One of them.
    async fn sealed_secret(&self, name: &SecretName) -> Result<Option<KeptSecret>, StoreError>;

    /// Keeps a secret; one of the same name is replaced.
    ///
    /// # Errors
    /// [`StoreError::Refused`] where its version does not follow the one that is kept, or where others are sealed with
    /// another key: one key opens all secrets of a store.
    async fn keep_secret(&self, secret: SealedSecret, now: Timestamp) -> Result<(), StoreError>;

    /// Removes a secret.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where there is none of this name.
    async fn remove_secret(&self, name: &SecretName, now: Timestamp) -> Result<(), StoreError>;

    /// Replaces all secrets by the same ones sealed with another key, which one key seals.
    ///
    /// # Errors
    /// [`StoreError::Refused`] where the secrets that are kept are not these, in these versions, sealed with `former`.
    async fn reseal_secrets(
        &self,
        former: SealingKeyId,
        secrets: Vec<SealedSecret>,
        now: Timestamp,
    ) -> Result<(), StoreError>;
}
