//! The secrets that sign what webhooks are told.

use super::SealedStore;
use async_trait::async_trait;
use purser_model::id::SecretName;
use purser_model::secret::NamedSecrets;
use purser_webhook::{SecretsClosed, SigningSecrets};

#[async_trait]
impl SigningSecrets for SealedStore {
    async fn open(&self, names: &[&SecretName]) -> Result<NamedSecrets, SecretsClosed> {
        self.named(names).await.map_err(|error| SecretsClosed(error.to_string()))
    }
}
