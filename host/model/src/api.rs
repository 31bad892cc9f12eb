//! How the API is served: its certificate, and how much callers may ask.

use std::path::PathBuf;
use std::time::Duration;

/// All of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ApiRules {
    /// What it is served over TLS with; plainly where there is none.
    pub tls: Option<TlsFiles>,
    /// How much callers may ask.
    pub limits: ApiLimits,
}

/// A certificate and its key, as files that may be replaced at any time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate and those above it, in PEM.
    pub certificate: PathBuf,
    /// Its private key, in PEM.
    pub key: PathBuf,
}

/// So many in a stretch of time. Who asked for nothing for so long may ask for all of them at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// How many; at least one.
    pub calls: u32,
    /// In which time; more than nothing.
    pub per: Duration,
}

/// How much callers may ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ApiLimits {
    /// Requests with one token.
    pub requests: Quota,
    /// Requests of one SCIM client.
    pub scim_requests: Quota,
    /// Requests without a good token, from one address.
    pub wrong_tokens: Quota,
    /// Requests at the same time, all in all.
    pub concurrent_requests: u32,
    /// Requests at the same time with one token.
    pub concurrent_requests_per_token: u32,
    /// Who follows events at the same time, all in all.
    pub streams: u32,
    /// Who follows events at the same time with one token.
    pub streams_per_token: u32,
    /// Connections at the same time; further ones wait.
    pub connections: u32,
}

impl Default for ApiLimits {
    fn default() -> Self {
        let quota = |calls, seconds| Quota { calls, per: Duration::from_secs(seconds) };
        Self {
            requests: quota(2_000, 10),
            scim_requests: quota(20_000, 10),
            wrong_tokens: quota(60, 60),
            concurrent_requests: 512,
            concurrent_requests_per_token: 128,
            streams: 2_000,
            streams_per_token: 1_000,
            connections: 8_192,
        }
    }
}
