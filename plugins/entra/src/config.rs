//! The configuration.

use purser_sdk::serde_json::{Value, json};
use serde::Deserialize;

/// The configuration of one tenant. Every key has a default.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// For how long after a write a read may still show the former state, in milliseconds.
    pub consistency_lag_ms: u32,
    /// Whether the sessions of an account are revoked when it is disabled.
    pub revoke_sessions: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self { consistency_lag_ms: 60_000, revoke_sessions: true }
    }
}

/// JSON Schema (2020-12) of [`Config`].
pub fn config_schema() -> Value {
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "additionalProperties": false,
        "properties": {
            "consistency_lag_ms": {
                "type": "integer", "minimum": 0, "maximum": u32::MAX, "default": 60_000,
                "description": "For how long after a write a read may still show the former state, in milliseconds."
            },
            "revoke_sessions": {
                "type": "boolean", "default": true,
                "description": "Revoke the sessions of an account when it is disabled, so that nobody goes on with an old token."
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use purser_sdk::serde_json::from_value;

    #[test]
    fn the_defaults_of_the_schema_are_those_of_the_type() {
        let schema = config_schema();
        let properties = schema["properties"].as_object().unwrap().iter();
        let defaults = properties.map(|(name, property)| (name.clone(), property["default"].clone())).collect();
        assert_eq!(from_value::<Config>(Value::Object(defaults)).unwrap(), Config::default());
    }
}
