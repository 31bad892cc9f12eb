//! So many at the same time: all in all, and for each key.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Why there is no place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Full {
    /// All are taken.
    All,
    /// This one has as many as one may have.
    Own,
}

/// Places that are taken for a while. Only those who have one are kept.
#[derive(Debug)]
pub(crate) struct Places<K> {
    most: u64,
    most_each: u64,
    taken: Mutex<Taken<K>>,
}

#[derive(Debug)]
struct Taken<K> {
    all: u64,
    by: HashMap<K, u64>,
}

/// A place; it is given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Place<K: Hash + Eq> {
    places: Arc<Places<K>>,
    key: K,
}

impl<K: Hash + Eq + Clone> Places<K> {
    pub(crate) fn new(most: u32, most_each: u32) -> Self {
        let taken = Mutex::new(Taken { all: 0, by: HashMap::new() });
        Self { most: most.into(), most_each: most_each.into(), taken }
    }

    /// Takes a place.
    pub(crate) fn enter(self: &Arc<Self>, key: &K) -> Result<Place<K>, Full> {
        let mut taken = self.lock();
        if taken.by.get(key).is_some_and(|own| *own >= self.most_each) {
            return Err(Full::Own);
        }
        if taken.all >= self.most {
            return Err(Full::All);
        }
        taken.all += 1;
        *taken.by.entry(key.clone()).or_default() += 1;
        Ok(Place { places: self.clone(), key: key.clone() })
    }

    /// How many are taken.
    pub(crate) fn taken(&self) -> u64 {
        self.lock().all
    }
}

impl<K> Places<K> {
    fn lock(&self) -> MutexGuard<'_, Taken<K>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Hash + Eq> Drop for Place<K> {
    fn drop(&mut self) {
        let mut taken = self.places.lock();
        taken.all -= 1;
        if let Some(own) = taken.by.get_mut(&self.key) {
            *own -= 1;
            if *own == 0 {
                taken.by.remove(&self.key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_there_again_once_it_is_given_back() {
        let places = Arc::new(Places::new(3, 2));
        let held: Vec<_> = (0..2).map(|_| places.enter(&"one").unwrap()).collect();
        assert_eq!(places.enter(&"one").unwrap_err(), Full::Own);
        let other = places.enter(&"other").unwrap();
        assert_eq!(places.enter(&"third").unwrap_err(), Full::All);
        drop(other);
        assert_eq!(places.taken(), 2);
        drop(held);
        assert_eq!(places.taken(), 0);
        assert!(places.lock().by.is_empty(), "nothing is kept of who left");
        assert!(places.enter(&"one").is_ok());
    }
}
