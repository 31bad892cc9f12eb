//! Licences, directory roles and app roles.

use super::answer::{Answer, Asked};
use super::directory::Directory;
use super::permissions;
use super::query::{Condition, conditions};
use serde_json::{Value, json};

/// `GET /subscribedSkus`.
pub fn skus(directory: &Directory) -> Answer {
    let value = directory.skus.iter().map(|(id, sku)| {
        let plans: Vec<Value> = sku.plans.iter().map(|(plan, name)| json!({
            "servicePlanId": plan, "servicePlanName": name, "provisioningStatus": "Success", "appliesTo": "User",
        })).collect();
        json!({
            "id": format!("tenant_{id}"), "skuId": id, "skuPartNumber": sku.name, "capabilityStatus": "Enabled",
            "appliesTo": "User", "consumedUnits": directory.consumed(id), "servicePlans": plans,
            "prepaidUnits": {"enabled": sku.seats, "suspended": 0, "warning": 0},
        })
    });
    Answer::ok(json!({"value": value.collect::<Value>()}))
}

/// `/roleManagement/directory/...`.
pub fn roles(directory: &mut Directory, asked: &Asked) -> Answer {
    let path: Vec<&str> = asked.path.iter().skip(2).map(String::as_str).collect();
    match (asked.method.as_str(), path.as_slice()) {
        ("GET", ["roleDefinitions"]) => {
            let value = directory.roles.iter().map(|(id, name)| role(id, name));
            Answer::ok(json!({"value": value.collect::<Value>()}))
        }
        ("GET", ["roleDefinitions", id]) => match directory.roles.get(*id) {
            Some(name) => Answer::ok(role(id, name)),
            None => Answer::no_object(id),
        },
        ("GET", ["roleAssignments"]) => {
            let Some(wanted) = asked.field("$filter").and_then(conditions) else {
                return Answer::bad(
                    "The filter is missing or not supported: roleDefinitionId or principalId is required.",
                );
            };
            let fits = |principal: &str, definition: &str| {
                wanted.iter().all(|condition| match condition {
                    Condition::OneOf(name, values) if name == "principalId" => values.contains(&json!(principal)),
                    Condition::OneOf(name, values) if name == "roleDefinitionId" => values.contains(&json!(definition)),
                    _ => false,
                })
            };
            let held = directory.role_assignments.iter().filter(|(_, (who, what))| fits(who, what));
            let expanded = asked.field("$expand").is_some_and(|expand| expand.starts_with("principal"));
            let value = held.map(|(id, (who, what))| {
                let mut shown = assignment(id, who, what);
                if expanded {
                    shown["principal"] = directory.as_member(who);
                }
                shown
            });
            Answer::ok(json!({"value": value.collect::<Value>()}))
        }
        ("POST", ["roleAssignments"]) => assign_role(directory, &asked.body),
        ("DELETE", ["roleAssignments", id]) => match directory.role_assignments.remove(*id) {
            Some(_) => Answer::empty(),
            None => Answer::no_object(id),
        },
        _ => Answer::error(405, "Request_BadRequest", "The method is not allowed."),
    }
}

fn role(id: &str, name: &str) -> Value {
    json!({"id": id, "displayName": name, "isBuiltIn": true, "isEnabled": true, "templateId": id})
}

fn assignment(id: &str, principal: &str, definition: &str) -> Value {
    json!({"id": id, "principalId": principal, "roleDefinitionId": definition, "directoryScopeId": "/"})
}

fn assign_role(directory: &mut Directory, body: &Value) -> Answer {
    let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
    let held = (text("principalId"), text("roleDefinitionId"));
    if !directory.has(&held.0) || directory.is_unseen(&held.0) {
        return Answer::no_object(&held.0);
    }
    if !directory.roles.contains_key(&held.1) {
        return Answer::no_object(&held.1);
    }
    if directory.role_assignments.values().any(|other| *other == held) {
        return Answer::error(
            400,
            "RoleAssignmentExists",
            "A conflicting object with one or more of the specified property values is present in the directory.",
        );
    }
    let id = directory.new_id();
    let answer = Answer::created(assignment(&id, &held.0, &held.1));
    directory.role_assignments.insert(id, held);
    answer
}

