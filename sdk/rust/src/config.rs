//! Typed configuration: errors name the place in the JSON.

use crate::error::Error;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Reads the configuration as the connector's type.
///
/// # Errors
/// `invalid-config` that names the JSON path, such as `classes.person.format`.
pub fn parse<T: DeserializeOwned>(text: &str) -> Result<T, Error> {
    serde_path_to_error::deserialize(&mut serde_json::Deserializer::from_str(text)).map_err(describe)
}

/// Reads an already parsed configuration as the connector's type; errors as [`parse`].
#[cfg(not(target_family = "wasm"))]
pub fn from_value<T: DeserializeOwned>(value: Value) -> Result<T, Error> {
    serde_path_to_error::deserialize(value).map_err(describe)
}

/// Reads a configuration without a type; for `upgrade-config`.
pub fn parse_value(text: &str) -> Result<Value, Error> {
    serde_json::from_str(text).map_err(|error| Error::invalid_config(format!("the configuration is no JSON: {error}")))
}

fn describe(error: serde_path_to_error::Error<serde_json::Error>) -> Error {
    let path = error.path().to_string();
    let place = if path == "." { String::new() } else { format!(" at `{path}`") };
    Error::invalid_config(format!("the configuration does not fit{place}: {}", error.into_inner()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorClass;
    use serde::Deserialize;
    use std::collections::BTreeMap;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct File {
        #[expect(dead_code, reason = "only its reading is tested")]
        lines: u32,
    }

    #[test]
    fn an_error_names_the_path() {
        let error = parse::<BTreeMap<String, File>>(r#"{"person": {"lines": "many"}}"#).unwrap_err();
        assert_eq!(error.class, ErrorClass::InvalidConfig);
        assert!(error.message.contains("`person.lines`"), "{}", error.message);
        let unknown = parse::<BTreeMap<String, File>>(r#"{"person": {"lines": 1, "size": 2}}"#).unwrap_err();
        assert!(unknown.message.contains("`size`"), "{}", unknown.message);
    }
}
