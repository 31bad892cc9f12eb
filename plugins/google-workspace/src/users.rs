//! Creating, changing, suspending and deleting users.

use crate::access::Part;
use crate::api::{Api, PASSWORD, user_path};
use crate::schema::USER;
use crate::user::{body_of, to_attributes, to_object};
use purser_sdk::delta::apply_changes;
use purser_sdk::http::{Method, escape_segment};
use purser_sdk::serde_json::{Value, json};
use purser_sdk::{
    AttributeAction, AttributeChange, Attributes, CreateEdit, DeleteEdit, Error, ErrorClass, Object, Outcome,
    SetActiveEdit, SetPasswordEdit, UpdateEdit,
};
use std::collections::BTreeSet;

/// Reads a user as the vendor shows it, by id, address or alias.
///
/// # Errors
/// `not-found`.
pub fn read(api: &Api, key: &str) -> Result<Value, Error> {
    let shown = api.read(Part::Users, &user_path(key), &[("projection", "full".to_owned())]);
    shown.map_err(|error| match error.class {
        ErrorClass::NotFound => Error { message: Error::not_found(USER, key).message, ..error },
        _ => error,
    })
}

/// Creates a user, or brings back the one that was deleted and had the same address.
///
/// # Errors
/// `already-exists` with the id of the user that has the address; `partially-applied` when aliases failed afterwards.
pub fn create(api: &Api, edit: &CreateEdit) -> Result<Outcome, Error> {
    let email = edit.attributes.get("primaryEmail").and_then(Value::as_str).unwrap_or_default();
    if let Some(id) = restorable(api, email, &edit.attributes)? {
        return restore(api, &id, edit);
    }
    if !edit.attributes.contains_key(PASSWORD) {
        let advice = "Google creates no user without a password: declare `password = {}` for the target";
        return Err(Error::invalid_value(PASSWORD, advice));
    }
    let mut body = body_of(&Value::Null, &edit.attributes, &names_of(&edit.attributes))?;
    body["suspended"] = (edit.active == Some(false)).into();
    let made = api.write(Part::Users, Method::Post, "/users", Some(body));
    let made = made.map_err(|error| naming_the_owner(api, email, error))?;
    let id = made["id"].as_str().unwrap_or_default().to_owned();
    let aliases = edit.attributes.get("aliases");
    if aliases.is_none() {
        return Ok(Outcome::Done(Some(to_object(&made, false)?)));
    }
    change_aliases(api, &made, aliases).map_err(|error| {
        Error::partially_applied(format!("the user `{id}` was made, and not all of its aliases"), error.to_string())
    })?;
    Ok(Outcome::Done(state_after(api, &id)))
}

fn names_of(attributes: &Attributes) -> Vec<&str> {
    attributes.keys().map(String::as_str).collect()
}

/// The address of a user that is in the way may belong to a group, whose id means nothing to who wants a user.
fn naming_the_owner(api: &Api, email: &str, error: Error) -> Error {
    if !matches!(error.class, ErrorClass::AlreadyExists(_)) {
        return error;
    }
    let owner = read(api, email).ok().and_then(|shown| shown["id"].as_str().map(str::to_owned));
    let whose = if owner.is_some() { "a user" } else { "a group, an alias, or a user deleted a moment ago" };
    let message = format!("the address is taken by {whose}: {}", error.message);
    Error { class: ErrorClass::AlreadyExists(owner), message, ..error }
}

