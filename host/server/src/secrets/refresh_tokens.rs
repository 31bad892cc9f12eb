//! Refresh tokens in the sealed store: a new one that a server answers takes the place of the one that was shown.

use super::{SealedStore, SealedStoreError};
use crate::host::now;
use purser_model::id::SecretName;
use purser_model::secret::Secret;
use purser_runtime::{Keeping, NotKept, TokenKeeper};
use purser_sealing::open;
use std::fmt;

impl fmt::Debug for SealedStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealedStore(..)")
    }
}

impl TokenKeeper for SealedStore {
    fn current<'a>(&'a self, name: &'a SecretName) -> Keeping<'a, Secret> {
        Box::pin(async move {
            let _turn = self.key_in_turn.read().await;
            let kept = self.store.sealed_secret(name).await.map_err(SealedStoreError::from).map_err(not_kept)?;
            let kept =
                kept.ok_or_else(|| NotKept(format!("the secret `{name}` is not set: run `purser secret set {name}`")))?;
            let key = self.key().await.map_err(not_kept)?;
            open(&key, &kept.sealed).map_err(SealedStoreError::from).map_err(not_kept)
        })
    }

    fn keep<'a>(&'a self, name: &'a SecretName, token: &'a Secret) -> Keeping<'a, ()> {
        Box::pin(async move { self.set(name, token, now()).await.map(|_| ()).map_err(not_kept) })
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it is what map_err gives")]
fn not_kept(error: SealedStoreError) -> NotKept {
    NotKept(error.to_string())
}
