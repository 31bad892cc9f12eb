//! How the host authenticates to an endpoint. The guest sees nothing of it.

mod source;

use purser_model::configuration::EndpointAuthentication;
use purser_model::secret::{NamedSecrets, Secret};
pub use source::SecretError;

/// How the host authenticates to an endpoint.
#[derive(Debug, Clone)]
pub enum Authentication {
    /// Not at all.
    None,
    /// `Authorization: Bearer` (RFC 6750).
    Bearer(Secret),
    /// `Authorization: Basic` (RFC 7617).
    Basic {
        /// User name.
        user: String,
        /// Password.
        password: Secret,
    },
}

/// No credential could be obtained, so that nothing was sent to the endpoint.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no credential for the endpoint: {0}")]
pub struct CredentialError(pub String);

/// A request with its credential, and what was put on it: an answer must not repeat that to the guest.
#[derive(Debug)]
pub struct Authorized {
    /// The request.
    pub request: reqwest::RequestBuilder,
    /// Every secret that it carries.
    pub sent: Vec<Secret>,
}

impl Authentication {
    /// What was declared for this endpoint, with its secrets read.
    ///
    /// # Errors
    /// A secret is missing, unreadable or empty; the error names the endpoint and the place.
    pub fn resolve(
        endpoint: &str,
        declared: &EndpointAuthentication,
        sealed: &NamedSecrets,
    ) -> Result<Self, SecretError> {
        Ok(match declared {
            EndpointAuthentication::None => Self::None,
            EndpointAuthentication::Bearer(reference) => Self::Bearer(source::read(endpoint, reference, sealed)?),
            EndpointAuthentication::Basic { user, password } => {
                Self::Basic { user: user.clone(), password: source::read(endpoint, password, sealed)? }
            }
        })
    }

    /// Puts what the connection itself needs, such as a client certificate, into the client of an endpoint.
    ///
    /// # Errors
    /// It cannot be used.
    pub fn connect(&self, client: reqwest::ClientBuilder) -> Result<reqwest::ClientBuilder, CredentialError> {
        Ok(client)
    }

    /// Puts the credential on a request that was found to be allowed.
    ///
    /// # Errors
    /// There is none at the moment; nothing must be sent.
    pub async fn authorize(&self, request: reqwest::RequestBuilder) -> Result<Authorized, CredentialError> {
        Ok(match self {
            Self::None => Authorized { request, sent: Vec::new() },
            Self::Bearer(token) => {
                Authorized { request: request.bearer_auth(token.reveal()), sent: vec![token.clone()] }
            }
            Self::Basic { user, password } => {
                let request = request.basic_auth(user, Some(password.reveal()));
                let pair = Secret::new(format!("{user}:{}", password.reveal())).ok();
                Authorized { request, sent: pair.into_iter().chain([password.clone()]).collect() }
            }
        })
    }
}
