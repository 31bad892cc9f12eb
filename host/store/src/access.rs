//! Who uses the API, and on whose behalf the store is written.

use crate::{Store, StoreError};
use async_trait::async_trait;
use jiff::Timestamp;
use purser_model::access::ApiRole;
use purser_model::audit::Actor;
use purser_model::id::{TargetName, TokenName};
use purser_model::object::Digest;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::sync::Arc;

/// A token as it is kept: the text itself is known only to its holder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewApiToken {
    /// Its name.
    pub name: TokenName,
    /// What its holder may do.
    pub role: ApiRole,
    /// The targets of an owner.
    pub targets: BTreeSet<TargetName>,
    /// The digest of its text.
    pub digest: Digest,
    /// From when on it opens nothing any more.
    pub expires_at: Option<Timestamp>,
}

/// What is told of a token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct KeptApiToken {
    /// Its name.
    pub name: TokenName,
    /// What its holder may do.
    pub role: ApiRole,
    /// The targets of an owner.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    #[cfg_attr(feature = "schema", schema(value_type = Vec<TargetName>, required = false))]
    pub targets: BTreeSet<TargetName>,
    /// When it was made.
    pub created_at: Timestamp,
    /// By whom.
    pub created_by: String,
    /// From when on it opens nothing any more.
    pub expires_at: Option<Timestamp>,
    /// When it was last used; to the minute.
    pub last_used_at: Option<Timestamp>,
}

/// Tokens of the API, and those who hold them.
#[async_trait]
pub trait Access: Send + Sync {
    /// The same store, where this actor changes things.
    fn on_behalf_of(&self, actor: Actor) -> Arc<dyn Store>;

    /// Keeps a token.
    ///
    /// # Errors
    /// [`StoreError::Refused`] where one has the name already.
    async fn keep_api_token(&self, token: NewApiToken, now: Timestamp) -> Result<KeptApiToken, StoreError>;

    /// All tokens, by name.
    async fn api_tokens(&self) -> Result<Vec<KeptApiToken>, StoreError>;

    /// The token with this digest, expired or not.
    async fn api_token(&self, digest: Digest) -> Result<Option<KeptApiToken>, StoreError>;

    /// Notes that a token was used.
    async fn note_token_use(&self, name: &TokenName, now: Timestamp) -> Result<(), StoreError>;

    /// Removes a token.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where there is none of this name.
    async fn revoke_api_token(&self, name: &TokenName, now: Timestamp) -> Result<(), StoreError>;

    /// Audits that somebody asked for something that is done later, in the host's own name.
    async fn note_request(&self, what: &str, now: Timestamp) -> Result<(), StoreError>;
}
