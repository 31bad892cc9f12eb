//! Objects as Graph shows them, and as the contract has them.

use crate::class::Class;
use purser_sdk::serde_json::{Value, json};
use purser_sdk::{Attributes, Error, Object};

/// An object of an answer. Without value there is no attribute; lists are in order.
///
/// # Errors
/// `defect`: it has no id.
pub fn to_object(class: Class, shown: &Value) -> Result<Object, Error> {
    let id =
        shown["id"].as_str().ok_or_else(|| Error::defect(format!("Graph showed a {} without id", class.name())))?;
    let mut attributes = Attributes::new();
    for (name, value) in shown.as_object().into_iter().flatten() {
        let empty = value.is_null() || value == "" || value.as_array().is_some_and(Vec::is_empty);
        if empty || name.contains('@') || name == "id" || name == "accountEnabled" {
            continue;
        }
        let value = if name == "manager" { value["id"].clone() } else { in_order(value) };
        attributes.insert(name.clone(), value);
    }
    let object = Object::new(id, attributes);
    Ok(match class {
        Class::Group | Class::Licence | Class::DirectoryRole | Class::AppRole => object,
        Class::User => {
            let name = shown["userPrincipalName"].as_str().unwrap_or_default();
            let object = object.with_secondary_id("userPrincipalName", name);
            match shown["accountEnabled"].as_bool() {
                Some(active) => object.with_active(active),
                None => object,
            }
        }
    })
}

fn in_order(value: &Value) -> Value {
    let Some(items) = value.as_array() else { return value.clone() };
    let mut items = items.clone();
    items.sort_by_key(Value::to_string);
    Value::Array(items)
}

/// The body that sets attributes; what has no value is cleared. The manager is no property and stays out.
pub fn to_body(attributes: &Attributes) -> Value {
    let mut body = json!({});
    for (name, value) in attributes {
        match name.as_str() {
            "manager" | "members" | "licences" | "inheritedLicences" => {}
            "password" => body["passwordProfile"] = json!({"password": value, "forceChangePasswordNextSignIn": true}),
            _ => body[name.as_str()] = value.clone(),
        }
    }
    body
}
