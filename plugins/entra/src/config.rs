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
    /// Whether an account is restored, where a deleted one of the same person is there still.
    pub restore_deleted: bool,
    /// Whether a deleted object is removed for good at once.
    pub purge: bool,
    /// Whether licences are entitlements.
    pub licences: bool,
    /// Licences of which some plans are left out.
    pub licence_variants: Vec<LicenceVariant>,
    /// Whether directory roles are entitlements.
    pub directory_roles: bool,
    /// Display names of the enterprise applications whose roles are entitlements.
    pub app_roles: Vec<String>,
    /// The application (client) id that the credential belongs to, for `check`.
    pub application_id: Option<String>,
}

/// A licence with some of its plans.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LicenceVariant {
    /// Its name, which is the end of its id.
    pub name: String,
    /// The part number or the id of the SKU.
    pub sku: String,
    /// The names or ids of the plans that are left out.
    pub without: Vec<String>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            consistency_lag_ms: 60_000,
            revoke_sessions: true,
            restore_deleted: true,
            purge: false,
            licences: false,
            licence_variants: Vec::new(),
            directory_roles: false,
            app_roles: Vec::new(),
            application_id: None,
        }
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
            },
            "restore_deleted": {
                "type": "boolean", "default": true,
                "description": "Restore a deleted account of the same employeeId (or, where one has none, of the same userPrincipalName) instead of making another one. Microsoft keeps it for 30 days."
            },
            "purge": {
                "type": "boolean", "default": false,
                "description": "Remove deleted objects for good at once. They cannot be restored."
            },
            "licences": {
                "type": "boolean", "default": false,
                "description": "Licences are entitlements (class licence)."
            },
            "licence_variants": {
                "type": "array", "default": [],
                "description": "Licences of which some service plans are left out; each is an entitlement of its own.",
                "items": {
                    "type": "object", "additionalProperties": false, "required": ["name", "sku", "without"],
                    "properties": {
                        "name": {"type": "string", "minLength": 1, "description": "How it is called, such as E3 without Teams."},
                        "sku": {"type": "string", "minLength": 1, "description": "The part number, such as SPE_E3, or the id of the SKU."},
                        "without": {
                            "type": "array", "items": {"type": "string"}, "minItems": 1,
                            "description": "Names, such as TEAMS1, or ids of the service plans that are left out."
                        }
                    }
                }
            },
            "directory_roles": {
                "type": "boolean", "default": false,
                "description": "Directory roles, assigned for the whole tenant, are entitlements (class directory-role)."
            },
            "app_roles": {
                "type": "array", "items": {"type": "string", "minLength": 1}, "default": [],
                "description": "Display names of the enterprise applications whose app roles are entitlements (class app-role)."
            },
            "application_id": {
                "type": ["string", "null"], "default": null,
                "description": "Application (client) ID of the credential's own app registration: with it and Application.Read.All the check names every permission that is missing, those for writing too."
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
