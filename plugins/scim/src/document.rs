//! JSON of SCIM servers: names without regard to case, numbers and booleans that may be strings (RFC 7643 section 2.1).

use crate::name::AttributeName;
use purser_sdk::Attributes;
use purser_sdk::serde_json::Value;

/// The member of this name, whatever its case. The exact spelling wins.
pub fn member<'a>(object: &'a Attributes, name: &str) -> Option<&'a Value> {
    object.get(name).or_else(|| Some(&object[spelling(object, name)?]))
}

/// The member of this name of a value that may be no object.
pub fn field<'a>(value: &'a Value, name: &str) -> Option<&'a Value> {
    member(value.as_object()?, name)
}

/// A text member that is not empty.
pub fn text_field<'a>(value: &'a Value, name: &str) -> Option<&'a str> {
    field(value, name)?.as_str().filter(|text| !text.is_empty())
}

/// How an object spells a name, or none where it has no such member.
fn spelling<'a>(object: &'a Attributes, name: &str) -> Option<&'a str> {
    object.keys().find(|key| key.eq_ignore_ascii_case(name)).map(String::as_str)
}

/// The object's own spelling of a name, or the name as it is.
pub fn own_spelling(object: &Attributes, name: &str) -> String {
    if object.contains_key(name) {
        return name.to_owned();
    }
    spelling(object, name).unwrap_or(name).to_owned()
}

/// Removes the member of this name, whatever its case.
pub fn take_member(object: &mut Attributes, name: &str) -> Option<Value> {
    let key = own_spelling(object, name);
    object.remove(&key)
}

/// A count that may be a number or a string of digits.
pub fn count(value: &Value) -> Option<u64> {
    match value {
        Value::Number(number) => number.as_u64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// A boolean that may be a string.
pub fn boolean(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(flag) => Some(*flag),
        Value::String(text) if text.eq_ignore_ascii_case("true") => Some(true),
        Value::String(text) if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

/// Whether a value means "not assigned": null, an empty list and an object of nothing else.
pub fn is_unassigned(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.values().all(is_unassigned),
        _ => false,
    }
}

/// All values of an attribute, lists opened. An extension's attributes are found nested and by their full name.
pub fn values_of<'a>(resource: &'a Attributes, name: &AttributeName) -> Vec<&'a Value> {
    if let Some(value) = member(resource, &name.to_string()) {
        return open(value);
    }
    let mut found = vec![];
    for (depth, key) in name.keys().into_iter().enumerate() {
        found = match depth {
            0 => member(resource, key).map(open).unwrap_or_default(),
            _ => found.into_iter().filter_map(|value| field(value, key)).flat_map(open).collect(),
        };
    }
    found
}

fn open(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(items) => items.iter().collect(),
        Value::Null => Vec::new(),
        other => vec![other],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::name::ENTERPRISE_SCHEMA;
    use purser_sdk::serde_json::json;
    use purser_sdk::testing::attributes;

    #[test]
    fn names_are_found_in_any_case_and_the_exact_one_wins() {
        let object = attributes(json!({"USERNAME": "a", "title": "x", "Title": "y"}));
        assert_eq!(member(&object, "userName"), Some(&json!("a")));
        assert_eq!(member(&object, "Title"), Some(&json!("y")));
        assert_eq!(own_spelling(&object, "userName"), "USERNAME");
        assert_eq!(own_spelling(&object, "locale"), "locale");
    }

    #[test]
    fn numbers_and_booleans_may_be_strings() {
        assert_eq!((count(&json!(7)), count(&json!("7")), count(&json!(-1))), (Some(7), Some(7), None));
        assert_eq!((boolean(&json!("True")), boolean(&json!("FALSE"))), (Some(true), Some(false)));
        assert_eq!(boolean(&json!("yes")), None);
    }

    #[test]
    fn null_empty_and_nothing_but_those_are_unassigned() {
        assert!(is_unassigned(&json!(null)) && is_unassigned(&json!([])) && is_unassigned(&json!({"a": null})));
        assert!(!is_unassigned(&json!(false)) && !is_unassigned(&json!("")));
    }

    #[test]
    fn values_are_found_in_lists_and_extensions() {
        let resource = attributes(json!({
            "Emails": [{"value": "a"}, {"Value": "b"}],
            ENTERPRISE_SCHEMA: {"manager": {"value": "9"}},
        }));
        assert_eq!(values_of(&resource, &AttributeName::parse("emails.value")), [&json!("a"), &json!("b")]);
        let manager = AttributeName::parse(&format!("{ENTERPRISE_SCHEMA}:manager.value"));
        assert_eq!(values_of(&resource, &manager), [&json!("9")]);
        assert!(values_of(&resource, &AttributeName::parse("phoneNumbers.value")).is_empty());
    }
}
