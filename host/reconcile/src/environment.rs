//! What the engine takes from outside: time, randomness, and somebody who watches.

use async_trait::async_trait;
use jiff::Timestamp;
use std::time::Duration;

/// The time.
#[async_trait]
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> Timestamp;

    /// Time that only grows, from any beginning. A host overrides it with a clock that nobody can set.
    fn uptime(&self) -> Duration {
        Duration::try_from(self.now().duration_since(Timestamp::UNIX_EPOCH)).unwrap_or_default()
    }

    /// Lets time pass.
    async fn sleep(&self, wait: Duration) {
        tokio::time::sleep(wait).await;
    }
}

/// Randomness that spreads retries.
pub trait Jitter: Send + Sync {
    /// A number from 0 to 1.
    fn fraction(&self) -> f64;
}

/// Somebody who watches long work.
pub trait Progress: Send + Sync {
    /// So many more of `what` are done.
    fn advance(&self, what: &str, count: u64);
}

/// Nobody watches.
pub struct NoProgress;

impl Progress for NoProgress {
    fn advance(&self, _what: &str, _count: u64) {}
}
