//! Directory roles: definitions, and assignments of them for the whole tenant.

use crate::batch::Item;
use crate::graph::{Graph, quoted};
use crate::paging::page_of;
use purser_sdk::http::escape_segment;
use purser_sdk::serde_json::{Value, json};
use purser_sdk::{Attributes, EntitlementEdit, Error, Object, Page, SearchRequest};
use std::collections::BTreeSet;

const DEFINITIONS: &str = "/roleManagement/directory/roleDefinitions";
const ASSIGNMENTS: &str = "/roleManagement/directory/roleAssignments";

/// One page of roles. Graph gives assignments by role only, so that each role costs a request.
///
/// # Errors
/// As Graph says.
pub fn search(graph: &Graph, request: &SearchRequest) -> Result<Page, Error> {
    let shown = graph.read_all(DEFINITIONS, &[("$select", "id,displayName,isEnabled".to_owned())])?;
    let enabled = shown.iter().filter(|shown| shown["isEnabled"] != false);
    page_of(enabled.filter_map(object).collect(), request, |object| completed(graph, object))
}

/// One role.
///
/// # Errors
/// `not-found`, and as Graph says.
pub fn get(graph: &Graph, id: &str) -> Result<Object, Error> {
    let path = format!("{DEFINITIONS}/{}", escape_segment(id));
    let shown = graph.read(&path, &[("$select", "id,displayName".to_owned())])?;
    let role = object(&shown).ok_or_else(|| Error::defect("Graph showed a role without id"))?;
    completed(graph, role)
}

fn object(shown: &Value) -> Option<Object> {
    let mut attributes = Attributes::new();
    attributes.insert("displayName".to_owned(), shown["displayName"].as_str()?.into());
    Some(Object::new(shown["id"].as_str()?, attributes))
}

/// Adds the users that have the role.
fn completed(graph: &Graph, mut role: Object) -> Result<Object, Error> {
    let query = [
        ("$filter", format!("roleDefinitionId eq {}", quoted(&role.id))),
        ("$expand", "principal($select=id)".to_owned()),
    ];
    let held = graph.read_all(ASSIGNMENTS, &query)?;
    let users = held.iter().filter(|held| {
        is_of_tenant(held) && held["principal"]["@odata.type"].as_str().is_none_or(|kind| kind.ends_with(".user"))
    });
    let members: BTreeSet<&str> = users.filter_map(|held| held["principalId"].as_str()).collect();
    if !members.is_empty() {
        role.attributes.insert("members".to_owned(), members.into_iter().map(Value::from).collect());
    }
    Ok(role)
}

/// An assignment for a part of the tenant is another thing, and stays.
fn is_of_tenant(held: &Value) -> bool {
    held["directoryScopeId"].as_str().is_none_or(|scope| scope == "/")
}

/// The write that assigns a role.
pub fn grant(edit: &EntitlementEdit) -> Item {
    let body = json!({"principalId": edit.id, "roleDefinitionId": edit.entitlement, "directoryScopeId": "/"});
    Item { method: "POST", path: ASSIGNMENTS.to_owned(), body }
}

/// The write that takes a role away; none where it is not held.
///
/// # Errors
/// As Graph says.
pub fn revoke(graph: &Graph, edit: &EntitlementEdit) -> Result<Option<Item>, Error> {
    let filter = format!("principalId eq {}", quoted(&edit.id));
    let held = graph.read_all(ASSIGNMENTS, &[("$filter", filter)])?;
    let is = |held: &&Value| held["roleDefinitionId"].as_str() == Some(edit.entitlement.as_str()) && is_of_tenant(held);
    let id = held.iter().find(is).and_then(|held| held["id"].as_str());
    Ok(id.map(|id| Item { method: "DELETE", path: format!("{ASSIGNMENTS}/{}", escape_segment(id)), body: Value::Null }))
}
