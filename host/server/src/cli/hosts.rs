//! The commands about hosts: to be one, to sign in at one, and what one starts.

use clap::Args;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::PathBuf;

/// `login` and `logout`
#[derive(Debug, Args)]
pub struct OneServer {
    /// The host, such as `https://purser.example.org`
    pub url: String,
}

/// `completions`
#[derive(Debug, Args)]
pub struct Completions {
    /// The shell
    pub shell: clap_complete::Shell,
}

/// `compile-component`
#[derive(Debug, Args)]
pub struct CompileComponent {
    /// Bytes of address space
    pub address_space: u64,
    /// Seconds of processor time
    pub cpu_seconds: u64,
}

/// `serve`
#[derive(Debug, Args)]
pub struct Serve {
    /// Where the HTTP API listens; port 0 takes a free one
    #[arg(long, default_value = "127.0.0.1:7878")]
    pub listen: SocketAddr,
    /// Serve over TLS with the certificate in this PEM file, and those above it; goes before the declarations
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub tls_certificate: Option<PathBuf>,
    /// The certificate's private key, in PEM
    #[arg(long, value_name = "FILE", requires = "tls_certificate")]
    pub tls_key: Option<PathBuf>,
    /// Listen beyond this machine without TLS, since a proxy before it speaks TLS on a network that you trust
    #[arg(long)]
    pub without_tls: bool,
    /// Read every source without a declared schedule after so many seconds, and at the start; 0 never does
    #[arg(long, value_name = "SECONDS", default_value_t = 300)]
    pub import_every: u64,
    /// Reconcile every target without a declared schedule after so many seconds; 0 never does
    #[arg(long, value_name = "SECONDS", default_value_t = 21_600)]
    pub reconcile_every: u64,
    /// When told to stop, give what is under way so many seconds to end; what has not ended is observed at the next start
    #[arg(long, value_name = "SECONDS", default_value_t = 20)]
    pub stop_within: u64,
    /// Make a backup in `data/backups` after so many seconds; 0 never does
    #[arg(long, value_name = "SECONDS", default_value_t = 0)]
    pub backup_every: u64,
    /// So many backups stay in `data/backups`, the newest
    #[arg(long, value_name = "N", default_value = "7")]
    pub backups_kept: NonZeroU32,
}
