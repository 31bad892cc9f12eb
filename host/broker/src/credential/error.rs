//! Why the host has no credential for an endpoint. No text holds a secret, or what a server wrote freely.

use super::answer::OAuthError;
use std::path::PathBuf;

/// No credential could be obtained, so that nothing was sent to the endpoint.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CredentialError {
    /// The token endpoint does not give this client a token.
    #[error("endpoint `{endpoint}`: its token endpoint {token_endpoint} answers {status}, {error}: {}", .error.advice())]
    Refused {
        /// The endpoint that needs the token.
        endpoint: String,
        /// Where the token was asked for: scheme, host and path.
        token_endpoint: String,
        /// The status of the answer.
        status: u16,
        /// The code of RFC 6749 section 5.2.
        error: OAuthError,
    },
    /// The token endpoint cannot give a token at the moment.
    #[error("endpoint `{endpoint}`: its token endpoint {token_endpoint} {reason}")]
    Unavailable {
        /// The endpoint that needs the token.
        endpoint: String,
        /// Where the token was asked for.
        token_endpoint: String,
        /// What happened.
        reason: String,
    },
    /// The new refresh token could not be kept, so that the next start would not have it.
    #[error("endpoint `{endpoint}`: the refresh token that its server answered cannot be kept: {reason}")]
    NotKept {
        /// The endpoint that needs the token.
        endpoint: String,
        /// Why.
        reason: String,
    },
    /// A key or certificate cannot be used.
    #[error("the {what} cannot be used: {reason}")]
    Key {
        /// Which.
        what: &'static str,
        /// Why, and what to do.
        reason: &'static str,
    },
    /// A certificate's file cannot be read.
    #[error("the certificate {} cannot be read: {reason}", .path.display())]
    Certificate {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// A secret cannot travel in a header.
    #[error("the secret for the header `{0}` holds a line break or a character beyond ASCII: set it anew without")]
    Header(String),
}

impl CredentialError {
    /// Whether trying again changes nothing before somebody changed the credential.
    pub fn is_refused(&self) -> bool {
        matches!(self, Self::Refused { .. })
    }
}
