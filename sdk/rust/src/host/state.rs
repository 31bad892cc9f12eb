//! Small values that stay from call to call. A connector must work without them: they may be gone at any time.

use crate::host::{Host, dispatch};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The host keeps no more: the text names the limit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the host keeps no more state for this target: {0}")]
pub struct StateFull(pub String);

/// The state kept for this source or target.
pub struct State<'h> {
    host: &'h Host,
}

impl Host {
    /// The state kept for this source or target.
    pub fn state(&self) -> State<'_> {
        State { host: self }
    }
}

impl State<'_> {
    /// Reads a value.
    pub fn get(&self, key: &str) -> Option<Vec<u8>> {
        dispatch!(self.host, state_get(key))
    }

    /// Writes a value.
    ///
    /// # Errors
    /// A limit of the host would be exceeded.
    pub fn set(&self, key: &str, value: &[u8]) -> Result<(), StateFull> {
        dispatch!(self.host, state_set(key, value)).map_err(StateFull)
    }

    /// Removes a value.
    pub fn delete(&self, key: &str) {
        dispatch!(self.host, state_delete(key));
    }

    /// Reads a value that [`State::set_json`] wrote; one of another shape is as good as none.
    pub fn get_json<T: DeserializeOwned>(&self, key: &str) -> Option<T> {
        serde_json::from_slice(&self.get(key)?).ok()
    }

    /// Writes a value as JSON.
    ///
    /// # Errors
    /// A limit of the host would be exceeded, or the value cannot be written as JSON.
    pub fn set_json<T: Serialize>(&self, key: &str, value: &T) -> Result<(), StateFull> {
        let text = serde_json::to_vec(value).map_err(|error| StateFull(error.to_string()))?;
        self.set(key, &text)
    }
}
