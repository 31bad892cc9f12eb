//! JSON members by names without case, and what counts as unassigned.

use serde_json::{Map, Value};

/// The attributes of a resource; those of an extension in an object under its URN.
pub type Attributes = Map<String, Value>;

/// A member by its name without case.
pub fn member<'a>(members: &'a Attributes, name: &str) -> Option<&'a Value> {
    members.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

/// Whether a value says nothing: null, an empty list, an empty object (RFC 7643 section 2.5).
pub fn is_unassigned(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        _ => false,
    }
}

/// The values of a list, or the one value.
pub fn each(value: &Value) -> &[Value] {
    match value {
        Value::Array(items) => items,
        single => std::slice::from_ref(single),
    }
}

/// The text of a member.
pub fn text<'a>(members: &'a Attributes, name: &str) -> &'a str {
    member(members, name).and_then(Value::as_str).unwrap_or_default()
}

/// Where a value is kept: in the resource, or in the object of an extension, which is made.
pub fn place<'a>(resource: &'a mut Attributes, extension: Option<&str>) -> Option<&'a mut Attributes> {
    match extension {
        None => Some(resource),
        Some(id) => resource.entry(id.to_owned()).or_insert_with(|| Value::Object(Map::new())).as_object_mut(),
    }
}

/// Takes out objects of extensions that hold nothing any more.
pub fn tidy(resource: &mut Attributes) {
    resource.retain(|_, value| !is_unassigned(value));
}
