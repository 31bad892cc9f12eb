//! Groups and who is in them.

use crate::access::Part;
use crate::api::{Api, group_path};
use crate::schema::GROUP;
use purser_sdk::http::{Method, escape_segment};
use purser_sdk::serde_json::{Value, json};
use purser_sdk::{
    AttributeAction, AttributeChange, Attributes, CreateEdit, DeleteEdit, EntitlementEdit, Error, ErrorClass, Object,
    Outcome, UpdateEdit,
};

const OWN: [&str; 3] = ["email", "name", "description"];

/// A group as the vendor shows it, with its members.
///
/// # Errors
/// As [`Api::all`].
pub fn with_members(api: &Api, shown: &Value) -> Result<Object, Error> {
    let id = shown["id"].as_str().ok_or_else(|| Error::defect("Google answered a group without an id"))?;
    let path = format!("{}/members", group_path(id));
    let members = api.all(Part::Groups, &path, "members", &[("maxResults", "200".to_owned())])?;
    Ok(to_object(id, shown, &members))
}

fn to_object(id: &str, shown: &Value, members: &[Value]) -> Object {
    let mut attributes = Attributes::new();
    for name in OWN {
        if shown[name].as_str().is_some_and(|text| !text.is_empty()) {
            attributes.insert(name.to_owned(), shown[name].clone());
        }
    }
    let ids = |fits: &dyn Fn(&Value) -> bool| -> Vec<String> {
        let mut ids: Vec<String> =
            members.iter().filter(|one| fits(one)).filter_map(|one| one["id"].as_str()).map(str::to_owned).collect();
        ids.sort();
        ids
    };
    let is_user = |one: &Value| one["type"] == "USER";
    let mut put = |name: &str, values: Vec<String>| {
        if !values.is_empty() {
            attributes.insert(name.to_owned(), values.into());
        }
    };
    put("members", ids(&is_user));
    put("managers", ids(&|one| is_user(one) && one["role"] == "MANAGER"));
    put("owners", ids(&|one| is_user(one) && one["role"] == "OWNER"));
    put("memberGroups", ids(&|one| one["type"] == "GROUP"));
    let mut aliases: Vec<String> =
        shown["aliases"].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect();
    aliases.sort();
    put("aliases", aliases);
    Object::new(id, attributes).with_secondary_id("email", shown["email"].as_str().unwrap_or_default())
}

/// Reads a group by id or address.
///
/// # Errors
/// `not-found`.
pub fn get(api: &Api, key: &str) -> Result<Object, Error> {
    with_members(api, &api.read(Part::Groups, &group_path(key), &[])?)
}

/// Creates a group without members.
///
/// # Errors
/// `already-exists` with the id of the group that has the address.
pub fn create(api: &Api, edit: &CreateEdit) -> Result<Outcome, Error> {
    let body = body_of(edit.attributes.iter().map(|(name, value)| (name.as_str(), value.clone())))?;
    match api.write(Part::Groups, Method::Post, "/groups", Some(body)) {
        Ok(shown) => Ok(Outcome::Done(Some(to_object(shown["id"].as_str().unwrap_or_default(), &shown, &[])))),
        Err(error) if matches!(error.class, ErrorClass::AlreadyExists(_)) => {
            let email = edit.attributes.get("email").and_then(Value::as_str).unwrap_or_default();
            let owner = api.read(Part::Groups, &group_path(email), &[]).ok();
            let owner = owner.and_then(|shown| shown["id"].as_str().map(str::to_owned));
            Err(Error { class: ErrorClass::AlreadyExists(owner), ..error })
        }
        Err(error) => Err(error),
    }
}

fn body_of<'n>(values: impl Iterator<Item = (&'n str, Value)>) -> Result<Value, Error> {
    let mut body = json!({});
    for (name, value) in values {
        if !OWN.contains(&name) {
            return Err(Error::invalid_value(name, format!("`{name}` of a group cannot be written")));
        }
        body[name] = value;
    }
    Ok(body)
}