/// `/servicePrincipals`, its `appRoleAssignedTo`.
pub fn applications(directory: &mut Directory, asked: &Asked) -> Answer {
    let path: Vec<&str> = asked.path.iter().skip(1).map(String::as_str).collect();
    match (asked.method.as_str(), path.as_slice()) {
        ("GET", []) => {
            let Some(wanted) = asked.field("$filter").map_or(Some(Vec::new()), conditions) else {
                return Answer::error(400, "Request_UnsupportedQuery", "Unsupported or invalid query filter clause.");
            };
            let fits = |shown: &Value| {
                wanted.iter().all(|condition| match condition {
                    Condition::OneOf(name, values) => values.contains(&shown[name]),
                    Condition::StartsWith(..) => false,
                })
            };
            let shown = directory.applications.keys().map(|id| application(directory, id));
            let shown = shown.chain([permissions::own(), permissions::graph()]);
            Answer::ok(json!({"value": shown.filter(fits).collect::<Value>()}))
        }
        ("GET", [permissions::OWN_ID, "appRoleAssignments"]) => Answer::ok(permissions::granted(directory)),
        ("GET", [id]) if directory.applications.contains_key(*id) => Answer::ok(application(directory, id)),
        ("GET", [id, "appRoleAssignedTo"]) if directory.applications.contains_key(*id) => {
            let held = directory.app_roles.iter().filter(|(_, (_, application, _))| application == id);
            Answer::ok(json!({"value": held.map(|(id, held)| app_role(id, held)).collect::<Value>()}))
        }
        ("POST", [_, "appRoleAssignedTo"]) => assign_app_role(directory, &asked.body),
        ("DELETE", [_, "appRoleAssignedTo", id]) => match directory.app_roles.remove(*id) {
            Some(_) => Answer::empty(),
            None => Answer::no_object(id),
        },
        _ => Answer::no_object(path.first().unwrap_or(&"")),
    }
}

fn application(directory: &Directory, id: &str) -> Value {
    let (name, roles) = &directory.applications[id];
    let roles: Vec<Value> = roles
        .iter()
        .map(|(id, value)| {
            json!({
                "id": id, "displayName": value, "value": value, "isEnabled": true, "allowedMemberTypes": ["User"],
            })
        })
        .collect();
    json!({"id": id, "displayName": name, "appRoles": roles})
}

fn app_role(id: &str, (principal, application, role): &(String, String, String)) -> Value {
    json!({"id": id, "principalId": principal, "resourceId": application, "appRoleId": role, "principalType": "User"})
}

/// `GET /users/{id}/appRoleAssignments`.
pub fn app_roles_of(directory: &Directory, user: &str) -> Answer {
    let held = directory.app_roles.iter().filter(|(_, (principal, ..))| principal == user);
    Answer::ok(json!({"value": held.map(|(id, held)| app_role(id, held)).collect::<Value>()}))
}

fn assign_app_role(directory: &mut Directory, body: &Value) -> Answer {
    let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
    let held = (text("principalId"), text("resourceId"), text("appRoleId"));
    if !directory.has(&held.0) || directory.is_unseen(&held.0) {
        return Answer::bad("Not a valid reference update.");
    }
    if directory.app_roles.values().any(|other| *other == held) {
        let message = "Permission being assigned already exists on the object";
        return Answer::detailed(400, "Request_BadRequest", message, &[("InvalidUpdate", "id")]);
    }
    let id = directory.new_id();
    let answer = Answer::created(app_role(&id, &held));
    directory.app_roles.insert(id, held);
    answer
}
