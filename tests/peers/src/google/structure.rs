//! Org units, custom schemas, admin roles and licences.

use super::refusal::{Answer, Refusal};
use super::state::{State, list};
use super::users;
use serde_json::{Value, json};
use std::collections::BTreeMap;

fn path_of(text: &str) -> String {
    format!("/{}", text.trim_start_matches('/'))
}

fn unit_key(state: &State, text: &str) -> Result<String, Refusal> {
    let by_id = state.org_units.iter().find(|(_, unit)| unit["orgUnitId"] == text).map(|(path, _)| path.clone());
    let path = by_id.unwrap_or_else(|| path_of(text));
    if state.org_units.contains_key(&path) { Ok(path) } else { Err(Refusal::not_found("Org unit not found")) }
}

/// `orgunits.list`; with `type=all` everything below.
pub fn list_units(state: &State, query: &BTreeMap<String, String>) -> Answer {
    let all = query.get("type").is_some_and(|kind| kind != "children");
    let top = path_of(query.get("orgUnitPath").map(String::as_str).unwrap_or_default());
    let below = |path: &str| {
        let rest = if top == "/" { path.strip_prefix('/') } else { path.strip_prefix(&format!("{top}/")) };
        rest.is_some_and(|rest| !rest.is_empty() && (all || !rest.contains('/')))
    };
    let units = state.org_units.iter().filter(|(path, _)| below(path)).map(|(_, unit)| unit.clone()).collect();
    Ok(Some(list("admin#directory#orgUnits", "organizationUnits", (units, None))))
}

/// `orgunits.get`.
pub fn get_unit(state: &State, key: &str) -> Answer {
    Ok(Some(state.org_units[&unit_key(state, key)?].clone()))
}

/// `orgunits.insert`.
pub fn insert_unit(state: &mut State, body: &Value) -> Answer {
    let name = body["name"].as_str().filter(|name| !name.is_empty() && !name.contains('/'));
    let name = name.ok_or_else(|| Refusal::invalid("Invalid Ou Id"))?;
    let parent = path_of(body["parentOrgUnitPath"].as_str().unwrap_or("/"));
    if parent != "/" && !state.org_units.contains_key(&parent) {
        return Err(Refusal::invalid("Invalid Parent Orgunit Id"));
    }
    let path = format!("{}/{name}", parent.trim_end_matches('/'));
    if state.org_units.contains_key(&path) {
        return Err(Refusal::new(400, "invalid", "Invalid Ou Id"));
    }
    let (id, etag) = (format!("id:unit{:06}", state.next()), state.etag());
    let unit = json!({
        "kind": "admin#directory#orgUnit", "etag": etag, "orgUnitId": id, "name": name, "orgUnitPath": path,
        "parentOrgUnitPath": parent, "description": body["description"].as_str().unwrap_or_default(),
    });
    state.org_units.insert(path, unit.clone());
    Ok(Some(unit))
}

/// `orgunits.update` and `orgunits.patch`: the description only.
pub fn update_unit(state: &mut State, key: &str, body: &Value) -> Answer {
    let path = unit_key(state, key)?;
    let Some(unit) = state.org_units.get_mut(&path) else { return Err(Refusal::not_found("Org unit not found")) };
    if let Some(text) = body["description"].as_str() {
        unit["description"] = text.into();
    }
    Ok(Some(unit.clone()))
}

/// `orgunits.delete`: only when nobody is in it.
pub fn delete_unit(state: &mut State, key: &str) -> Answer {
    let path = unit_key(state, key)?;
    let used = state.users.values().any(|user| user.deleted.is_none() && user.shown["orgUnitPath"] == path.as_str());
    if used {
        return Err(Refusal::precondition("conditionNotMet", "Org unit is not empty."));
    }
    state.org_units.remove(&path);
    Ok(None)
}

/// `schemas.list`.
pub fn list_schemas(state: &State) -> Answer {
    let schemas = state.schemas.values().cloned().collect();
    Ok(Some(list("admin#directory#schemas", "schemas", (schemas, None))))
}

/// `schemas.get`.
pub fn get_schema(state: &State, key: &str) -> Answer {
    let found = state.schemas.values().find(|schema| schema["schemaName"] == key || schema["schemaId"] == key);
    found.cloned().map(Some).ok_or_else(|| Refusal::not_found("schemaKey"))
}

/// `schemas.insert`.
pub fn insert_schema(state: &mut State, body: &Value) -> Answer {
    let name = body["schemaName"].as_str().ok_or_else(|| Refusal::invalid("schemaName"))?.to_owned();
    if state.schemas.contains_key(&name) {
        return Err(Refusal::duplicate());
    }
    let mut schema = body.clone();
    schema["kind"] = "admin#directory#schema".into();
    schema["schemaId"] = format!("schema-{}", state.next()).into();
    schema["etag"] = state.etag();
    state.schemas.insert(name, schema.clone());
    Ok(Some(schema))
}

/// `roles.list`.
pub fn list_roles(state: &State, query: &BTreeMap<String, String>) -> Answer {
    let roles = state.roles.iter().map(|(id, role)| (id.clone(), role.clone())).collect();
    Ok(Some(list("admin#directory#roles", "items", state.page(roles, query, 100)?)))
}

