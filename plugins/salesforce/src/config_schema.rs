//! The JSON Schema of the configuration, as the manifest shows it to operators.

use purser_sdk::serde_json::{Value, json};

/// JSON Schema (2020-12) of [`crate::config::Config`].
pub fn config_schema() -> Value {
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "additionalProperties": false,
        "properties": {
            "api_version": {"type": "string", "default": "62.0", "description": "The version of the REST API, 60.0 or later."},
            "profile": {"type": "string", "default": "Minimum Access - Salesforce",
                "description": "The name of the profile that new users get where neither a mapping of ProfileId nor a granted Profile says it. It decides the user licence."},
            "disable": {"enum": ["deactivate", "freeze"], "default": "deactivate",
                "description": "deactivate: IsActive becomes false and the licence is free again; freeze: the log-in is frozen and the licence stays used."},
            "freeze_when_refused": {"type": "boolean", "default": true,
                "description": "A user that cannot be deactivated, such as the default owner of leads, is frozen, and a person is asked to go on."},
            "defaults": {"type": "object", "additionalProperties": {"type": "string"}, "default": {},
                "description": "Fields that new users get where no mapping says them. Without it TimeZoneSidKey, LocaleSidKey and LanguageLocaleKey are the organisation's, and EmailEncodingKey is UTF-8."},
            "extra_fields": {"type": "array", "items": {"type": "string"}, "default": [],
                "description": "Further text fields of the user that are read and written, such as Cost_Center__c."},
            "user_types": {"type": "array", "items": {"type": "string"}, "minItems": 1, "default": ["Standard"],
                "description": "Which users are seen, by UserType: the system's own users are of other types."}
        }
    })
}