/// The id of a deleted user with this address and, where both have one, this employee id.
fn restorable(api: &Api, email: &str, wanted: &Attributes) -> Result<Option<String>, Error> {
    if !api.config.undelete {
        return Ok(None);
    }
    if api.deleted.borrow().is_none() {
        let query = [
            ("customer", api.config.customer.clone()),
            ("showDeleted", "true".to_owned()),
            ("projection", "full".to_owned()),
            ("maxResults", "500".to_owned()),
        ];
        let found = api.all(Part::Users, "/users", "users", &query)?;
        api.deleted.replace(Some(found));
    }
    let deleted = api.deleted.borrow();
    let same_person =
        |shown: &&Value| match (wanted.get("employeeNumber"), to_attributes(shown, false).get("employeeNumber")) {
            (Some(wanted), Some(had)) => wanted == had,
            _ => true,
        };
    let has_address =
        |shown: &&Value| shown["primaryEmail"].as_str().is_some_and(|had| had.eq_ignore_ascii_case(email));
    let found = deleted
        .iter()
        .flatten()
        .filter(has_address)
        .filter(same_person)
        .max_by_key(|shown| shown["deletionTime"].to_string());
    Ok(found.and_then(|shown| shown["id"].as_str()).map(str::to_owned))
}

/// Brings a user back and then makes it what it should be; it comes back as it was, which may be suspended.
fn restore(api: &Api, id: &str, edit: &CreateEdit) -> Result<Outcome, Error> {
    let unit = edit.attributes.get("orgUnitPath").and_then(Value::as_str).unwrap_or("/");
    let path = format!("{}/undelete", user_path(id));
    api.write(Part::Users, Method::Post, &path, Some(json!({"orgUnitPath": unit})))?;
    let finish = || -> Result<Object, Error> {
        let shown = read(api, id)?;
        let mut body = body_of(&shown, &edit.attributes, &names_of(&edit.attributes))?;
        body["suspended"] = (edit.active == Some(false)).into();
        let shown = api.write(Part::Users, Method::Put, &user_path(id), Some(body))?;
        change_aliases(api, &shown, edit.attributes.get("aliases"))?;
        to_object(&read(api, id)?, false)
    };
    let object = finish().map_err(|error| {
        let done = format!("the deleted user `{id}` was brought back, and is not yet what it should be");
        Error::partially_applied(done, error.to_string())
    })?;
    Ok(Outcome::Done(Some(object)))
}

/// Changes attributes: one read, one write of what differs, and one call for each alias.
///
/// # Errors
/// `not-found`, `invalid-value`, `already-exists`; `partially-applied` when aliases failed after the rest was written.
pub fn update(api: &Api, edit: &UpdateEdit) -> Result<Outcome, Error> {
    change(api, &edit.id, &edit.changes)
}

fn change(api: &Api, id: &str, changes: &[AttributeChange]) -> Result<Outcome, Error> {
    let shown = read(api, id)?;
    let mut wanted = to_attributes(&shown, false);
    let (secrets, others): (Vec<_>, Vec<_>) = changes.iter().partition(|change| change.attribute == PASSWORD);
    let others: Vec<AttributeChange> = others.into_iter().cloned().collect();
    let changed = apply_changes(&mut wanted, &others)?;
    if !changed && secrets.is_empty() {
        return Ok(Outcome::Unchanged(Some(to_object(&shown, false)?)));
    }
    if let Some(AttributeAction::Replace(slot)) = secrets.first().map(|change| &change.action) {
        wanted.insert(PASSWORD.to_owned(), slot.clone());
    }
    let names: Vec<&str> = changes.iter().map(|change| change.attribute.as_str()).collect();
    let body = body_of(&shown, &wanted, &names)?;
    let written = body.as_object().is_some_and(|body| !body.is_empty());
    let mut after = shown.clone();
    if written {
        after = api.write(Part::Users, Method::Put, &user_path(id), Some(body))?;
    }
    if !names.contains(&"aliases") {
        return Ok(Outcome::Done(to_object(&merged(&shown, after), false).ok()));
    }
    let none = json!([]);
    change_aliases(api, &after, Some(wanted.get("aliases").unwrap_or(&none))).map_err(|error| match written {
        true => Error::partially_applied("everything but the aliases was changed", error.to_string()),
        false => error,
    })?;
    Ok(Outcome::Done(state_after(api, id)))
}

