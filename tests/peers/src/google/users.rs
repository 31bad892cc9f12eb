//! Users and their aliases.

use super::refusal::{Answer, Refusal};
use super::state::{Named, RESTORABLE, State, User, list};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

const READ_ONLY: [&str; 9] =
    ["id", "etag", "kind", "customerId", "isAdmin", "isDelegatedAdmin", "aliases", "creationTime", "lastLoginTime"];
/// What a PATCH cannot clear.
const REPEATED: [&str; 8] =
    ["emails", "externalIds", "relations", "addresses", "organizations", "phones", "locations", "languages"];

/// `users.list`.
pub fn list_users(state: &State, query: &BTreeMap<String, String>) -> Answer {
    if query.contains_key("customer") == query.contains_key("domain") {
        return Err(Refusal::new(400, "badRequest", "Bad Request"));
    }
    let deleted = query.get("showDeleted").is_some_and(|text| text == "true");
    let full = query.get("projection").is_some_and(|projection| projection == "full");
    let mut found = Vec::new();
    for (id, user) in &state.users {
        let there = if deleted { user.deleted.is_some_and(|at| restorable(state, at)) } else { user.deleted.is_none() };
        if there && state.is_visible(user.created) && matches(&user.shown, query.get("query"))? {
            found.push((id.clone(), shown(&user.shown, full)));
        }
    }
    Ok(Some(list("admin#directory#users", "users", state.page(found, query, 100)?)))
}

fn shown(user: &Map<String, Value>, full: bool) -> Value {
    let mut user = user.clone();
    if !full {
        user.remove("customSchemas");
    }
    user.into()
}

fn restorable(state: &State, deleted: Duration) -> bool {
    state.now < deleted + RESTORABLE
}

/// The clauses that are understood: `email=`, `email:PREFIX*`, `externalId=`, `isSuspended=`, `orgUnitPath=`.
fn matches(user: &Map<String, Value>, query: Option<&String>) -> Result<bool, Refusal> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_lowercase();
    for clause in query.map(String::as_str).unwrap_or_default().split_whitespace() {
        let (name, value) = clause.split_once(['=', ':']).ok_or_else(|| Refusal::invalid("query"))?;
        let value = value.trim_matches('\'').to_lowercase();
        let fits = match name {
            "email" => match value.strip_suffix('*') {
                Some(prefix) => text(&user["primaryEmail"]).starts_with(prefix),
                None => text(&user["primaryEmail"]) == value,
            },
            "externalId" => {
                let ids = user.get("externalIds").and_then(Value::as_array);
                ids.is_some_and(|ids| ids.iter().any(|id| text(&id["value"]) == value))
            }
            "isSuspended" => user["suspended"].as_bool() == Some(value == "true"),
            "orgUnitPath" => text(&user["orgUnitPath"]) == value,
            _ => return Err(Refusal::invalid("query")),
        };
        if !fits {
            return Ok(false);
        }
    }
    Ok(true)
}

/// `users.get`.
pub fn get(state: &State, key: &str, query: &BTreeMap<String, String>) -> Answer {
    let id = find(state, key)?;
    let user = &state.users[&id];
    if state.now < user.created + state.behaviour.key_lag {
        return Err(Refusal::not_found("userKey"));
    }
    Ok(Some(shown(&user.shown, query.get("projection").is_some_and(|projection| projection == "full"))))
}

/// The id of a user that is there.
///
/// # Errors
/// 404.
pub fn find(state: &State, key: &str) -> Result<String, Refusal> {
    state.user_id(key).ok_or_else(|| Refusal::not_found("userKey"))
}

/// `users.insert`.
pub fn insert(state: &mut State, body: &Value) -> Answer {
    for (pointer, name) in [
        ("/primaryEmail", "primary_user_email"),
        ("/name/givenName", "given_name"),
        ("/name/familyName", "family_name"),
        ("/password", "password"),
    ] {
        if body.pointer(pointer).and_then(Value::as_str).is_none_or(str::is_empty) {
            return Err(Refusal::new(400, "required", format!("Missing required field: {name}")));
        }
    }
    let address = body["primaryEmail"].as_str().unwrap_or_default();
    check(state, body)?;
    if state.named(address).is_some() {
        return Err(Refusal::duplicate());
    }
    if state.users.values().filter(|user| user.deleted.is_none()).count() >= state.behaviour.user_limit {
        return Err(Refusal::precondition("limitExceeded", "Domain user limit reached."));
    }
    let id = format!("1{:020}", state.next());
    let mut user = User { shown: fresh(&id), created: state.now, deleted: None, passwords: 0, sign_outs: 0 };
    let etag = state.etag();
    write(&mut user, body, true, etag);
    let answer = Value::Object(user.shown.clone());
    state.users.insert(id, user);
    Ok(Some(answer))
}

