//! Application permissions: which the application was granted, and what each request needs.

use super::directory::Directory;
use serde_json::{Value, json};

/// The id of the application's own service principal.
pub const OWN_ID: &str = "cccccccc-0000-4000-8000-000000000001";
/// The id of the service principal of Microsoft Graph.
const GRAPH_ID: &str = "cccccccc-0000-4000-8000-000000000002";
/// Microsoft Graph's application id, the same in all tenants.
const GRAPH_APP: &str = "00000003-0000-0000-c000-000000000000";

/// The permissions that there are, in an order that gives each its id.
const ALL: [&str; 12] = [
    "User.ReadWrite.All",
    "Group.ReadWrite.All",
    "User.EnableDisableAccount.All",
    "User.RevokeSessions.All",
    "User-PasswordProfile.ReadWrite.All",
    "User.DeleteRestore.All",
    "LicenseAssignment.ReadWrite.All",
    "Organization.Read.All",
    "RoleManagement.ReadWrite.Directory",
    "AppRoleAssignment.ReadWrite.All",
    "Application.Read.All",
    "Directory.ReadWrite.All",
];

fn id(place: usize) -> String {
    format!("dddddddd-0000-4000-8000-{place:012x}")
}

/// The permission that a request needs.
pub fn needed(method: &str, path: &[&str]) -> Option<&'static str> {
    Some(match (method, path) {
        ("POST", ["users", _, "assignLicense"]) => "LicenseAssignment.ReadWrite.All",
        ("POST", ["users", _, "revokeSignInSessions"]) => "User.RevokeSessions.All",
        ("GET", ["users", _, "appRoleAssignments"]) | ("GET", ["servicePrincipals", ..]) => "Application.Read.All",
        (_, ["servicePrincipals", ..]) => "AppRoleAssignment.ReadWrite.All",
        ("POST" | "DELETE", ["directory", "deletedItems", ..]) => "User.DeleteRestore.All",
        (_, ["users", ..] | ["directory", "deletedItems", ..]) => "User.ReadWrite.All",
        (_, ["groups", ..]) => "Group.ReadWrite.All",
        (_, ["subscribedSkus"]) => "Organization.Read.All",
        (_, ["roleManagement", ..]) => "RoleManagement.ReadWrite.Directory",
        _ => return None,
    })
}

/// The application's own service principal.
pub fn own() -> Value {
    json!({"id": OWN_ID, "appId": super::CLIENT, "displayName": "Purser", "appRoles": []})
}

/// Microsoft Graph's service principal: its roles are the permissions.
pub fn graph() -> Value {
    let roles = ALL.iter().enumerate().map(|(place, name)| {
        json!({
            "id": id(place), "value": name, "displayName": name, "isEnabled": true, "allowedMemberTypes": ["Application"],
        })
    });
    json!({"id": GRAPH_ID, "appId": GRAPH_APP, "displayName": "Microsoft Graph", "appRoles": roles.collect::<Value>()})
}

/// What was granted to the application. The widest one never is.
pub fn granted(directory: &Directory) -> Value {
    let given = ALL.iter().enumerate().filter(|(_, name)| **name != "Directory.ReadWrite.All");
    let given = given.filter(|(_, name)| !directory.missing_permissions.contains(**name));
    let shown = given.map(|(place, _)| {
        json!({
            "id": format!("granted-{place}"), "appRoleId": id(place), "principalId": OWN_ID, "resourceId": GRAPH_ID,
            "principalType": "ServicePrincipal",
        })
    });
    json!({"value": shown.collect::<Value>()})
}
