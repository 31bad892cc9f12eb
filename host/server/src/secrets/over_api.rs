//! Secrets that are set and removed over the API of a host that serves.

use super::{SealedStore, SealedStoreError};
use async_trait::async_trait;
use jiff::Timestamp;
use purser_api::{SecretError, SecretKeeper, SecretSet};
use purser_model::id::SecretName;
use purser_model::secret::Secret;
use purser_store::Store;
use std::sync::Arc;
use std::sync::atomic::Ordering;

#[async_trait]
impl SecretKeeper for SealedStore {
    async fn set(
        &self,
        acting: Arc<dyn Store>,
        name: &SecretName,
        secret: &Secret,
        now: Timestamp,
    ) -> Result<SecretSet, SecretError> {
        let kept = Self { store: acting, ..self.clone() }.set(name, secret, now).await.map_err(refusal)?;
        self.revision.fetch_add(1, Ordering::SeqCst);
        Ok(SecretSet { name: name.clone(), version: kept.version })
    }

    async fn remove(&self, acting: Arc<dyn Store>, name: &SecretName, now: Timestamp) -> Result<(), SecretError> {
        acting.remove_secret(name, now).await?;
        self.revision.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }
}

fn refusal(error: SealedStoreError) -> SecretError {
    match error {
        SealedStoreError::Store(error) => error.into(),
        other => SecretError::NoKey(other.to_string()),
    }
}