fn fresh(id: &str) -> Map<String, Value> {
    let shown = json!({
        "kind": "admin#directory#user", "id": id, "customerId": "C0000example", "isAdmin": false,
        "isDelegatedAdmin": false, "suspended": false, "archived": false, "orgUnitPath": "/",
        "creationTime": "2026-01-01T00:00:00.000Z", "lastLoginTime": "1970-01-01T00:00:00.000Z",
        "agreedToTerms": false, "isMailboxSetup": true, "includeInGlobalAddressList": true,
        "changePasswordAtNextLogin": false,
    });
    shown.as_object().cloned().unwrap_or_default()
}

fn check(state: &State, body: &Value) -> Result<(), Refusal> {
    if let Some(address) = body["primaryEmail"].as_str()
        && !address.contains('@')
    {
        return Err(Refusal::invalid("primary_user_email"));
    }
    if let Some(password) = body["password"].as_str()
        && (!(8..=100).contains(&password.len()) || !password.is_ascii())
    {
        return Err(Refusal::new(400, "invalid", "Invalid Password"));
    }
    for (pointer, text) in [("/name/givenName", "GivenName"), ("/name/familyName", "FamilyName")] {
        if body
            .pointer(pointer)
            .and_then(Value::as_str)
            .is_some_and(|name| name.chars().count() > 60 || name.contains('<'))
        {
            return Err(Refusal::new(400, "invalid", format!("Invalid Given/Family Name: {text}")));
        }
    }
    if let Some(path) = body["orgUnitPath"].as_str()
        && path != "/"
        && !state.org_units.contains_key(path)
    {
        return Err(Refusal::invalid("INVALID_OU_ID"));
    }
    for (schema, fields) in body["customSchemas"].as_object().into_iter().flatten() {
        let known = |field: &String| {
            let specs = state.schemas.get(schema).and_then(|schema| schema["fields"].as_array());
            specs.is_some_and(|specs| specs.iter().any(|spec| spec["fieldName"] == field.as_str()))
        };
        if !fields.as_object().into_iter().flatten().all(|(field, _)| known(field)) {
            return Err(Refusal::invalid("custom_schema"));
        }
    }
    Ok(())
}

/// Absent keeps, null clears, lists are replaced whole. A new primary address makes the old one an alias.
fn write(user: &mut User, body: &Value, clears_lists: bool, etag: Value) {
    for (name, value) in body.as_object().into_iter().flatten() {
        let empties = value.is_null() || value.as_array().is_some_and(Vec::is_empty);
        match name.as_str() {
            name if READ_ONLY.contains(&name) => {}
            "password" => user.passwords += 1,
            "hashFunction" => {}
            name if REPEATED.contains(&name) && empties && !clears_lists => {}
            "name" | "customSchemas" => merge(user.shown.entry(name.clone()).or_insert_with(|| json!({})), value),
            "primaryEmail" => rename(&mut user.shown, value),
            _ if empties => _ = user.shown.remove(name),
            _ => _ = user.shown.insert(name.clone(), value.clone()),
        }
    }
    let full = ["givenName", "familyName"].map(|part| user.shown["name"][part].as_str().unwrap_or_default().to_owned());
    user.shown["name"]["fullName"] = full.join(" ").into();
    user.shown.insert("etag".to_owned(), etag);
}

fn rename(shown: &mut Map<String, Value>, new: &Value) {
    let Some(old) = shown.insert("primaryEmail".to_owned(), new.clone()) else { return };
    let mut aliases = shown.get("aliases").and_then(Value::as_array).cloned().unwrap_or_default();
    aliases.retain(|alias| alias != new);
    if old != *new {
        aliases.push(old);
    }
    shown.insert("aliases".to_owned(), aliases.into());
}

fn merge(place: &mut Value, value: &Value) {
    match (place.as_object_mut(), value.as_object()) {
        (Some(there), Some(more)) => {
            for (name, value) in more {
                if value.is_null() {
                    there.remove(name);
                } else {
                    merge(there.entry(name).or_insert_with(|| json!({})), value);
                }
            }
        }
        _ => *place = value.clone(),
    }
}

/// `users.update` and `users.patch`.
pub fn update(state: &mut State, key: &str, body: &Value, clears_lists: bool) -> Answer {
    let id = find(state, key)?;
    let user = &state.users[&id];
    if state.now < user.created + state.behaviour.incomplete {
        return Err(Refusal::precondition("conditionNotMet", "User creation is not complete."));
    }
    check(state, body)?;
    let is_taken = |address: &str| match state.named(address) {
        None => false,
        Some(Named::User(other)) => other != id,
        Some(Named::Group(_)) => true,
    };
    if body["primaryEmail"].as_str().is_some_and(is_taken) {
        return Err(Refusal::duplicate());
    }
    let reason = user.shown.get("suspensionReason").and_then(Value::as_str);
    if body["suspended"] == false && reason.is_some_and(|reason| reason != "ADMIN") {
        return Err(Refusal::precondition("conditionNotMet", "User cannot be restored by an administrator."));
    }
    if body["archived"] == true && !state.behaviour.seats.contains_key("101034/1010340001") {
        return Err(Refusal::precondition("conditionNotMet", "Insufficient archived user licenses."));
    }
    let etag = state.etag();
    let Some(user) = state.users.get_mut(&id) else { return Err(Refusal::not_found("userKey")) };
    write(user, body, clears_lists, etag);
    match user.shown["suspended"].as_bool() {
        Some(true) => _ = user.shown.entry("suspensionReason").or_insert_with(|| "ADMIN".into()),
        _ => _ = user.shown.remove("suspensionReason"),
    }
    Ok(Some(user.shown.clone().into()))
}

