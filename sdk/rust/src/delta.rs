//! Attribute deltas: carries the changes of an update out on a JSON object.

use crate::edit::{AttributeAction, AttributeChange};
use crate::error::Error;
use crate::object::Attributes;
use crate::path;
use serde_json::Value;

/// Carries out the changes and says whether anything is different afterwards.
///
/// - `add` and `remove` see a list as a set: what is there is not added again, what is not there is not removed, and a
///   list that becomes empty goes away. An object is removed by any of its parts: `{"value": "7"}` removes every item
///   whose `value` is `"7"`.
/// - `replace` with null or an empty list is `clear`. Lists that differ in order only are the same.
/// - A dot in the name reaches into a complex attribute, which is made when it is missing.
///
/// # Errors
/// `invalid-value` naming the attribute: values were added to something that is no list, or the path leads through
/// something that is no complex value. The object may then hold some of the changes.
pub fn apply_changes(attributes: &mut Attributes, changes: &[AttributeChange]) -> Result<bool, Error> {
    let mut changed = false;
    for change in changes {
        changed |= apply_change(attributes, change)?;
    }
    Ok(changed)
}

fn apply_change(attributes: &mut Attributes, change: &AttributeChange) -> Result<bool, Error> {
    let name = &change.attribute;
    match &change.action {
        AttributeAction::Add(values) => {
            let mut list = current_list(attributes, name)?;
            let before = list.len();
            for value in values {
                if !list.iter().any(|item| same_value(item, value)) {
                    list.push(value.clone());
                }
            }
            let changed = list.len() != before;
            put_list(attributes, name, list, changed)
        }
        AttributeAction::Remove(values) => {
            let mut list = current_list(attributes, name)?;
            let before = list.len();
            list.retain(|item| !values.iter().any(|value| is_removed_by(item, value)));
            let changed = list.len() != before;
            put_list(attributes, name, list, changed)
        }
        AttributeAction::Replace(value) if is_unassigned(value) => Ok(path::remove(attributes, name).is_some()),
        AttributeAction::Replace(value) => {
            let before = set(attributes, name, value.clone())?;
            Ok(!before.is_some_and(|before| same_value(&before, value)))
        }
        AttributeAction::Clear => Ok(path::remove(attributes, name).is_some()),
    }
}

fn current_list(attributes: &Attributes, name: &str) -> Result<Vec<Value>, Error> {
    match path::get(attributes, name) {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Array(items)) => Ok(items.clone()),
        Some(_) => Err(Error::invalid_value(name, format!("`{name}` holds a single value: replace it instead"))),
    }
}

fn put_list(attributes: &mut Attributes, name: &str, list: Vec<Value>, changed: bool) -> Result<bool, Error> {
    if !changed {
        return Ok(false);
    }
    if list.is_empty() {
        path::remove(attributes, name);
    } else {
        set(attributes, name, Value::Array(list))?;
    }
    Ok(true)
}

fn set(attributes: &mut Attributes, name: &str, value: Value) -> Result<Option<Value>, Error> {
    path::set(attributes, name, value)
        .map_err(|in_the_way| Error::invalid_value(name, format!("{in_the_way}, so `{name}` has no place")))
}

/// Whether a value means "not assigned": null and an empty list do (RFC 7643 section 2.5).
pub fn is_unassigned(value: &Value) -> bool {
    value.is_null() || value.as_array().is_some_and(Vec::is_empty)
}

/// Whether two values are the same, where the order of a list has no meaning.
pub fn same_value(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Array(left), Value::Array(right)) => same_items(left, right),
        (Value::Object(left), Value::Object(right)) => {
            left.len() == right.len()
                && left.iter().all(|(name, value)| right.get(name).is_some_and(|other| same_value(value, other)))
        }
        _ => left == right,
    }
}

fn same_items(left: &[Value], right: &[Value]) -> bool {
    let mut open: Vec<&Value> = right.iter().collect();
    left.len() == right.len()
        && left.iter().all(|item| {
            let found = open.iter().position(|other| same_value(item, other));
            found.is_some_and(|index| {
                open.swap_remove(index);
                true
            })
        })
}

/// Whether removing `value` removes `item`: equal, or an object whose parts all are in the item.
pub fn is_removed_by(item: &Value, value: &Value) -> bool {
    match (item, value) {
        (Value::Object(item), Value::Object(parts)) if !parts.is_empty() => {
            parts.iter().all(|(name, part)| item.get(name).is_some_and(|found| same_value(found, part)))
        }
        _ => same_value(item, value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorClass;
    use serde_json::json;

    fn changed(before: Value, attribute: &str, action: AttributeAction) -> (Value, Result<bool, Error>) {
        let Value::Object(mut attributes) = before else { panic!("no object") };
        let change = AttributeChange { attribute: attribute.into(), action };
        let result = apply_changes(&mut attributes, &[change]);
        (Value::Object(attributes), result)
    }

    #[test]
    fn adding_is_a_union() {
        let (after, result) =
            changed(json!({"groups": ["a"]}), "groups", AttributeAction::Add(vec![json!("a"), json!("b"), json!("b")]));
        assert_eq!((after, result), (json!({"groups": ["a", "b"]}), Ok(true)));
        let (_, again) = changed(json!({"groups": ["a"]}), "groups", AttributeAction::Add(vec![json!("a")]));
        assert_eq!(again, Ok(false));
    }

    #[test]
    fn removing_the_last_value_removes_the_attribute() {
        let (after, result) = changed(json!({"groups": ["a"]}), "groups", AttributeAction::Remove(vec![json!("a")]));
        assert_eq!((after, result), (json!({}), Ok(true)));
    }

    #[test]
    fn an_object_is_removed_by_a_part_of_it() {
        let members = json!({"members": [{"value": "1", "type": "User"}, {"value": "2", "type": "User"}]});
        let (after, result) = changed(members, "members", AttributeAction::Remove(vec![json!({"value": "1"})]));
        assert_eq!((after, result), (json!({"members": [{"value": "2", "type": "User"}]}), Ok(true)));
    }

    #[test]
    fn replacing_with_another_order_changes_nothing() {
        let (_, same) = changed(json!({"groups": ["a", "b"]}), "groups", AttributeAction::Replace(json!(["b", "a"])));
        assert_eq!(same, Ok(false));
        let (_, twice) = changed(json!({"groups": ["a", "b"]}), "groups", AttributeAction::Replace(json!(["a", "a"])));
        assert_eq!(twice, Ok(true));
    }

    #[test]
    fn dotted_names_reach_inside_and_make_what_is_missing() {
        let (after, result) = changed(json!({}), "name.givenName", AttributeAction::Replace(json!("Anna")));
        assert_eq!((after, result), (json!({"name": {"givenName": "Anna"}}), Ok(true)));
    }

    #[test]
    fn null_and_empty_lists_clear() {
        assert_eq!(changed(json!({"a": 1}), "a", AttributeAction::Replace(json!(null))), (json!({}), Ok(true)));
        assert_eq!(changed(json!({"a": 1}), "a", AttributeAction::Replace(json!([]))), (json!({}), Ok(true)));
        assert_eq!(changed(json!({}), "a", AttributeAction::Clear), (json!({}), Ok(false)));
    }

    #[test]
    fn adding_to_a_single_value_names_the_attribute() {
        let (_, result) = changed(json!({"title": "x"}), "title", AttributeAction::Add(vec![json!("y")]));
        assert_eq!(result.map_err(|error| error.class), Err(ErrorClass::InvalidValue(Some("title".into()))));
    }
}
