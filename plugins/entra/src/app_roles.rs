//! App roles: the roles of the configured enterprise applications, and who has them. An id is `application/role`.

use crate::batch::Item;
use crate::graph::{Graph, quoted};
use crate::paging::page_of;
use purser_sdk::http::escape_segment;
use purser_sdk::serde_json::{Value, json};
use purser_sdk::{Attributes, EntitlementEdit, Error, Object, Page, SearchRequest};
use std::collections::BTreeSet;

const CLASS: &str = "app-role";
/// The role of applications that have none.
const DEFAULT_ROLE: &str = "00000000-0000-0000-0000-000000000000";

/// One page of roles.
///
/// # Errors
/// As Graph says; `invalid-config` where an application is not there.
pub fn search(graph: &Graph, request: &SearchRequest) -> Result<Page, Error> {
    page_of(all(graph)?, request, |object| completed(graph, object))
}

/// One role.
///
/// # Errors
/// `not-found`, and as [`search`].
pub fn get(graph: &Graph, id: &str) -> Result<Object, Error> {
    let found = all(graph)?.into_iter().find(|object| object.id == id);
    completed(graph, found.ok_or_else(|| Error::not_found(CLASS, id))?)
}

/// All roles, without who has them.
///
/// # Errors
/// As [`search`].
pub fn all(graph: &Graph) -> Result<Vec<Object>, Error> {
    let mut objects = Vec::new();
    for name in &graph.config.app_roles {
        let filter = format!("displayName eq {}", quoted(name));
        let query = [("$filter", filter), ("$select", "id,displayName,appRoles".to_owned())];
        let found = graph.read_all("/servicePrincipals", &query)?;
        let [application] = found.as_slice() else {
            return Err(Error::invalid_config(format!(
                "`app_roles`: there are {} enterprise applications called `{name}`; one is expected",
                found.len()
            )));
        };
        objects.extend(roles_of(application, name));
    }
    Ok(objects)
}

fn roles_of(application: &Value, name: &str) -> Vec<Object> {
    let id = application["id"].as_str().unwrap_or_default();
    let of_users = |role: &&Value| {
        role["isEnabled"] != false
            && role["allowedMemberTypes"].as_array().is_some_and(|whom| whom.contains(&json!("User")))
    };
    let roles = application["appRoles"].as_array().into_iter().flatten().filter(of_users);
    let mut found: Vec<Object> = roles.filter_map(|role| object(id, name, role)).collect();
    if found.is_empty() {
        found.extend(object(id, name, &json!({"id": DEFAULT_ROLE, "displayName": "Default Access"})));
    }
    found
}

fn object(application: &str, name: &str, role: &Value) -> Option<Object> {
    let shown = role["displayName"].as_str()?;
    let value = role["value"].as_str().filter(|value| !value.is_empty()).unwrap_or(shown);
    let mut attributes = Attributes::new();
    attributes.insert("name".to_owned(), format!("{name}/{value}").into());
    attributes.insert("application".to_owned(), name.into());
    attributes.insert("displayName".to_owned(), shown.into());
    Some(Object::new(format!("{application}/{}", role["id"].as_str()?), attributes))
}

/// Adds the users that have the role.
fn completed(graph: &Graph, mut object: Object) -> Result<Object, Error> {
    let (application, role) = parts(&object.id)?;
    let path = format!("/servicePrincipals/{}/appRoleAssignedTo", escape_segment(application));
    let held = graph.read_all(&path, &[("$top", "999".to_owned())])?;
    let users = held.iter().filter(|held| held["principalType"] == "User" && held["appRoleId"] == role);
    let members: BTreeSet<&str> = users.filter_map(|held| held["principalId"].as_str()).collect();
    if !members.is_empty() {
        object.attributes.insert("members".to_owned(), members.into_iter().map(Value::from).collect());
    }
    Ok(object)
}

fn parts(id: &str) -> Result<(&str, &str), Error> {
    id.split_once('/').ok_or_else(|| Error::not_found(CLASS, id))
}

/// The write that assigns a role.
///
/// # Errors
/// `not-found` where the id is none of a role.
pub fn grant(edit: &EntitlementEdit) -> Result<Item, Error> {
    let (application, role) = parts(&edit.entitlement)?;
    let path = format!("/servicePrincipals/{}/appRoleAssignedTo", escape_segment(application));
    let body = json!({"principalId": edit.id, "resourceId": application, "appRoleId": role});
    Ok(Item { method: "POST", path, body })
}

/// The assignment of a role to a user; none where it is not held.
///
/// # Errors
/// As Graph says.
pub fn assignment(graph: &Graph, edit: &EntitlementEdit) -> Result<Option<String>, Error> {
    let (application, role) = parts(&edit.entitlement)?;
    let path = format!("/users/{}/appRoleAssignments", escape_segment(&edit.id));
    let held = match graph.read_all(&path, &[("$top", "999".to_owned())]) {
        Ok(held) => held,
        Err(error) if error.is_not_found() => return Ok(None),
        Err(error) => return Err(error),
    };
    let found = held.iter().find(|held| held["resourceId"] == application && held["appRoleId"] == role);
    Ok(found.and_then(|held| held["id"].as_str()).map(str::to_owned))
}

/// The write that takes a role away; none where it is not held.
///
/// # Errors
/// As [`assignment`].
pub fn revoke(graph: &Graph, edit: &EntitlementEdit) -> Result<Option<Item>, Error> {
    let (application, _) = parts(&edit.entitlement)?;
    let held = assignment(graph, edit)?;
    Ok(held.map(|id| {
        let application = escape_segment(application);
        let path = format!("/servicePrincipals/{application}/appRoleAssignedTo/{}", escape_segment(&id));
        Item { method: "DELETE", path, body: Value::Null }
    }))
}
