//! How the host authenticates to an endpoint. The guest sees nothing of it.

mod source;

use purser_model::configuration::EndpointAuthentication;
use purser_model::secret::Secret;
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

impl Authentication {
    /// What was declared for this endpoint, with its secrets read.
    ///
    /// # Errors
    /// A secret is missing, unreadable or empty; the error names the endpoint and the place.
    pub fn resolve(endpoint: &str, declared: &EndpointAuthentication) -> Result<Self, SecretError> {
        Ok(match declared {
            EndpointAuthentication::None => Self::None,
            EndpointAuthentication::Bearer(reference) => Self::Bearer(source::read(endpoint, reference)?),
            EndpointAuthentication::Basic { user, password } => {
                Self::Basic { user: user.clone(), password: source::read(endpoint, password)? }
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
    pub async fn authorize(
        &self,
        request: reqwest::RequestBuilder,
    ) -> Result<reqwest::RequestBuilder, CredentialError> {
        Ok(match self {
            Self::None => request,
            Self::Bearer(token) => request.bearer_auth(token.reveal()),
            Self::Basic { user, password } => request.basic_auth(user, Some(password.reveal())),
        })
    }
}
