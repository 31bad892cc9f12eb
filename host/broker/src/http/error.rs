//! Why there is no response, and why an endpoint cannot be used at all.

use crate::credential::CredentialError;

/// Why there is no response.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The grant, the phase or the request's own form forbids it; nothing was sent.
    #[error("{0}")]
    Denied(Denial),
    /// Nothing was sent: name resolution, connection or TLS failed, or there is no credential.
    #[error("{0}")]
    Unreachable(String),
    /// Something may have been sent, and no whole answer came.
    #[error("{0}")]
    Interrupted(String),
    /// The answer is larger than the grant allows.
    #[error("{0}")]
    TooLarge(String),
}

impl From<Denial> for Error {
    fn from(denial: Denial) -> Self {
        Self::Denied(denial)
    }
}

impl From<CredentialError> for Error {
    fn from(error: CredentialError) -> Self {
        Self::Unreachable(error.to_string())
    }
}

/// What forbids a request, with a text for the connector's developer or the operator.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Denial {
    /// The grant has no endpoint of this name.
    #[error("the grant has no endpoint `{0}`")]
    Endpoint(String),
    /// The phase of the call.
    #[error("{0}")]
    Phase(String),
    /// The path, or the URL to follow.
    #[error("{0}")]
    Location(String),
    /// A header.
    #[error("{0}")]
    Header(String),
    /// A secret cannot be put where it was asked for.
    #[error("{0}")]
    Secret(String),
    /// The request cannot be put together.
    #[error("{0}")]
    Form(String),
}

/// An endpoint of a grant cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum EndpointError {
    /// The URL is not one that requests can be joined to.
    #[error("endpoint `{name}`: {url} must be http or https, without user name, query and fragment")]
    Url {
        /// The endpoint.
        name: String,
        /// Its URL, without a credential.
        url: String,
    },
    /// What it authenticates with cannot be used.
    #[error("endpoint `{name}`: {source}")]
    Credential {
        /// The endpoint.
        name: String,
        /// Why.
        source: CredentialError,
    },
    /// TLS cannot be set up.
    #[error("endpoint `{name}`: TLS cannot be set up: {source}. On Debian, install the package `ca-certificates`")]
    Tls {
        /// The endpoint.
        name: String,
        /// Why.
        source: reqwest::Error,
    },
}
