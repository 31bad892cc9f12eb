//! What connectors answer: the JSON of an object, whose digest says whether it changed.

use purser_model::object::{Digest, Object};

/// The attributes are read, or refused; what was read and written again is read again, to the same names. Numbers of many
/// digits beyond 10^22 may move by their last one.
pub(crate) fn object(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let object = |attributes: &str| Object {
        id: "1".into(),
        secondary_ids: Vec::new(),
        version: None,
        active: None,
        attributes: attributes.to_owned(),
    };
    assert_eq!(Digest::of(text), Digest::of(text));
    if let Ok(attributes) = object(text).parse_attributes() {
        let written = serde_json::Value::Object(attributes.clone()).to_string();
        let again = object(&written).parse_attributes().expect("what was written can be read");
        assert!(again.keys().eq(attributes.keys()), "{written}");
    }
}
