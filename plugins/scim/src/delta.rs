//! Carries changes out on a resource as the server shows it, for servers that take the whole object (PUT).

use crate::document::{is_unassigned, own_spelling, take_member};
use crate::name::{AttributeName, is_schema};
use crate::resource::{refuse_read_only, to_wire};
use purser_sdk::delta::{is_removed_by, same_value};
use purser_sdk::serde_json::{Map, Value, json};
use purser_sdk::{AttributeAction, AttributeChange, Attributes, Error};

/// Carries the changes out and says whether anything is different afterwards. Names are taken without regard to case.
///
/// # Errors
/// `invalid-value` naming the attribute.
pub fn apply_changes(resource: &mut Attributes, changes: &[AttributeChange]) -> Result<bool, Error> {
    let mut changed = false;
    for change in changes {
        let name = AttributeName::parse(&change.attribute);
        refuse_read_only(&name)?;
        changed |= apply_change(resource, &name, &change.action)?;
    }
    Ok(changed)
}

fn apply_change(resource: &mut Attributes, name: &AttributeName, action: &AttributeAction) -> Result<bool, Error> {
    let (place, last) = place_of(resource, name)?;
    let key = own_spelling(place, last);
    match action {
        AttributeAction::Clear => Ok(place.remove(&key).is_some_and(|before| !is_unassigned(&before))),
        AttributeAction::Replace(value) if is_unassigned(value) => {
            Ok(place.remove(&key).is_some_and(|before| !is_unassigned(&before)))
        }
        AttributeAction::Replace(value) => {
            let value = to_wire(name, value.clone());
            let changed = place.get(&key).is_none_or(|before| !same_value(before, &value));
            place.insert(key, value);
            Ok(changed)
        }
        AttributeAction::Add(values) => {
            let mut list = list_of(place.get(&key), name)?;
            let changed = add(&mut list, wire_list(name, values));
            place.insert(key, Value::Array(list));
            Ok(changed)
        }
        AttributeAction::Remove(values) => {
            let mut list = list_of(place.get(&key), name)?;
            let before = list.len();
            let values: Vec<Value> = wire_list(name, values).into_iter().map(by_value_alone).collect();
            list.retain(|item| !values.iter().any(|value| is_removed_by(item, value)));
            let changed = list.len() != before;
            place.insert(key, Value::Array(list));
            Ok(changed)
        }
    }
}

/// The object that holds an attribute, made where it is missing, and the attribute's key in it.
fn place_of<'r, 'n>(
    resource: &'r mut Attributes,
    name: &'n AttributeName,
) -> Result<(&'r mut Attributes, &'n str), Error> {
    let mut keys = name.keys();
    let last = keys.pop().unwrap_or_default();
    let mut place = resource;
    for key in keys {
        let key = own_spelling(place, key);
        let inner = place.entry(key).or_insert_with(|| Value::Object(Map::new()));
        if inner.is_null() {
            *inner = Value::Object(Map::new());
        }
        place = inner.as_object_mut().ok_or_else(|| {
            Error::invalid_value(name.to_string(), format!("`{name}` lies in a list: replace the list or add to it"))
        })?;
    }
    Ok((place, last))
}

fn list_of(value: Option<&Value>, name: &AttributeName) -> Result<Vec<Value>, Error> {
    match value {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Array(items)) => Ok(items.clone()),
        Some(_) => {
            Err(Error::invalid_value(name.to_string(), format!("`{name}` holds a single value: replace it instead")))
        }
    }
}

fn wire_list(name: &AttributeName, values: &[Value]) -> Vec<Value> {
    match to_wire(name, json!(values)) {
        Value::Array(values) => values,
        single => vec![single],
    }
}

/// Values with `value` are removed by it alone, as PATCH does.
fn by_value_alone(value: Value) -> Value {
    match value.get("value") {
        Some(inner) => json!({"value": inner}),
        None => value,
    }
}

/// Adds what is not there. A new primary value ends the former one (RFC 7644 section 3.5.2).
fn add(list: &mut Vec<Value>, values: Vec<Value>) -> bool {
    let mut changed = false;
    for value in values {
        if list.iter().any(|item| is_removed_by(item, &value)) {
            continue;
        }
        if value.get("primary") == Some(&Value::Bool(true)) {
            for item in list.iter_mut().filter_map(Value::as_object_mut) {
                take_member(item, "primary");
            }
        }
        list.push(value);
        changed = true;
    }
    changed
}