/// Changes a group's own attributes; members come and go by grant and revoke.
///
/// # Errors
/// `not-found`, `invalid-value`, `already-exists`.
pub fn update(api: &Api, edit: &UpdateEdit) -> Result<Outcome, Error> {
    let value = |change: &AttributeChange| match &change.action {
        AttributeAction::Replace(value) => Ok((change.attribute.clone(), value.clone())),
        AttributeAction::Clear => Ok((change.attribute.clone(), Value::from(""))),
        _ => Err(Error::invalid_value(&change.attribute, "an attribute of a group is no list that can be written")),
    };
    let values: Vec<(String, Value)> = edit.changes.iter().map(value).collect::<Result<_, _>>()?;
    let shown = api.read(Part::Groups, &group_path(&edit.id), &[])?;
    let body = body_of(values.iter().map(|(name, value)| (name.as_str(), value.clone())))?;
    if values.iter().all(|(name, value)| shown[name] == *value) {
        return Ok(Outcome::Unchanged(Some(with_members(api, &shown)?)));
    }
    let after = api.write(Part::Groups, Method::Put, &group_path(&edit.id), Some(body))?;
    Ok(Outcome::Done(with_members(api, &after).ok()))
}

/// Deletes a group for good.
///
/// # Errors
/// `permission-denied`.
pub fn delete(api: &Api, edit: &DeleteEdit) -> Result<Outcome, Error> {
    match api.write(Part::Groups, Method::Delete, &group_path(&edit.id), None) {
        Ok(_) => Ok(Outcome::Done(None)),
        Err(error) if error.is_not_found() => Ok(Outcome::Unchanged(None)),
        Err(error) => Err(error),
    }
}

/// Puts a user into a group; the parameter `role` is `MEMBER`, `MANAGER` or `OWNER`.
///
/// # Errors
/// `not-found` for the group or the user.
pub fn grant(api: &Api, edit: &EntitlementEdit) -> Result<Outcome, Error> {
    let role = edit.parameters.get("role").and_then(Value::as_str).unwrap_or("MEMBER");
    let path = format!("{}/members", group_path(&edit.entitlement));
    match api.write(Part::Groups, Method::Post, &path, Some(json!({"id": edit.id, "role": role}))) {
        Ok(_) => Ok(Outcome::Done(None)),
        Err(error) if matches!(error.class, ErrorClass::AlreadyExists(_)) => set_role(api, edit, role),
        Err(error) => Err(missing(error, edit)),
    }
}

/// Who is in already keeps the role unless another one is asked for by name.
fn set_role(api: &Api, edit: &EntitlementEdit, role: &str) -> Result<Outcome, Error> {
    if !edit.parameters.contains_key("role") {
        return Ok(Outcome::Unchanged(None));
    }
    let path = member_path(edit);
    if api.read(Part::Groups, &path, &[])?["role"] == role {
        return Ok(Outcome::Unchanged(None));
    }
    api.write(Part::Groups, Method::Put, &path, Some(json!({"role": role}))).map(|_| Outcome::Done(None))
}

fn member_path(edit: &EntitlementEdit) -> String {
    format!("{}/members/{}", group_path(&edit.entitlement), escape_segment(&edit.id))
}

/// Takes a user out of a group. Who is not in it is as they should be; so is who was in a group that is gone.
///
/// # Errors
/// `permission-denied`.
pub fn revoke(api: &Api, edit: &EntitlementEdit) -> Result<Outcome, Error> {
    match api.write(Part::Groups, Method::Delete, &member_path(edit), None) {
        Ok(_) => Ok(Outcome::Done(None)),
        Err(error) if error.is_not_found() => Ok(Outcome::Unchanged(None)),
        Err(error) => Err(error),
    }
}

fn missing(error: Error, edit: &EntitlementEdit) -> Error {
    if !error.is_not_found() {
        return error;
    }
    let message = format!("there is no {GROUP} `{}`, or no user `{}`: {}", edit.entitlement, edit.id, error.message);
    Error { message, ..error }
}
