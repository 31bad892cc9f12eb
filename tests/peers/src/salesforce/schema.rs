//! The vendor's description of the objects: which fields there are, of which types.

use super::refusal::Refusal;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::sync::OnceLock;

const LISTED: &str = include_str!("../../specs/salesforce/sobjects.json");
const NEWER: &str = include_str!("../../specs/salesforce/newer-fields.json");

/// A field as it is described.
#[derive(Debug, Clone)]
pub(super) struct Field {
    pub(super) kind: String,
    pub(super) nullable: bool,
}

type Objects = BTreeMap<String, BTreeMap<String, Field>>;

fn objects() -> &'static Objects {
    static OBJECTS: OnceLock<Objects> = OnceLock::new();
    OBJECTS.get_or_init(|| {
        let mut objects = Objects::new();
        for text in [LISTED, NEWER] {
            let document: Value = serde_json::from_str(text).expect("the description is JSON");
            for (object, described) in document["objects"].as_object().into_iter().flatten() {
                let fields = objects.entry(object.clone()).or_default();
                for (name, field) in described["fields"].as_object().into_iter().flatten() {
                    let kind = field["type"].as_str().unwrap_or("string").to_owned();
                    fields.insert(name.clone(), Field { kind, nullable: field["nullable"] != false });
                }
            }
        }
        objects
    })
}

/// The name of an object as it is described, whatever its case.
///
/// # Errors
/// There is no such object.
pub(super) fn object_name(name: &str) -> Result<&'static str, Refusal> {
    let found = objects().keys().find(|known| known.eq_ignore_ascii_case(name));
    found.map(String::as_str).ok_or_else(|| Refusal::new(404, "NOT_FOUND", "The requested resource does not exist"))
}

/// The fields of an object that was found by [`object_name`].
pub(super) fn fields(object: &str) -> &'static BTreeMap<String, Field> {
    &objects()[object]
}

/// The name of a field as it is described, whatever its case.
///
/// # Errors
/// `INVALID_FIELD`.
pub(super) fn field_name(object: &str, name: &str) -> Result<&'static str, Refusal> {
    fields(object).keys().find(|known| known.eq_ignore_ascii_case(name)).map(String::as_str).ok_or_else(|| {
        Refusal::new(400, "INVALID_FIELD", format!("No such column '{name}' on sobject of type {object}")).of(&[name])
    })
}

/// What a record does not keep to; empty where it fits the description.
pub(super) fn violations(object: &str, record: &Map<String, Value>) -> Vec<String> {
    let described = fields(object);
    let wrong = record.iter().filter(|(name, _)| *name != "attributes").filter_map(|(name, value)| {
        let Some(field) = described.get(name) else {
            // A relationship such as `Profile` of `Profile.Name`.
            return (!value.is_object() && !value.is_null()).then(|| format!("{object} has no field {name}"));
        };
        let fits = match (field.kind.as_str(), value) {
            (_, Value::Null) => field.nullable,
            ("boolean", Value::Bool(_)) | ("number", Value::Number(_)) | ("string", Value::String(_)) => true,
            ("datetime", Value::String(text)) => super::moment::parse(text).is_some(),
            ("string" | "boolean" | "number" | "datetime", _) => false,
            _ => true,
        };
        (!fits).then(|| format!("{object}.{name} is no {}", field.kind))
    });
    wrong.collect()
}

/// The answer of `describe`, as far as clients read it.
pub(super) fn describe(object: &str) -> Value {
    let fields = fields(object).iter().map(|(name, field)| {
        let kind = match (field.kind.as_str(), name.as_str()) {
            (_, "Id") => "id",
            (_, name) if name.ends_with("Id") => "reference",
            ("number", _) => "int",
            (kind, _) => kind,
        };
        let read_only = super::rules::READ_ONLY.contains(&name.as_str());
        serde_json::json!({
            "name": name, "label": name, "type": kind, "nillable": field.nullable,
            "createable": !read_only, "updateable": !read_only, "length": 255, "referenceTo": [], "picklistValues": [],
            "custom": false,
        })
    });
    let deletable = super::rules::is_deletable(object);
    serde_json::json!({
        "name": object, "label": object, "custom": false, "createable": true, "updateable": true, "queryable": true,
        "deletable": deletable, "fields": fields.collect::<Vec<_>>(), "childRelationships": [], "recordTypeInfos": [],
    })
}