/// `roles.get`.
pub fn get_role(state: &State, id: &str) -> Answer {
    state.roles.get(id).cloned().map(Some).ok_or_else(|| Refusal::not_found("roleId"))
}

/// `roleAssignments.list`.
pub fn list_assignments(state: &State, query: &BTreeMap<String, String>) -> Answer {
    let user = query.get("userKey").and_then(|key| state.user_id(key));
    let found = state.role_assignments.iter().filter(|(_, assignment)| {
        query.get("roleId").is_none_or(|role| assignment["roleId"] == role.as_str())
            && (!query.contains_key("userKey") || user.as_deref() == assignment["assignedTo"].as_str())
    });
    let found = found.map(|(id, assignment)| (id.clone(), assignment.clone())).collect();
    Ok(Some(list("admin#directory#roleAssignments", "items", state.page(found, query, 100)?)))
}

/// `roleAssignments.insert`.
pub fn insert_assignment(state: &mut State, body: &Value) -> Answer {
    let role = body["roleId"].as_str().filter(|role| state.roles.contains_key(*role));
    let role = role.ok_or_else(|| Refusal::invalid("roleId"))?.to_owned();
    let user = users::find(state, body["assignedTo"].as_str().unwrap_or_default())?;
    let same = |known: &Value| known["roleId"] == role.as_str() && known["assignedTo"] == user.as_str();
    if state.role_assignments.values().any(same) {
        return Err(Refusal::new(500, "backendError", "Role assignment exists"));
    }
    let id = (1_000 + state.next()).to_string();
    let assignment = json!({
        "kind": "admin#directory#roleAssignment", "roleAssignmentId": id, "roleId": role, "assignedTo": user,
        "assigneeType": "user", "scopeType": body["scopeType"].as_str().unwrap_or("CUSTOMER"),
    });
    state.role_assignments.insert(id, assignment.clone());
    Ok(Some(assignment))
}

/// `roleAssignments.delete`.
pub fn delete_assignment(state: &mut State, id: &str) -> Answer {
    state.role_assignments.remove(id).map(|_| None).ok_or_else(|| Refusal::not_found("roleAssignmentId"))
}

fn assignment(state: &State, user: &str, product: &str, sku: &str) -> Value {
    json!({
        "kind": "licensing#licenseAssignment", "userId": state.users[user].shown["primaryEmail"], "productId": product,
        "skuId": sku, "selfLink": "", "productName": product, "skuName": sku, "etags": "\"licence\"",
    })
}

/// `licenseAssignments.listForProduct` and `listForProductAndSku`.
pub fn list_licences(state: &State, product: &str, sku: Option<&str>, query: &BTreeMap<String, String>) -> Answer {
    if query.get("customerId").is_none_or(|customer| customer == "my_customer") {
        return Err(Refusal::new(400, "invalid", "Invalid value for: customerId"));
    }
    let there = state.licences.iter().filter(|((_, of), held)| of == product && sku.is_none_or(|sku| sku == *held));
    let found = there.map(|((user, _), sku)| (user.clone(), assignment(state, user, product, sku))).collect();
    Ok(Some(list("licensing#licenseAssignmentList", "items", state.page(found, query, 100)?)))
}

/// `licenseAssignments.get`.
pub fn get_licence(state: &State, product: &str, sku: &str, user: &str) -> Answer {
    let user = users::find(state, user)?;
    match state.licences.get(&(user.clone(), product.to_owned())) {
        Some(held) if held == sku => Ok(Some(assignment(state, &user, product, sku))),
        _ => Err(Refusal::not_found("userId")),
    }
}

/// Gives a licence, or another one of the same product where `from` is held.
pub fn assign(state: &mut State, product: &str, sku: &str, user: &str, from: Option<&str>) -> Answer {
    let user = users::find(state, user)?;
    let key = (user.clone(), product.to_owned());
    let held = state.licences.get(&key).map(String::as_str);
    match (held, from) {
        (Some(held), None) if held == sku => return Err(Refusal::duplicate()),
        (Some(_), None) => {
            return Err(Refusal::precondition(
                "conditionNotMet",
                "User already has a license for the specified product and SKU.",
            ));
        }
        (held, Some(from)) if held != Some(from) => return Err(Refusal::not_found("userId")),
        _ => {}
    }
    let seats = state.behaviour.seats.get(&format!("{product}/{sku}")).copied();
    let seats = seats.ok_or_else(|| Refusal::new(400, "invalid", "Invalid value for: skuId"))?;
    let used = state.licences.iter().filter(|((_, of), held)| of == product && *held == sku).count();
    if used >= seats {
        return Err(Refusal::precondition(
            "conditionNotMet",
            "There aren't enough available licenses for the specified product-SKU pair.",
        ));
    }
    state.licences.insert(key, sku.to_owned());
    Ok(Some(assignment(state, &user, product, sku)))
}

/// `licenseAssignments.delete`.
pub fn unassign(state: &mut State, product: &str, sku: &str, user: &str) -> Answer {
    get_licence(state, product, sku, user)?;
    let user = users::find(state, user)?;
    state.licences.remove(&(user, product.to_owned()));
    Ok(Some(json!({})))
}
