//! Where the addresses of a name come from.

use async_trait::async_trait;
use core::net::IpAddr;
use std::fmt::Debug;
use std::io;

/// Finds the addresses of names. What it answers is not trusted: [`super::Dialling`] decides which of them are dialled.
#[async_trait]
pub trait Names: Debug + Send + Sync {
    /// All addresses of a name.
    ///
    /// # Errors
    /// The name has none, or nobody can be asked.
    async fn lookup(&self, name: &str) -> io::Result<Vec<IpAddr>>;
}

/// As the operating system finds them.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemNames;

#[async_trait]
impl Names for SystemNames {
    async fn lookup(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        // The port is of no interest to the name server.
        let answers = tokio::net::lookup_host((name, 0)).await?;
        Ok(answers.map(|answer| answer.ip()).collect())
    }
}
