//! What is tried again, later each time. Kept in memory for the sake of the back-off: what is waited for is in the store.

use jiff::Timestamp;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Who or what is waited for.
#[derive(Debug)]
pub(crate) struct Waiting<K>(Mutex<BTreeMap<K, Wait>>);

#[derive(Debug, Clone, Copy)]
struct Wait {
    tries: u32,
    until: Timestamp,
}

impl<K> Default for Waiting<K> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Ord + Clone> Waiting<K> {
    /// Waits for one until a time that follows from how often it was tried, which this adds to where it `was_tried`.
    pub(crate) fn note(&self, key: &K, was_tried: bool, until: impl FnOnce(u32) -> Timestamp) -> Timestamp {
        let mut waiting = self.waiting();
        let before = waiting.get(key).map_or(0, |known| known.tries);
        let tries = before.saturating_add(u32::from(was_tried)).max(1);
        let until = until(tries);
        waiting.insert(key.clone(), Wait { tries, until });
        until
    }

    pub(crate) fn forget(&self, key: &K) {
        self.waiting().remove(key);
    }

    /// Whether one is waited for that is not to be tried yet.
    pub(crate) fn is_early(&self, key: &K, now: Timestamp) -> bool {
        self.waiting().get(key).is_some_and(|known| now < known.until)
    }

    /// Which are to be tried now.
    pub(crate) fn due(&self, now: Timestamp) -> Vec<K> {
        self.waiting().iter().filter(|(_, one)| one.until <= now).map(|(key, _)| key.clone()).collect()
    }

    /// How many are waited for, and when the first of them is to be tried.
    pub(crate) fn count_and_next(&self) -> (u64, Option<Timestamp>) {
        let waiting = self.waiting();
        (waiting.len() as u64, waiting.values().map(|one| one.until).min())
    }

    fn waiting(&self) -> MutexGuard<'_, BTreeMap<K, Wait>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
