//! Why there is no response, and why an endpoint cannot be used at all.

use super::message::Method;
use crate::credential::CredentialError;
use crate::egress::AddressRefused;
use std::path::PathBuf;

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

impl Error {
    /// What kind it is, in one word.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Denied(_) => "denied",
            Self::Unreachable(_) => "unreachable",
            Self::Interrupted(_) => "interrupted",
            Self::TooLarge(_) => "too-large",
        }
    }
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
    /// The grant does not hold the method.
    #[error("the grant does not allow {0} here: the operator lists it under `methods` of the endpoint")]
    Method(Method),
    /// The path, or the URL to follow.
    #[error("{0}")]
    Location(String),
    /// A header.
    #[error("{0}")]
    Header(String),
    /// A secret cannot be put where it was asked for.
    #[error("{0}")]
    Secret(String),
    /// The address may not be dialled.
    #[error(transparent)]
    Address(#[from] AddressRefused),
    /// A secret would travel in clear.
    #[error(
        "a credential or secret would travel in clear over http to another machine: use https, or let the operator write \
         `insecure_http = true` at the endpoint"
    )]
    Cleartext,
    /// The body is larger than the grant allows.
    #[error("the body has more than the {0} bytes that the grant allows (`max_request`)")]
    RequestSize(u64),
    /// The request is given no time.
    #[error("a time-out of 0 ms leaves no time for an answer: leave it out, and the grant's own holds")]
    NoTime,
    /// The call has sent as many requests as it may.
    #[error("this call has sent the {0} requests to the endpoint that the grant allows (`max_calls`)")]
    Requests(u32),
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
    /// Its credential would travel in clear.
    #[error(
        "endpoint `{name}`: its credential would travel in clear over http: use https, or write `insecure_http = true`"
    )]
    Cleartext {
        /// The endpoint.
        name: String,
    },
    /// The file with certificates cannot be used.
    #[error("endpoint `{name}`: cannot use the certificates in {}: {reason}", .path.display())]
    Ca {
        /// The endpoint.
        name: String,
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
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
