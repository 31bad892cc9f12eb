//! How the host authenticates to an endpoint. The guest sees nothing of it.

mod answer;
mod clock;
mod error;
mod jwt;
mod keeper;
mod oauth2;
mod source;
mod tokens;

pub use answer::OAuthError;
pub use error::CredentialError;
pub use keeper::{Keeping, KeptTokens, NotKept, TokenKeeper};
pub use source::{SecretError, read as read_secret};

use purser_model::configuration::EndpointAuthentication;
use purser_model::egress::EgressRules;
use purser_model::secret::{NamedSecrets, Secret};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use std::path::Path;
use std::sync::Arc;
use tokens::Tokens;

/// How the host authenticates to an endpoint.
#[derive(Debug, Clone)]
pub enum Authentication {
    /// Not at all.
    None,
    /// `Authorization: Bearer` (RFC 6750).
    Bearer(Secret),
    /// A header of the application's own.
    Header {
        /// Its name.
        name: HeaderName,
        /// Its value.
        value: Secret,
    },
    /// `Authorization: Basic` (RFC 7617).
    Basic {
        /// User name.
        user: String,
        /// Password.
        password: Secret,
    },
    /// `Authorization: Bearer` with a token that the host fetches and renews.
    OAuth2(EndpointTokens),
    /// A client certificate (mutual TLS).
    ClientCertificate(ClientIdentity),
}

/// The tokens of an endpoint.
#[derive(Debug, Clone)]
pub struct EndpointTokens(Arc<Tokens>);

/// A client certificate with its key.
#[derive(Debug, Clone)]
pub struct ClientIdentity(reqwest::Identity);

/// A request with its credential, and what was put on it: an answer must not repeat that to the guest.
#[derive(Debug)]
pub struct Authorized {
    /// The request.
    pub request: reqwest::RequestBuilder,
    /// Every secret that it carries, and those that were used to get them.
    pub sent: Vec<Secret>,
    /// The token that it carries, where another can be got once this one is refused.
    pub token: Option<Secret>,
}

impl Authorized {
    fn new(request: reqwest::RequestBuilder, sent: Vec<Secret>) -> Self {
        Self { request, sent, token: None }
    }
}

impl Authentication {
    /// What was declared for this endpoint, with its secrets read. Its rules say too how far a token endpoint may be
    /// reached.
    ///
    /// # Errors
    /// A secret is missing, unreadable or empty, or a key cannot be used; the error names the endpoint and the place.
    pub fn resolve(
        endpoint: &str,
        declared: &EndpointAuthentication,
        rules: &EgressRules,
        sealed: &NamedSecrets,
    ) -> Result<Self, SecretError> {
        let unusable = |source| SecretError::Unusable { endpoint: endpoint.to_owned(), source };
        Ok(match declared {
            EndpointAuthentication::None => Self::None,
            EndpointAuthentication::Bearer(reference) => Self::Bearer(source::read(endpoint, reference, sealed)?),
            EndpointAuthentication::Header { name, value } => {
                let name = HeaderName::from_bytes(name.as_bytes());
                let name = name.map_err(|_| unusable(CredentialError::Header("that was declared".to_owned())))?;
                Self::Header { name, value: source::read(endpoint, value, sealed)? }
            }
            EndpointAuthentication::Basic { user, password } => {
                Self::Basic { user: user.clone(), password: source::read(endpoint, password, sealed)? }
            }
            EndpointAuthentication::OAuth2(tokens) => {
                Self::OAuth2(EndpointTokens(Arc::new(Tokens::resolve(endpoint, tokens, rules, sealed)?)))
            }
            EndpointAuthentication::ClientCertificate { certificate, key } => {
                let key = source::read(endpoint, key, sealed)?;
                Self::ClientCertificate(ClientIdentity::read(certificate, &key).map_err(unusable)?)
            }
        })
    }

    /// Keeps the refresh tokens that servers answer there.
    pub fn keep_tokens(&self, kept: &KeptTokens) {
        if let Self::OAuth2(EndpointTokens(tokens)) = self {
            tokens.keep_with(kept);
        }
    }

    /// Puts what the connection itself needs, such as a client certificate, into the client of an endpoint.
    ///
    /// # Errors
    /// It cannot be used.
    pub fn connect(&self, client: reqwest::ClientBuilder) -> Result<reqwest::ClientBuilder, CredentialError> {
        Ok(match self {
            Self::ClientCertificate(ClientIdentity(identity)) => client.identity(identity.clone()),
            _ => client,
        })
    }

    /// Puts the credential on a request that was found to be allowed. It takes the place of a header that the guest set.
    ///
    /// # Errors
    /// There is none at the moment; nothing must be sent.
    pub async fn authorize(&self, request: reqwest::RequestBuilder) -> Result<Authorized, CredentialError> {
        Ok(match self {
            Self::None | Self::ClientCertificate(_) => Authorized::new(request, Vec::new()),
            Self::Bearer(token) => Authorized::new(request.bearer_auth(token.reveal()), vec![token.clone()]),
            Self::Header { name, value } => {
                let mut written = HeaderValue::from_str(value.reveal())
                    .map_err(|_| CredentialError::Header(name.as_str().to_owned()))?;
                written.set_sensitive(true);
                let header = HeaderMap::from_iter([(name.clone(), written)]);
                Authorized::new(request.headers(header), vec![value.clone()])
            }
            Self::Basic { user, password } => {
                let request = request.basic_auth(user, Some(password.reveal()));
                let pair = Secret::new(format!("{user}:{}", password.reveal())).ok();
                Authorized::new(request, pair.into_iter().chain([password.clone()]).collect())
            }
            Self::OAuth2(EndpointTokens(tokens)) => {
                let token = tokens.get().await?;
                let sent = [Some(&token), tokens.client_secret()].into_iter().flatten().cloned().collect();
                Authorized { request: request.bearer_auth(token.reveal()), sent, token: Some(token) }
            }
        })
    }

    /// Whether the answer with a token says where the application is.
    pub fn says_the_base(&self) -> bool {
        matches!(self, Self::OAuth2(EndpointTokens(tokens)) if tokens.say_the_base())
    }

    /// Where the application is, as its token endpoint says; none where requests go to the endpoint's own URL.
    ///
    /// # Errors
    /// There is no token at the moment, or the answer with it did not say it.
    pub async fn base(&self) -> Result<Option<String>, CredentialError> {
        match self {
            Self::OAuth2(EndpointTokens(tokens)) => tokens.base().await,
            _ => Ok(None),
        }
    }

    /// Notes that the target refused a token, so that the next request carries another one.
    pub async fn refused(&self, token: &Secret) {
        if let Self::OAuth2(EndpointTokens(tokens)) = self {
            tokens.refused(token).await;
        }
    }
}

impl ClientIdentity {
    /// Reads a certificate, and takes its key in PEM.
    ///
    /// # Errors
    /// The file cannot be read, or the two are no certificate and key.
    fn read(certificate: &Path, key: &Secret) -> Result<Self, CredentialError> {
        let read = std::fs::read(certificate);
        let read = read.map_err(|error| CredentialError::Certificate {
            path: certificate.to_owned(),
            reason: error.to_string(),
        })?;
        let both = zeroize::Zeroizing::new([read.as_slice(), b"\n", key.reveal().as_bytes()].concat());
        reqwest::Identity::from_pem(&both).map(Self).map_err(|_| CredentialError::Key {
            what: "client certificate",
            reason: "the file must hold certificates in PEM, and the secret a private key in PEM",
        })
    }
}

#[cfg(test)]
mod tests;
