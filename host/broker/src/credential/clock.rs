//! The time, as a parameter.

use std::fmt::Debug;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Says the time since 1970.
pub(super) trait Clock: Debug + Send + Sync {
    fn now(&self) -> Duration;
}

/// The machine's clock.
#[derive(Debug)]
pub(super) struct MachineClock;

impl Clock for MachineClock {
    #[expect(clippy::disallowed_methods, reason = "this is where time enters the tokens of a host")]
    fn now(&self) -> Duration {
        SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
    }
}
