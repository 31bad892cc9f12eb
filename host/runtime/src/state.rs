//! Small values that connectors keep from call to call.

use async_trait::async_trait;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// Largest value in bytes.
pub const MAX_VALUE_BYTES: usize = 64 << 10;
/// Longest key in bytes.
pub const MAX_KEY_BYTES: usize = 256;
/// Most bytes of keys and values that one source or target keeps.
pub const MAX_TOTAL_BYTES: usize = 1 << 20;

/// A value was not kept, or could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StateError {
    /// Too much for one source or target.
    #[error("the state may hold at most {MAX_TOTAL_BYTES} bytes; delete a key first")]
    Full,
    /// The store behind it failed.
    #[error("the state cannot be reached: {0}")]
    Unavailable(String),
}

/// Keeps values by subject (a source or target) and key. The runtime has checked the size of key and value before it calls.
#[async_trait]
pub trait GuestState: Send + Sync {
    /// Reads a value.
    async fn get(&self, subject: &str, key: &str) -> Result<Option<Vec<u8>>, StateError>;

    /// Writes a value; [`StateError::Full`] where the subject would then hold more than [`MAX_TOTAL_BYTES`].
    async fn set(&self, subject: &str, key: &str, value: Vec<u8>) -> Result<(), StateError>;

    /// Removes a value; one that is not there is removed already.
    async fn delete(&self, subject: &str, key: &str) -> Result<(), StateError>;
}

/// State that lives as long as the process.
#[derive(Debug, Default)]
pub struct InMemoryState {
    subjects: Mutex<BTreeMap<String, BTreeMap<String, Vec<u8>>>>,
}

impl InMemoryState {
    fn with<R>(&self, subject: &str, act: impl FnOnce(&mut BTreeMap<String, Vec<u8>>) -> R) -> R {
        let mut subjects = self.subjects.lock().unwrap_or_else(PoisonError::into_inner);
        act(subjects.entry(subject.to_owned()).or_default())
    }
}

#[async_trait]
impl GuestState for InMemoryState {
    async fn get(&self, subject: &str, key: &str) -> Result<Option<Vec<u8>>, StateError> {
        Ok(self.with(subject, |values| values.get(key).cloned()))
    }

    async fn set(&self, subject: &str, key: &str, value: Vec<u8>) -> Result<(), StateError> {
        self.with(subject, |values| {
            let others: usize = values.iter().filter(|(other, _)| *other != key).map(|(k, v)| k.len() + v.len()).sum();
            if others + key.len() + value.len() > MAX_TOTAL_BYTES {
                return Err(StateError::Full);
            }
            values.insert(key.to_owned(), value);
            Ok(())
        })
    }

    async fn delete(&self, subject: &str, key: &str) -> Result<(), StateError> {
        self.with(subject, |values| values.remove(key));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn subjects_do_not_see_each_other() {
        let state = InMemoryState::default();
        state.set("target a", "k", b"1".to_vec()).await.unwrap();
        assert_eq!(state.get("target b", "k").await.unwrap(), None);
        assert_eq!(state.get("target a", "k").await.unwrap(), Some(b"1".to_vec()));
        state.delete("target a", "k").await.unwrap();
        assert_eq!(state.get("target a", "k").await.unwrap(), None);
    }

    #[tokio::test]
    async fn a_full_state_still_lets_a_value_be_replaced() {
        let state = InMemoryState::default();
        let value = vec![0; MAX_VALUE_BYTES];
        let mut kept = 0;
        while state.set("s", &format!("{kept:02}"), value.clone()).await.is_ok() {
            kept += 1;
        }
        assert_eq!(kept, MAX_TOTAL_BYTES / (MAX_VALUE_BYTES + 2));
        assert_eq!(state.set("s", "00", value).await, Ok(()));
        assert_eq!(state.set("s", "more", vec![0; MAX_VALUE_BYTES]).await, Err(StateError::Full));
    }
}
