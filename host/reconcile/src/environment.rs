//! What the engine takes from outside: time, randomness, and somebody who watches.

use jiff::Timestamp;

/// The time.
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> Timestamp;
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
