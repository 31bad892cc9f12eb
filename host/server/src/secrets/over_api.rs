//! Secrets that are set and removed over the API of a host that serves.

use super::{SealedStore, SealedStoreError};
use async_trait::async_trait;
use jiff::Timestamp;
use purser_api::{KeyRotated, SecretError, SecretKeeper, SecretSet};
use purser_model::id::SecretName;
use purser_model::secret::Secret;
use purser_store::Store;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tracing::info;

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
        let _turn = self.key_in_turn.read().await;
        acting.remove_secret(name, now).await?;
        self.revision.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }

    async fn rotate_key(&self, acting: Arc<dyn Store>, now: Timestamp) -> Result<KeyRotated, SecretError> {
        // The secrets are the same: whoever has opened them goes on with them.
        let rotated = Self { store: acting, ..self.clone() }.rotate(None, now).await.map_err(not_rotated)?;
        info!(secrets = rotated.secrets, key = %rotated.key, "all secrets are sealed with a new key");
        Ok(KeyRotated { secrets: rotated.secrets, key: rotated.key.0 })
    }
}

/// What to do where a host cannot change its key by itself.
fn not_rotated(error: SealedStoreError) -> SecretError {
    const BY_HAND: &str = "stop the host, run `purser secret rotate-key --new-key-file FILE` in its home, and start it with \
                           `--key-file FILE`";
    match error {
        SealedStoreError::KeyOfEnvironment => {
            SecretError::NoKey(format!("the key comes from PURSER_KEY, which the host cannot change: {BY_HAND}"))
        }
        SealedStoreError::KeyFile { .. } => SecretError::NoKey(format!(
            "{error}. The host cannot put a new key there, and nothing was changed: let it write there, or {BY_HAND}"
        )),
        other => refusal(other),
    }
}

fn refusal(error: SealedStoreError) -> SecretError {
    match error {
        SealedStoreError::Store(error) => error.into(),
        other => SecretError::NoKey(other.to_string()),
    }
}
