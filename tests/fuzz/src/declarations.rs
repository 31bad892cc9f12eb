//! What operators write, and what they copy from somewhere.

use purser_declare::{DeclarationText, load_texts};
use std::path::Path;

/// Any text is read to declarations whose digest is always the same, or to mistakes that name a place.
pub(crate) fn declarations(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let read =
        || load_texts(vec![DeclarationText { path: "a.toml".into(), text: text.to_owned() }], Path::new("/home"));
    match (read(), read()) {
        (Ok(one), Ok(other)) => {
            assert_eq!(one.rules.configuration().digest(), other.rules.configuration().digest());
        }
        (Err(one), Err(other)) => {
            assert!(!one.to_string().is_empty());
            assert_eq!(one.to_string(), other.to_string());
        }
        _ => panic!("the same text is read in two ways"),
    }
}

/// Any expression is compiled, or refused with its place.
pub(crate) fn expression(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let quoted = serde_json::Value::from(text);
    declarations(format!("[role.r]\nrule = {quoted}\n").as_bytes());
}
