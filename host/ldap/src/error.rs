//! Why a directory did not do what was asked.

use crate::filter::FilterError;
use std::path::PathBuf;

/// Why an operation failed. What it says about the end of the operation is certain.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LdapError {
    /// The request itself is wrong, or must not be sent like this. Nothing was sent.
    #[error("not sent: {0}")]
    Denied(String),
    /// Name resolution, connection or TLS failed. Nothing was done.
    #[error("cannot be reached: {0}")]
    Unreachable(String),
    /// The server refused the bind, now or not long ago. Nothing was done.
    #[error("the bind was refused with {code}: {text}")]
    BindRefused {
        /// The result code.
        code: u32,
        /// What the server says, and when it is tried again.
        text: String,
    },
    /// It was sent, and no answer came.
    #[error("sent, and no whole answer came: {0}")]
    Interrupted(String),
    /// The session that the cookie belongs to is gone.
    #[error("the session of this cookie is gone: start the search again")]
    CursorLost,
    /// The answer is larger than allowed; a write may have been done.
    #[error("the answer is too large: {0}")]
    TooLarge(String),
    /// The server answered with another code than success.
    #[error("the server answered {code}: {text}")]
    Server {
        /// The result code.
        code: u32,
        /// The diagnostic text; for a referral, the URLs.
        text: String,
    },
}

impl From<FilterError> for LdapError {
    fn from(error: FilterError) -> Self {
        Self::Denied(error.to_string())
    }
}

/// A directory cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// A certificate file cannot be read.
    #[error("cannot read the certificates in {}: {reason}", .path.display())]
    Certificates {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// The private key cannot be used.
    #[error("the private key of the client certificate cannot be used: {0}; write it in PEM")]
    Key(String),
    /// TLS cannot be set up.
    #[error("TLS cannot be set up: {0}. On Debian, install the package `ca-certificates`")]
    Tls(String),
    /// A password would go over the wire in clear.
    #[error("a bind with a password needs TLS: write ldaps:// or switch on StartTLS")]
    PasswordInClear,
    /// A client certificate without TLS proves nothing.
    #[error("a client certificate needs TLS: write ldaps:// or switch on StartTLS")]
    CertificateInClear,
    /// The host is neither a name nor an address.
    #[error("`{0}` is neither a host name nor an address")]
    Host(String),
}
