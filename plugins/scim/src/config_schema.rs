//! The JSON Schema of the configuration, as the manifest shows it to operators.

use crate::profile::Profile;
use purser_sdk::serde_json::{Value, json};

/// JSON Schema (2020-12) of [`crate::config::Config`].
pub fn config_schema() -> Value {
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "additionalProperties": false,
        "properties": {
            "profile": {
                "type": ["string", "null"], "enum": profiles(), "default": null,
                "description": "Which server it is. It gives the other keys their defaults; a key that is set overrules it."
            },
            "discovery": choice("auto", &["auto", "off"],
                "auto reads /ServiceProviderConfig, which it keeps for an hour, /Schemas and /ResourceTypes; off reads none of them."),
            "update_mode": choice("auto", &["auto", "patch", "put", "put-users"],
                "How objects are changed. auto: PATCH unless the server announces or shows that it has none; put: GET, then PUT of the whole object; \
                 put-users: users by PUT and their `active`, as groups, by PATCH (servers made for Okta)."),
            "patch_style": choice("path", &["path", "no-path"],
                "path: one operation with a path for each attribute; no-path: one operation whose value holds all attributes (servers made for Okta)."),
            "op_case": choice("lower", &["lower", "capitalized"],
                "How PATCH operations are spelt: add, or Add for servers made for older Microsoft Entra clients."),
            "bool_as_string": flag(false, "Send the booleans of a PATCH as \"True\" and \"False\" (servers made for older Microsoft Entra clients)."),
            "member_removal": choice("path-filter", &["path-filter", "value-array"],
                "path-filter: members[value eq \"7\"], as RFC 7644 has it; value-array: the values stand in the operation. \
                 A server that keeps to the RFC may take value-array as removing every member."),
            "members_slice": count(100, "Most member changes in one PATCH (AWS IAM Identity Center: 100)."),
            "disable_mode": choice("active", &["active", "delete"],
                "active: a disabled account gets active = false; delete: it is deleted (servers without disabled accounts)."),
            "delete_semantics": choice("hard", &["hard", "soft", "deactivates"],
                "What DELETE does in this server: gone at once, restorable for some time, or only disabled (Slack, Atlassian)."),
            "group_create_empty": flag(false, "Make groups without members and add the members afterwards."),
            "group_external_id": flag(false, "Give a group that is made without externalId its name as one (GitHub)."),
            "supports_lastmodified": flag(false,
                "The server filters by meta.lastModified: changed objects are read alone. Deletions are still seen by full reconciliation only."),
            "page_mode": choice("auto", &["auto", "index", "cursor"],
                "How lists are paged: by startIndex, or by cursor (RFC 9865). auto: by cursor where the server announces it."),
            "max_count": limit("Most objects asked for at once; without it what the server announces (AWS IAM Identity Center: 50)."),
            "filter": choice("auto", &["auto", "all", "eq", "single-eq", "none"],
                "Which filters the server understands; the rest is checked by the connector. auto: all, unless the server announces that it has none."),
            "filter_attributes": {
                "type": "array", "items": {"type": "string"}, "default": [],
                "description": "Attributes that the server filters by; any where none is named. The rest is checked by the connector."
            },
            "etag": choice("auto", &["auto", "on", "off"],
                "Whether the server checks versions (If-Match). auto: as it announces."),
            "bulk": choice("auto", &["auto", "on", "off"],
                "Whether independent edits are sent together (RFC 7644 section 3.7). auto: as the server announces."),
            "bulk_max_operations": limit("Most operations in one bulk request; without it what the server announces, or else 100."),
            "bulk_max_payload": limit("Most bytes of one bulk request; without it what the server announces, or else 1 MiB."),
            "bulk_fail_on_errors": limit("After how many failed operations the server stops a bulk request; without it, it goes on to the end."),
            "provider_path": {
                "type": "string", "default": "/ServiceProviderConfig", "pattern": "^/",
                "description": "Where the server says what it can do (Salesforce: /ServiceProviderConfigs)."
            },
            "fixed_groups": flag(false, "Groups can only be filled: they are made and deleted in the application (Salesforce)."),
            "roles": holdable("roles", "Role"),
            "entitlements": holdable("entitlements", "Entitlement"),
            "types": types(),
            "consistency_lag_ms": {
                "type": "integer", "minimum": 0, "maximum": u32::MAX, "default": 0,
                "description": "For how long after a write a read may still show the former state, in milliseconds."
            }
        }
    })
}

