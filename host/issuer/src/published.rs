//! What an issuer publishes: about itself (OpenID Connect Discovery 1.0), and its keys.

use crate::fetching::{NotFetched, NotReachable, Way, is_safe};
use crate::kept::Kept;
use crate::keys::{JwkSet, Keys};
use jiff::Timestamp;
use purser_model::id::IssuerName;
use purser_model::issuer::Issuer;
use serde::Deserialize;
use std::sync::Arc;
use tracing::{info, warn};
use url::Url;

/// Where an issuer says what it has (OpenID Connect Discovery 1.0 section 4).
const DISCOVERY: &str = ".well-known/openid-configuration";

/// What an issuer says of itself.
#[derive(Debug, Deserialize)]
pub(crate) struct Metadata {
    issuer: String,
    jwks_uri: Url,
    /// Where people sign in.
    pub(crate) authorization_endpoint: Option<Url>,
    /// Where a code is turned into tokens.
    pub(crate) token_endpoint: Option<Url>,
    /// How clients may show who they are.
    #[serde(default)]
    pub(crate) token_endpoint_auth_methods_supported: Vec<String>,
}

/// One issuer, and what is known of it.
#[derive(Debug)]
pub(crate) struct Published {
    name: IssuerName,
    issuer: String,
    jwks: Option<Url>,
    way: Way,
    metadata: Kept<Metadata>,
    keys: Kept<Keys>,
}

impl Published {
    pub(crate) fn new(name: &IssuerName, issuer: &Issuer) -> Result<Self, NotReachable> {
        let way = Way::new(name, issuer)?;
        let (name, issuer, jwks) = (name.clone(), issuer.url.clone(), issuer.jwks.clone());
        Ok(Self { name, issuer, jwks, way, metadata: Kept::default(), keys: Kept::default() })
    }

    /// The keys, with the one of this id among them if the issuer has it.
    pub(crate) async fn keys_with(&self, id: Option<&str>, now: Timestamp) -> Result<Arc<Keys>, NotFetched> {
        let ask = async { self.noted("keys", self.fetch_keys(now).await) };
        self.keys.get(|keys| keys.has(id), now, ask).await
    }

    /// What the issuer says of itself.
    pub(crate) async fn metadata(&self, now: Timestamp) -> Result<Arc<Metadata>, NotFetched> {
        let ask = async { self.noted("metadata", self.fetch_metadata().await) };
        self.metadata.get(|_| true, now, ask).await
    }

    async fn fetch_keys(&self, now: Timestamp) -> Result<Keys, NotFetched> {
        let jwks = match &self.jwks {
            Some(jwks) => jwks.clone(),
            None => self.metadata(now).await?.jwks_uri.clone(),
        };
        if !is_safe(&jwks) {
            return Err(NotFetched::InClear { url: jwks.to_string() });
        }
        let jwks = jwks.to_string();
        Ok(Keys::from(self.way.read::<JwkSet>(&jwks).await?))
    }

    async fn fetch_metadata(&self) -> Result<Metadata, NotFetched> {
        let url = format!("{}/{DISCOVERY}", self.issuer.trim_end_matches('/'));
        let found: Metadata = self.way.read(&url).await?;
        if found.issuer == self.issuer { Ok(found) } else { Err(NotFetched::AnotherIssuer { url }) }
    }

    fn noted<T>(&self, what: &str, fetched: Result<T, NotFetched>) -> Result<T, NotFetched> {
        match &fetched {
            Ok(_) => info!(issuer = %self.name, what, "an issuer was asked"),
            Err(error) => {
                warn!(issuer = %self.name, what, %error, "an issuer was asked in vain; what is known is believed for some hours");
            }
        }
        fetched
    }
}
