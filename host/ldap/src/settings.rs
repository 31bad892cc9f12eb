//! How a directory is reached.

use purser_model::secret::Secret;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

/// How the connection is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Security {
    /// TLS from the first byte (`ldaps`).
    Tls,
    /// TLS after the extended operation StartTLS.
    StartTls,
    /// None.
    Plain,
}

/// As whom the host binds.
#[derive(Debug, Clone)]
pub enum Bind {
    /// Nobody.
    Anonymous,
    /// A name and its password.
    Simple {
        /// A DN; Active Directory also takes `user@domain` and `DOMAIN\user`.
        name: String,
        /// The password; only ever sent over TLS.
        password: Secret,
    },
    /// The subject of a client certificate (SASL EXTERNAL).
    External {
        /// The certificate with its chain, in PEM.
        certificate: PathBuf,
        /// Its private key, in PEM.
        key: Secret,
    },
}

/// Where a directory is, and what its use may cost.
#[derive(Debug, Clone)]
pub struct DirectorySettings {
    /// Host name or address.
    pub host: String,
    /// Port.
    pub port: u16,
    /// How the connection is protected.
    pub security: Security,
    /// As whom the host binds.
    pub bind: Bind,
    /// The authorities that may have signed the server's certificate, in PEM; none takes the system's.
    pub authorities: Option<PathBuf>,
    /// Longest wait for an answer, and for a connection with its bind.
    pub timeout: Duration,
    /// Largest answer to one search in bytes.
    pub max_answer_bytes: u64,
    /// Most entries in the answer to one search.
    pub max_entries: u32,
    /// Most sessions in use at once, and most that are kept for further pages.
    pub sessions: u32,
    /// For how long a session waits for the next page.
    pub page_idle: Duration,
    /// For how long nothing is tried after a refused bind.
    pub bind_back_off: Duration,
}

impl DirectorySettings {
    /// A directory behind TLS, bound to as nobody, with the defaults: 30 seconds, 16 MiB and 20,000 entries for an answer,
    /// four sessions, ten minutes between pages, five minutes after a refused bind.
    pub fn new(host: impl Into<String>, port: u16) -> Self {
        Self {
            host: host.into(),
            port,
            security: Security::Tls,
            bind: Bind::Anonymous,
            authorities: None,
            timeout: Duration::from_secs(30),
            max_answer_bytes: 16 << 20,
            max_entries: 20_000,
            sessions: 4,
            page_idle: Duration::from_mins(10),
            bind_back_off: Duration::from_mins(5),
        }
    }
}

/// An address must not be dialled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct AddressRefused(
    /// Why, and what to grant.
    pub String,
);

/// Says which addresses may be dialled. It sees the address that is really dialled, after name resolution.
pub trait AddressPolicy: Send + Sync {
    /// Lets the address pass.
    ///
    /// # Errors
    /// It must not be dialled for this host.
    fn check(&self, host: &str, address: IpAddr, port: u16) -> Result<(), AddressRefused>;
}