fn profiles() -> Vec<Value> {
    let names = Profile::ALL.iter().map(|profile| profile.name().into());
    names.chain([Value::Null]).collect()
}

fn limit(description: &str) -> Value {
    json!({"type": ["integer", "null"], "minimum": 1, "default": null, "description": description})
}

fn types() -> Value {
    json!({
        "type": "object", "default": {},
        "description": "What resource types of the server's own are, by the name that /ResourceTypes gives them.",
        "additionalProperties": {
            "type": "object", "additionalProperties": false,
            "properties": {
                "kind": choice("other", &["account", "entitlement", "other"],
                    "account: belongs to one identity; entitlement: something that users hold; other: neither."),
                "unique": {"type": "string", "default": "displayName", "description": "The attribute that names one."},
                "members": {"type": "string", "default": "members", "description": "Of an entitlement: the attribute that lists the users who hold it."},
                "path": {"type": ["string", "null"], "pattern": "^/", "description": "The path of all its objects, where the server does not list it."},
                "schema": {"type": ["string", "null"], "description": "Its core schema, where the server does not list it."}
            }
        }
    })
}

fn holdable(attribute: &str, class: &str) -> Value {
    json!({
        "type": ["object", "null"], "additionalProperties": false, "default": null,
        "description": format!("Makes the values of `{attribute}` the entitlement class `{class}`, which is granted and revoked. Without it `{attribute}` is an attribute that mappings write."),
        "properties": {
            "listed_at": {
                "type": ["string", "null"], "pattern": "^/",
                "description": format!("The path at which the server lists them, such as /{class}s.")
            },
            "values": {
                "type": "array", "items": {"type": "string"}, "default": [],
                "description": "Those that there are, where the server does not list them."
            },
            "held": choice("many", &["many", "at-most-one", "exactly-one"], "How many a user can have.")
        }
    })
}

fn choice(default: &str, values: &[&str], description: &str) -> Value {
    json!({"type": "string", "enum": values, "default": default, "description": description})
}

fn flag(default: bool, description: &str) -> Value {
    json!({"type": "boolean", "default": default, "description": description})
}

fn count(default: u32, description: &str) -> Value {
    json!({"type": "integer", "minimum": 1, "default": default, "description": description})
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use purser_sdk::serde_json::{Map, from_value};

    #[test]
    fn what_can_be_held_is_read_as_the_schema_shows_it() {
        for held in properties()["roles"]["properties"]["held"]["enum"].as_array().unwrap() {
            let config = json!({"roles": {"listed_at": "/Roles", "values": ["a"], "held": held}});
            assert!(from_value::<Config>(config).is_ok(), "{held}");
        }
    }

    fn properties() -> Map<String, Value> {
        config_schema()["properties"].as_object().unwrap().clone()
    }

    #[test]
    fn the_defaults_of_the_schema_are_those_of_the_type() {
        let defaults = properties().into_iter().map(|(name, schema)| (name, schema["default"].clone())).collect();
        assert_eq!(from_value::<Config>(Value::Object(defaults)).unwrap(), Config::default());
    }

    #[test]
    fn every_value_the_schema_offers_is_read() {
        for (name, schema) in properties() {
            for value in schema["enum"].as_array().into_iter().flatten() {
                let read = from_value::<Config>(json!({name.as_str(): value}));
                assert!(read.is_ok(), "{name} = {value}: {read:?}");
            }
        }
    }
}
