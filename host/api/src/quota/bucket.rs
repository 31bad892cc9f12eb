//! So many in a stretch of time, for each key: the generic cell rate algorithm, which keeps one moment per key.

use jiff::Timestamp;
use purser_model::api::Quota;
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};

const SECOND: i128 = 1_000_000_000;

/// How much of a quota is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Standing {
    /// So many calls may follow at once.
    pub(crate) left: u64,
    /// In so many seconds all of it is there again.
    pub(crate) full_in: u64,
}

/// One quota for each key; of at most so many keys anything is kept.
#[derive(Debug)]
pub(crate) struct Buckets<K> {
    /// In nanoseconds.
    per: i128,
    /// What one call takes of that time.
    cost: i128,
    most: usize,
    /// When each is full again.
    full_at: Mutex<HashMap<K, i128>>,
}

impl<K: Hash + Eq + Clone> Buckets<K> {
    pub(crate) fn new(quota: Quota, most: usize) -> Self {
        let per = i128::try_from(quota.per.as_nanos()).unwrap_or(i128::MAX).max(1);
        Self { per, cost: (per / i128::from(quota.calls.max(1))).max(1), most, full_at: Mutex::default() }
    }

    /// Takes one.
    ///
    /// # Errors
    /// There is none left: in how many seconds there is one, at least 1. Nothing is taken then.
    pub(crate) fn take(&self, key: &K, now: Timestamp) -> Result<Standing, u64> {
        let now = now.as_nanosecond();
        let mut all = self.all();
        let full_at = all.get(key).copied().unwrap_or(now).max(now) + self.cost;
        let over = full_at - now - self.per;
        if over > 0 {
            return Err(seconds(over));
        }
        if !all.contains_key(key) && all.len() >= self.most {
            make_room(&mut all, self.most, now);
        }
        all.insert(key.clone(), full_at);
        let left = u64::try_from(-over / self.cost).unwrap_or_default();
        Ok(Standing { left, full_in: seconds(full_at - now) })
    }

    fn all(&self) -> MutexGuard<'_, HashMap<K, i128>> {
        self.full_at.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whoever asked for nothing lately is as whoever never asked. Where that is not enough, the quarter that asked least goes.
fn make_room<K: Hash + Eq + Clone>(all: &mut HashMap<K, i128>, most: usize, now: i128) {
    all.retain(|_, full_at| *full_at > now);
    if all.len() < most {
        return;
    }
    let mut moments: Vec<i128> = all.values().copied().collect();
    let quarter = moments.len() / 4;
    let (_, limit, _) = moments.select_nth_unstable(quarter);
    let limit = *limit;
    all.retain(|_, full_at| *full_at > limit);
}

fn seconds(nanoseconds: i128) -> u64 {
    u64::try_from((nanoseconds + SECOND - 1) / SECOND).unwrap_or(u64::MAX).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn at(milliseconds: i64) -> Timestamp {
        Timestamp::from_millisecond(milliseconds).unwrap()
    }

    fn buckets(calls: u32, most: usize) -> Buckets<u32> {
        Buckets::new(Quota { calls, per: Duration::from_secs(10) }, most)
    }

    #[test]
    fn so_many_at_once_and_then_as_time_goes_by() {
        let buckets = buckets(5, 10);
        for left in (0..5).rev() {
            assert_eq!(buckets.take(&1, at(0)).unwrap().left, left);
        }
        assert_eq!(buckets.take(&1, at(0)), Err(2));
        assert_eq!(buckets.take(&1, at(1_500)), Err(1));
        assert_eq!(buckets.take(&1, at(2_000)), Ok(Standing { left: 0, full_in: 10 }));
        assert_eq!(buckets.take(&2, at(2_000)).unwrap().left, 4, "each has its own");
        assert_eq!(buckets.take(&1, at(12_000)), Ok(Standing { left: 4, full_in: 2 }));
    }

    #[test]
    fn what_is_kept_is_bounded_and_who_asked_most_is_kept_longest() {
        let buckets = buckets(5, 100);
        for _ in 0..5 {
            buckets.take(&0, at(0)).unwrap();
        }
        for key in 1..10_000 {
            buckets.take(&key, at(0)).unwrap();
            assert!(buckets.all().len() <= 100);
        }
        assert!(buckets.take(&0, at(0)).is_err(), "the one that has used up its quota has not got it back");
        buckets.take(&10_000, at(60_000)).unwrap();
        assert!(buckets.all().len() <= 100);
    }
}
