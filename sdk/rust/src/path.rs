//! Attribute paths: `name.familyName` reaches into the complex attribute `name`.

use crate::object::Attributes;
use serde_json::Value;

/// A path leads through something that is no complex value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no complex value")]
pub struct NotComplex(
    /// The path of what is in the way.
    pub String,
);

/// The value at a path, or none. A name that contains dots and is there as it stands wins over the dotted reading.
pub fn get<'a>(attributes: &'a Attributes, path: &str) -> Option<&'a Value> {
    if let Some(value) = attributes.get(path) {
        return Some(value);
    }
    let (first, rest) = path.split_once('.')?;
    get(attributes.get(first)?.as_object()?, rest)
}

/// All values at a path, lists opened on the way and at the end: `emails.value` gives the value of each e-mail.
pub fn values_at<'a>(attributes: &'a Attributes, path: &str) -> Vec<&'a Value> {
    if let Some(value) = attributes.get(path) {
        return open(value).collect();
    }
    let Some((first, rest)) = path.split_once('.') else { return Vec::new() };
    let Some(value) = attributes.get(first) else { return Vec::new() };
    open(value).filter_map(Value::as_object).flat_map(|item| values_at(item, rest)).collect()
}

fn open(value: &Value) -> Box<dyn Iterator<Item = &Value> + '_> {
    match value {
        Value::Array(items) => Box::new(items.iter()),
        other => Box::new(std::iter::once(other)),
    }
}

/// Sets the value at a path and makes the complex values on the way. Returns the former value.
///
/// # Errors
/// Something on the way is there and is no complex value.
pub fn set(attributes: &mut Attributes, path: &str, value: Value) -> Result<Option<Value>, NotComplex> {
    let Some((first, rest)) = path.split_once('.').filter(|_| !attributes.contains_key(path)) else {
        return Ok(attributes.insert(path.to_owned(), value));
    };
    match attributes.entry(first).or_insert_with(|| Value::Object(Attributes::new())) {
        Value::Object(inner) => {
            set(inner, rest, value).map_err(|NotComplex(name)| NotComplex(format!("{first}.{name}")))
        }
        _ => Err(NotComplex(first.to_owned())),
    }
}

/// Removes the value at a path, and complex values that are empty then. Returns what was there.
pub fn remove(attributes: &mut Attributes, path: &str) -> Option<Value> {
    if let Some(value) = attributes.remove(path) {
        return Some(value);
    }
    let (first, rest) = path.split_once('.')?;
    let Value::Object(inner) = attributes.get_mut(first)? else { return None };
    let removed = remove(inner, rest);
    if inner.is_empty() {
        attributes.remove(first);
    }
    removed
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn attributes(value: Value) -> Attributes {
        let Value::Object(attributes) = value else { panic!("no object") };
        attributes
    }

    #[test]
    fn a_path_reads_what_it_wrote() {
        let mut written = Attributes::new();
        assert_eq!(set(&mut written, "name.familyName", json!("Berg")), Ok(None));
        assert_eq!(get(&written, "name.familyName"), Some(&json!("Berg")));
        assert_eq!(written, attributes(json!({"name": {"familyName": "Berg"}})));
    }

    #[test]
    fn a_scalar_on_the_way_is_named() {
        let mut written = attributes(json!({"a": {"b": 1}}));
        assert_eq!(set(&mut written, "a.b.c", json!(2)), Err(NotComplex("a.b".to_owned())));
        assert_eq!(written, attributes(json!({"a": {"b": 1}})));
    }

    #[test]
    fn removing_the_last_part_removes_the_whole() {
        let mut name = attributes(json!({"name": {"familyName": "Berg"}, "title": "x"}));
        assert_eq!(remove(&mut name, "name.familyName"), Some(json!("Berg")));
        assert_eq!(name, attributes(json!({"title": "x"})));
        assert_eq!(remove(&mut name, "name.familyName"), None);
    }

    #[test]
    fn a_literal_dot_wins() {
        let mut dotted = attributes(json!({"v2.0": 1}));
        assert_eq!(set(&mut dotted, "v2.0", json!(2)), Ok(Some(json!(1))));
        assert_eq!(dotted, attributes(json!({"v2.0": 2})));
    }
}
