//! An HTTP endpoint of a grant.

use crate::credential::{Authentication, SecretError};
use purser_model::configuration::EndpointGrant;
use purser_model::egress::{EgressRules, is_loopback};
use purser_model::secret::NamedSecrets;
use std::time::Duration;
use url::Url;

/// An HTTP endpoint that a connector may reach.
#[derive(Debug, Clone)]
pub struct Endpoint {
    /// Where it is: `http` or `https`, without user name, query or fragment. Everything below its path may be reached.
    pub url: Url,
    /// How the host authenticates.
    pub authentication: Authentication,
    /// POST paths below the URL, such as `/.search`, that the operator lets through in the read phase ...
    pub reading_posts: Vec<String>,
    /// ... where the connector's manifest declares them as reading too.
    pub declared_reading_posts: Vec<String>,
    /// How far it reaches beyond its URL, and how much may pass.
    pub egress: EgressRules,
    /// Longest wait for the whole response.
    pub timeout: Duration,
    /// Largest body of a response in bytes.
    pub max_response_bytes: u64,
}

impl Endpoint {
    /// An endpoint without authentication and reading posts, with 30 seconds and 16 MiB for a response.
    pub fn new(url: Url) -> Self {
        Self {
            url,
            authentication: Authentication::None,
            reading_posts: Vec::new(),
            declared_reading_posts: Vec::new(),
            egress: EgressRules::default(),
            timeout: Duration::from_secs(30),
            max_response_bytes: 16 << 20,
        }
    }

    /// What was declared under this name, with its secrets read; `sealed` are those of the sealed store.
    ///
    /// # Errors
    /// A secret is missing, unreadable or empty; the error names the endpoint and the place.
    pub fn resolve(name: &str, declared: &EndpointGrant, sealed: &NamedSecrets) -> Result<Self, SecretError> {
        Ok(Self {
            url: declared.url.clone(),
            authentication: Authentication::resolve(name, &declared.authentication, &declared.egress, sealed)?,
            reading_posts: declared.reading_posts.clone(),
            declared_reading_posts: Vec::new(),
            egress: declared.egress.clone(),
            timeout: declared.timeout,
            max_response_bytes: declared.max_response_bytes,
        })
    }

    /// Whether the host authenticates to it.
    pub(crate) fn has_credential(&self) -> bool {
        !matches!(self.authentication, Authentication::None)
    }

    /// Whether a secret may travel to this URL: over TLS, to this machine, or because the operator says so.
    pub(crate) fn keeps_secrets(&self, url: &Url) -> bool {
        url.scheme() == "https" || is_loopback(url) || self.egress.insecure_http
    }
}
