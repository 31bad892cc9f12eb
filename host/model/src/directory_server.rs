//! The LDAP directory that a connector may reach, as it is declared.

use crate::configuration::SecretReference;
use crate::egress::AddressGrant;
use std::path::PathBuf;
use std::time::Duration;

/// How the connection to a directory is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DirectorySecurity {
    /// TLS from the first byte (`ldaps`).
    Tls,
    /// TLS after StartTLS.
    StartTls,
    /// None.
    Plain,
}

/// As whom the host binds to a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DirectoryBind {
    /// Nobody.
    Anonymous,
    /// A name and its password.
    Simple {
        /// A DN, or what else the server takes as a name.
        name: String,
        /// The password.
        password: SecretReference,
    },
    /// The subject of a client certificate (SASL EXTERNAL).
    External {
        /// The certificate with its chain, in PEM.
        certificate: PathBuf,
        /// Its private key, in PEM.
        key: SecretReference,
    },
}

impl DirectoryBind {
    /// Where its secret is read from.
    pub fn secret(&self) -> Option<&SecretReference> {
        match self {
            Self::Anonymous => None,
            Self::Simple { password: secret, .. } | Self::External { key: secret, .. } => Some(secret),
        }
    }
}

/// The LDAP directory that a connector may reach.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirectoryServerGrant {
    /// Host name or address.
    pub host: String,
    /// Port.
    pub port: u16,
    /// How the connection is protected.
    pub security: DirectorySecurity,
    /// As whom the host binds.
    pub bind: DirectoryBind,
    /// The authorities that may have signed the server's certificate, in PEM; none takes the system's.
    pub authorities: Option<PathBuf>,
    /// Addresses that are not public and may be dialled.
    pub addresses: Vec<AddressGrant>,
    /// Longest wait for an answer.
    pub timeout: Duration,
    /// Largest answer to one search in bytes.
    pub max_answer_bytes: u64,
    /// Most sessions at once.
    pub sessions: u32,
}