/// The body of a PUT: without what the server sets itself, with every extension among the schemas.
pub fn replacement_body(mut resource: Attributes, core_schema: &str) -> Value {
    for read_only in ["id", "meta", "groups"] {
        take_member(&mut resource, read_only);
    }
    resource.retain(|_, value| !is_unassigned(value));
    let schemas = take_member(&mut resource, "schemas");
    let mut schemas: Vec<Value> = schemas.and_then(|schemas| schemas.as_array().cloned()).unwrap_or_default();
    let used = std::iter::once(core_schema).chain(resource.keys().filter(|key| is_schema(key)).map(String::as_str));
    for schema in used {
        let listed = schemas.iter().filter_map(Value::as_str).any(|listed| listed.eq_ignore_ascii_case(schema));
        if !listed {
            schemas.push(schema.into());
        }
    }
    for (name, value) in &mut resource {
        if is_schema(name) {
            drop_read_only_parts(value, "manager", &["displayName"]);
        }
    }
    if let Some(Value::Array(members)) = resource.get_mut("members") {
        members.iter_mut().filter_map(Value::as_object_mut).for_each(|member| {
            take_member(member, "display");
        });
    }
    resource.insert("schemas".into(), Value::Array(schemas));
    Value::Object(resource)
}

fn drop_read_only_parts(extension: &mut Value, name: &str, parts: &[&str]) {
    let Some(extension) = extension.as_object_mut() else { return };
    let key = own_spelling(extension, name);
    if let Some(value) = extension.get_mut(&key).and_then(Value::as_object_mut) {
        for part in parts {
            take_member(value, part);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::name::{ENTERPRISE_SCHEMA, USER_SCHEMA};
    use purser_sdk::ErrorClass;
    use purser_sdk::testing::attributes;

    fn changed(resource: Value, attribute: &str, action: AttributeAction) -> (Value, Result<bool, Error>) {
        let mut resource = attributes(resource);
        let change = AttributeChange { attribute: attribute.into(), action };
        let result = apply_changes(&mut resource, &[change]);
        (Value::Object(resource), result)
    }

    #[test]
    fn the_server_s_spelling_is_kept() {
        let replace = AttributeAction::Replace(json!("Ann"));
        let (after, result) = changed(json!({"Name": {"GIVENNAME": "Anna"}}), "name.givenName", replace.clone());
        assert_eq!((after, result), (json!({"Name": {"GIVENNAME": "Ann"}}), Ok(true)));
        let (_, same) = changed(json!({"name": {"givenName": "Ann"}}), "name.givenName", replace);
        assert_eq!(same, Ok(false));
    }

    #[test]
    fn an_extension_is_made() {
        let name = format!("{ENTERPRISE_SCHEMA}:department");
        let (after, _) = changed(json!({}), &name, AttributeAction::Replace(json!("IT")));
        assert_eq!(after, json!({ENTERPRISE_SCHEMA: {"department": "IT"}}));
    }

    #[test]
    fn lists_are_sets_and_one_value_is_primary() {
        let emails = json!({"emails": [{"value": "a", "primary": true, "type": "work"}]});
        let (_, there) = changed(emails.clone(), "emails", AttributeAction::Add(vec![json!("a")]));
        assert_eq!(there, Ok(false));
        let primary = AttributeAction::Add(vec![json!({"value": "b", "primary": true})]);
        let (after, _) = changed(emails.clone(), "emails", primary);
        assert_eq!(after, json!({"emails": [{"value": "a", "type": "work"}, {"value": "b", "primary": true}]}));
        let (after, gone) =
            changed(emails, "emails", AttributeAction::Remove(vec![json!({"value": "a", "type": "x"})]));
        assert_eq!((after, gone), (json!({"emails": []}), Ok(true)));
    }

    #[test]
    fn a_part_of_a_list_is_refused() {
        let (_, result) = changed(json!({"emails": [{"value": "a"}]}), "emails.value", AttributeAction::Clear);
        assert_eq!(result.unwrap_err().class, ErrorClass::InvalidValue(Some("emails.value".into())));
    }

    #[test]
    fn a_replacement_holds_nothing_that_the_server_sets() {
        let resource = attributes(json!({
            "schemas": [USER_SCHEMA], "ID": "7", "Meta": {}, "groups": [{"value": "g"}], "userName": "a", "title": null,
            ENTERPRISE_SCHEMA: {"manager": {"value": "9", "displayName": "Boss"}},
        }));
        let expected = json!({
            "schemas": [USER_SCHEMA, ENTERPRISE_SCHEMA], "userName": "a",
            ENTERPRISE_SCHEMA: {"manager": {"value": "9"}},
        });
        assert_eq!(replacement_body(resource, USER_SCHEMA), expected);
    }
}
