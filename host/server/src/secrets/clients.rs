//! What the console shows issuers that people sign in with.

use super::SealedStore;
use async_trait::async_trait;
use purser_issuer::{ClientSecrets, ClientSecretsClosed};
use purser_model::id::SecretName;
use purser_model::secret::NamedSecrets;

#[async_trait]
impl ClientSecrets for SealedStore {
    async fn open(&self, names: &[&SecretName]) -> Result<NamedSecrets, ClientSecretsClosed> {
        self.named(names).await.map_err(|error| ClientSecretsClosed(error.to_string()))
    }
}
