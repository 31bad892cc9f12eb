//! The JSON Schema of the configuration, which operators see.

use serde_json::{Value, json};

/// The schema (2020-12). [`crate::config::Config`] reads the same shape.
pub fn config_schema() -> Value {
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "required": ["classes"],
        "additionalProperties": false,
        "properties": {
            "classes": {
                "type": "object",
                "description": "The classes of objects, by name; each lies in one file of the directory `data`.",
                "minProperties": 1,
                "additionalProperties": class_schema(),
            },
            "create_missing": {
                "type": "boolean", "default": false,
                "description": "Whether a file that is not there counts as empty and is made by the first write. \
                                Leave it off for sources: a file that vanished then stops the run.",
            },
        },
    })
}

fn class_schema() -> Value {
    json!({
        "type": "object",
        "required": ["kind", "file", "key"],
        "additionalProperties": false,
        "properties": {
            "kind": {"enum": ["account", "entitlement", "other"], "description": "What the class is to Purser."},
            "file": {"type": "string", "minLength": 1, "description": "The file, relative to `data`."},
            "format": {
                "enum": ["csv", "jsonl"],
                "description": "CSV with a header (RFC 4180) or one JSON object per line; by default as the file's \
                                extension says.",
            },
            "key": {
                "type": "string", "minLength": 1,
                "description": "The column that holds the id: unique, never empty, never changed.",
            },
            "active": {
                "type": "string",
                "description": "The column that says whether an account can be used: true or false; empty is true.",
            },
            "multi": column_list("Columns that hold lists: cells with separators, or JSON arrays."),
            "separator": {
                "type": "string", "minLength": 1, "default": ";",
                "description": "What stands between the values of a list in a CSV cell.",
            },
            "delimiter": {
                "type": "string", "minLength": 1, "maxLength": 1, "default": ",",
                "description": "What stands between CSV cells.",
            },
            "types": {
                "type": "object",
                "description": "The types of columns that are no text. Timestamps are RFC 3339; decimals keep every digit.",
                "additionalProperties": {"enum": ["text", "boolean", "integer", "decimal", "timestamp"]},
            },
            "secondary": column_list("Columns whose values are further ids, such as an e-mail address."),
            "columns": column_list(
                "All columns, where no others may be added; a CSV file must have them. Also the header of a new file.",
            ),
            "final_newline": {
                "enum": ["required", "optional"], "default": "required",
                "description": "Whether a file without a line break at its end counts as half-written.",
            },
            "holding": {
                "type": "object",
                "description": "For entitlements: the account attribute that lists the ids of what an account holds.",
                "required": ["account_class", "attribute"],
                "additionalProperties": false,
                "properties": {
                    "account_class": {"type": "string", "description": "The class of the accounts."},
                    "attribute": {"type": "string", "description": "Their attribute; it must be in `multi` there."},
                },
            },
        },
    })
}

fn column_list(description: &str) -> Value {
    json!({"type": "array", "items": {"type": "string", "minLength": 1}, "uniqueItems": true, "description": description})
}