/// `users.delete`.
pub fn delete(state: &mut State, key: &str) -> Answer {
    let id = find(state, key)?;
    let now = state.now;
    if let Some(user) = state.users.get_mut(&id) {
        user.deleted = Some(now);
        user.shown.insert("deletionTime".to_owned(), "2026-01-02T00:00:00.000Z".into());
    }
    state.groups.values_mut().for_each(|group| _ = group.members.remove(&id));
    state.licences.retain(|(user, _), _| *user != id);
    state.role_assignments.retain(|_, assignment| assignment["assignedTo"] != id.as_str());
    Ok(None)
}

/// `users.undelete`: by id only.
pub fn undelete(state: &mut State, id: &str, body: &Value) -> Answer {
    let deleted = state.users.get(id).and_then(|user| user.deleted).ok_or_else(|| Refusal::not_found("userKey"))?;
    if !restorable(state, deleted) {
        return Err(Refusal::not_found("userKey"));
    }
    let address = state.users[id].shown["primaryEmail"].as_str().unwrap_or_default().to_owned();
    if state.named(&address).is_some() {
        return Err(Refusal::precondition("conditionNotMet", "The user's address is taken."));
    }
    check(state, body)?;
    if let Some(user) = state.users.get_mut(id) {
        user.deleted = None;
        user.shown.remove("deletionTime");
        let unit = body["orgUnitPath"].as_str().unwrap_or("/");
        user.shown.insert("orgUnitPath".to_owned(), unit.into());
    }
    Ok(None)
}

/// `users.makeAdmin`.
pub fn make_admin(state: &mut State, key: &str, body: &Value) -> Answer {
    let id = find(state, key)?;
    if let Some(user) = state.users.get_mut(&id) {
        user.shown.insert("isAdmin".to_owned(), body["status"].clone());
    }
    Ok(None)
}

/// `users.signOut`.
pub fn sign_out(state: &mut State, key: &str) -> Answer {
    let id = find(state, key)?;
    if let Some(user) = state.users.get_mut(&id) {
        user.sign_outs += 1;
    }
    Ok(None)
}

/// `users.aliases.list`.
pub fn list_aliases(state: &State, key: &str) -> Answer {
    let id = find(state, key)?;
    let shown = &state.users[&id].shown;
    let aliases = shown.get("aliases").and_then(Value::as_array).cloned().unwrap_or_default();
    let show = |alias: Value| json!({"kind": "admin#directory#alias", "id": id, "primaryEmail": shown["primaryEmail"], "alias": alias});
    Ok(Some(list("admin#directory#aliases", "aliases", (aliases.into_iter().map(show).collect(), None))))
}

/// `users.aliases.insert`.
pub fn insert_alias(state: &mut State, key: &str, body: &Value) -> Answer {
    let id = find(state, key)?;
    let alias = body["alias"].as_str().ok_or_else(|| Refusal::new(400, "required", "Missing required field: alias"))?;
    if !alias.contains('@') {
        return Err(Refusal::invalid("alias"));
    }
    if state.named(alias).is_some() {
        return Err(Refusal::duplicate());
    }
    let Some(user) = state.users.get_mut(&id) else { return Err(Refusal::not_found("userKey")) };
    if let Value::Array(aliases) = user.shown.entry("aliases").or_insert_with(|| json!([])) {
        aliases.push(alias.into());
    }
    let primary = user.shown["primaryEmail"].clone();
    Ok(Some(json!({"kind": "admin#directory#alias", "id": id, "primaryEmail": primary, "alias": alias})))
}

/// `users.aliases.delete`.
pub fn delete_alias(state: &mut State, key: &str, alias: &str) -> Answer {
    let id = find(state, key)?;
    let aliases = state.users.get_mut(&id).and_then(|user| user.shown.get_mut("aliases")).and_then(Value::as_array_mut);
    let aliases = aliases.ok_or_else(|| Refusal::not_found("resource_id"))?;
    let before = aliases.len();
    aliases.retain(|known| known != alias);
    if aliases.len() == before { Err(Refusal::not_found("resource_id")) } else { Ok(None) }
}
