//! How often somebody may try to sign in with what is no token.

use jiff::{SignedDuration, Timestamp};
use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

/// More failed tries in [`WITHIN`] are not looked at.
const MOST: usize = 20;
const WITHIN: SignedDuration = SignedDuration::from_mins(1);

/// The failed tries of the last minute, by whomever: behind a proxy all come from the same address.
#[derive(Default)]
pub(super) struct Tries(Mutex<VecDeque<Timestamp>>);

impl Tries {
    /// Whether another try is looked at, or in how many seconds.
    pub(super) fn permit(&self, now: Timestamp) -> Result<(), i64> {
        let mut failed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        while failed.front().is_some_and(|first| now.duration_since(*first) >= WITHIN) {
            failed.pop_front();
        }
        match failed.front() {
            Some(first) if failed.len() >= MOST => Err((WITHIN - now.duration_since(*first)).as_secs().max(1)),
            _ => Ok(()),
        }
    }

    /// A try failed.
    pub(super) fn failed(&self, now: Timestamp) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push_back(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_many_failures_one_waits_and_then_may_try_again() {
        let (tries, at) = (Tries::default(), |second| Timestamp::from_second(second).unwrap());
        for _ in 0..MOST {
            assert_eq!(tries.permit(at(100)), Ok(()));
            tries.failed(at(100));
        }
        assert_eq!(tries.permit(at(110)), Err(50));
        assert_eq!(tries.permit(at(160)), Ok(()));
    }
}