/// The answer to a write may leave custom attributes out that it did not touch.
fn merged(before: &Value, mut after: Value) -> Value {
    if after["customSchemas"].is_null() && !before["customSchemas"].is_null() {
        after["customSchemas"] = before["customSchemas"].clone();
    }
    after
}

/// Gives a user exactly these aliases; with none named nothing is changed.
fn change_aliases(api: &Api, shown: &Value, wanted: Option<&Value>) -> Result<(), Error> {
    let Some(wanted) = wanted else { return Ok(()) };
    let id = shown["id"].as_str().unwrap_or_default();
    let folded = |list: &Value| -> BTreeSet<String> {
        list.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_lowercase).collect()
    };
    let (there, wanted) = (folded(&shown["aliases"]), folded(wanted));
    let path = format!("{}/aliases", user_path(id));
    for alias in there.difference(&wanted) {
        let gone = api.write(Part::Users, Method::Delete, &format!("{path}/{}", escape_segment(alias)), None);
        gone.map(|_| ()).or_else(|error| if error.is_not_found() { Ok(()) } else { Err(error) })?;
    }
    for alias in wanted.difference(&there) {
        api.write(Part::Users, Method::Post, &path, Some(json!({"alias": alias})))?;
    }
    Ok(())
}

/// The write is done, so that a failing read does not undo it.
fn state_after(api: &Api, id: &str) -> Option<Object> {
    read(api, id).and_then(|shown| to_object(&shown, false)).ok()
}

/// Suspends or restores a user.
///
/// # Errors
/// `not-found`; `invalid-value` where Google itself suspended the user.
pub fn set_active(api: &Api, edit: &SetActiveEdit) -> Result<Outcome, Error> {
    let shown = read(api, &edit.id)?;
    if (shown["suspended"] != true) == edit.active {
        return Ok(Outcome::Unchanged(Some(to_object(&shown, false)?)));
    }
    let body = json!({"suspended": !edit.active});
    let after = api.write(Part::Users, Method::Put, &user_path(&edit.id), Some(body)).map_err(|error| {
        let reason = shown["suspensionReason"].as_str().unwrap_or_default();
        if !edit.active || reason.is_empty() || reason == "ADMIN" || !matches!(error.class, ErrorClass::InvalidValue(_))
        {
            return error;
        }
        let message =
            format!("Google itself suspended the user ({reason}): restore it in the Admin console; {}", error.message);
        Error { message, ..error }
    })?;
    if !edit.active && api.config.sign_out {
        let path = format!("{}/signOut", user_path(&edit.id));
        api.write(Part::UserSecurity, Method::Post, &path, None).map_err(|error| {
            Error::partially_applied("the user was suspended, and its sessions were not ended", error.to_string())
        })?;
    }
    Ok(Outcome::Done(to_object(&merged(&shown, after), false).ok()))
}

/// Deletes a user, who can be brought back for 20 days.
///
/// # Errors
/// `permission-denied`.
pub fn delete(api: &Api, edit: &DeleteEdit) -> Result<Outcome, Error> {
    match api.write(Part::Users, Method::Delete, &user_path(&edit.id), None) {
        Ok(_) => Ok(Outcome::Done(None)),
        Err(error) if error.is_not_found() => Ok(Outcome::Unchanged(None)),
        Err(error) => Err(error),
    }
}

/// Sets a password from a secret slot.
///
/// # Errors
/// `not-found`, `invalid-value`.
pub fn set_password(api: &Api, edit: &SetPasswordEdit) -> Result<Outcome, Error> {
    let body = json!({PASSWORD: {"$slot": edit.slot}, "changePasswordAtNextLogin": edit.must_change});
    let shown = api.write(Part::Users, Method::Put, &user_path(&edit.id), Some(body))?;
    Ok(Outcome::Done(to_object(&shown, false).ok()))
}
