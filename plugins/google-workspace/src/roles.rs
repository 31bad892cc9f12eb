//! Admin roles and who has them in the whole organisation.

use crate::access::Part;
use crate::api::Api;
use purser_sdk::http::{Method, escape_segment};
use purser_sdk::serde_json::{Value, json};
use purser_sdk::{Attributes, EntitlementEdit, Error, ErrorClass, Object, Outcome};

/// All roles.
///
/// # Errors
/// As [`Api::all`].
pub fn all(api: &Api) -> Result<Vec<Object>, Error> {
    let most = [("maxResults", "100".to_owned())];
    let roles = api.all(Part::Roles, &api.customer_path("roles"), "items", &most)?;
    let assignments = assignments(api, &[])?;
    Ok(roles.iter().map(|role| to_object(role, &assignments)).collect())
}

/// One role.
///
/// # Errors
/// `not-found`.
pub fn get(api: &Api, id: &str) -> Result<Object, Error> {
    let role = api.read(Part::Roles, &format!("{}/{}", api.customer_path("roles"), escape_segment(id)), &[])?;
    Ok(to_object(&role, &assignments(api, &[("roleId", id.to_owned())])?))
}

fn assignments(api: &Api, query: &[(&str, String)]) -> Result<Vec<Value>, Error> {
    let mut query = query.to_vec();
    query.push(("maxResults", "200".to_owned()));
    api.all(Part::Roles, &api.customer_path("roleassignments"), "items", &query)
}

fn to_object(role: &Value, assignments: &[Value]) -> Object {
    let id = role["roleId"].as_str().unwrap_or_default();
    let mut attributes = Attributes::new();
    for name in ["roleName", "roleDescription", "isSuperAdminRole"] {
        if !role[name].is_null() {
            attributes.insert(name.to_owned(), role[name].clone());
        }
    }
    let mut members: Vec<&str> = assignments
        .iter()
        .filter(|one| one["roleId"] == id && is_everywhere(one))
        .filter(|one| !one["assigneeType"].as_str().is_some_and(|kind| kind.eq_ignore_ascii_case("group")))
        .filter_map(|one| one["assignedTo"].as_str())
        .collect();
    members.sort_unstable();
    members.dedup();
    if !members.is_empty() {
        attributes.insert("members".to_owned(), members.into());
    }
    Object::new(id, attributes)
}

fn is_everywhere(assignment: &Value) -> bool {
    assignment["scopeType"].as_str().is_none_or(|scope| scope == "CUSTOMER")
}

/// The assignment of a role to a user, looked up first: Google answers a second one with 500.
fn held(api: &Api, edit: &EntitlementEdit) -> Result<Option<String>, Error> {
    let found = assignments(api, &[("userKey", edit.id.clone())])?;
    let found = found.iter().find(|one| one["roleId"] == edit.entitlement.as_str() && is_everywhere(one));
    Ok(found.and_then(|one| one["roleAssignmentId"].as_str()).map(str::to_owned))
}

/// Gives a role.
///
/// # Errors
/// `invalid-value`, `not-found`.
pub fn grant(api: &Api, edit: &EntitlementEdit) -> Result<Outcome, Error> {
    if held(api, edit)?.is_some() {
        return Ok(Outcome::Unchanged(None));
    }
    let body = json!({"roleId": edit.entitlement, "assignedTo": edit.id, "scopeType": "CUSTOMER"});
    match api.write(Part::Roles, Method::Post, &api.customer_path("roleassignments"), Some(body)) {
        Ok(_) => Ok(Outcome::Done(None)),
        Err(error) if matches!(error.class, ErrorClass::AlreadyExists(_)) => Ok(Outcome::Unchanged(None)),
        Err(error) => Err(error),
    }
}

/// Takes a role away. A user that is gone has none.
///
/// # Errors
/// `permission-denied`.
pub fn revoke(api: &Api, edit: &EntitlementEdit) -> Result<Outcome, Error> {
    let assignment = match held(api, edit) {
        Err(error) if error.is_not_found() => None,
        other => other?,
    };
    let Some(assignment) = assignment else { return Ok(Outcome::Unchanged(None)) };
    let path = format!("{}/{}", api.customer_path("roleassignments"), escape_segment(&assignment));
    match api.write(Part::Roles, Method::Delete, &path, None) {
        Ok(_) => Ok(Outcome::Done(None)),
        Err(error) if error.is_not_found() => Ok(Outcome::Unchanged(None)),
        Err(error) => Err(error),
    }
}
