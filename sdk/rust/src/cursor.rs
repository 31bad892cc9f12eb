//! Typed cursors: what a listing needs to go on, as the opaque text that the host keeps.

use crate::error::Error;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Writes a cursor.
///
/// # Errors
/// `defect`: the type cannot be written as JSON (a map with keys that are no text).
pub fn encode<T: Serialize>(cursor: &T) -> Result<String, Error> {
    serde_json::to_string(cursor).map_err(|error| Error::defect(format!("a cursor cannot be written: {error}")))
}

/// Reads a cursor that [`encode`] wrote.
///
/// # Errors
/// `cursor-expired`: another version of the connector wrote it.
pub fn decode<T: DeserializeOwned>(cursor: &str) -> Result<T, Error> {
    serde_json::from_str(cursor).map_err(|error| {
        Error::cursor_expired(format!("the cursor was not written by this version of the connector: {error}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorClass;

    #[test]
    fn a_cursor_of_another_shape_is_expired() {
        let text = encode(&("people", 7_u64)).unwrap();
        assert_eq!(decode::<(String, u64)>(&text).unwrap(), ("people".to_owned(), 7));
        assert_eq!(decode::<u64>(&text).unwrap_err().class, ErrorClass::CursorExpired);
    }
}
