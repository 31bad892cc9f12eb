//! Groups and their members.

use super::refusal::{Answer, Refusal};
use super::state::{Group, State, list};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

fn find(state: &State, key: &str) -> Result<String, Refusal> {
    state.group_id(key).ok_or_else(|| Refusal::not_found("groupKey"))
}

fn shown(group: &Group) -> Value {
    let mut shown = group.shown.clone();
    shown.insert("directMembersCount".to_owned(), group.members.len().to_string().into());
    shown.into()
}

/// `groups.list`.
pub fn list_groups(state: &State, query: &BTreeMap<String, String>) -> Answer {
    let of = query.get("userKey").and_then(|key| state.user_id(key));
    if query.contains_key("userKey") && of.is_none() {
        return Err(Refusal::not_found("userKey"));
    }
    if !["customer", "domain", "userKey"].iter().any(|name| query.contains_key(*name)) {
        return Err(Refusal::new(400, "badRequest", "Bad Request"));
    }
    let found = state.groups.iter().filter(|(_, group)| {
        state.is_visible(group.created) && of.as_ref().is_none_or(|id| group.members.contains_key(id))
    });
    let found = found.map(|(id, group)| (id.clone(), shown(group))).collect();
    Ok(Some(list("admin#directory#groups", "groups", state.page(found, query, 200)?)))
}

/// `groups.get`.
pub fn get(state: &State, key: &str) -> Answer {
    let id = find(state, key)?;
    Ok(Some(shown(&state.groups[&id])))
}

/// `groups.insert`.
pub fn insert(state: &mut State, body: &Value) -> Answer {
    let email = body["email"].as_str().unwrap_or_default();
    if !email.contains('@') {
        return Err(Refusal::invalid("email"));
    }
    check(body)?;
    if state.named(email).is_some() {
        return Err(Refusal::duplicate());
    }
    let id = format!("0group{:08}", state.next());
    let etag = state.etag();
    let name = email.split('@').next().unwrap_or_default();
    let fixed = json!({"kind": "admin#directory#group", "id": id, "etag": etag, "adminCreated": true, "name": name, "description": ""});
    let mut group =
        Group { shown: fixed.as_object().cloned().unwrap_or_default(), members: BTreeMap::new(), created: state.now };
    write(&mut group.shown, body);
    let answer = shown(&group);
    state.groups.insert(id, group);
    Ok(Some(answer))
}

fn check(body: &Value) -> Result<(), Refusal> {
    if body["description"].as_str().is_some_and(|text| text.chars().count() > 4096) {
        return Err(Refusal::invalid("description"));
    }
    Ok(())
}

fn write(shown: &mut Map<String, Value>, body: &Value) {
    for name in ["email", "name", "description"] {
        match body.get(name) {
            Some(Value::Null) => _ = shown.insert(name.to_owned(), "".into()),
            Some(value) => _ = shown.insert(name.to_owned(), value.clone()),
            None => {}
        }
    }
}

/// `groups.update` and `groups.patch`.
pub fn update(state: &mut State, key: &str, body: &Value) -> Answer {
    let id = find(state, key)?;
    check(body)?;
    let email = body["email"].as_str();
    if email.is_some_and(|email| state.named(email).is_some() && state.group_id(email).as_ref() != Some(&id)) {
        return Err(Refusal::duplicate());
    }
    let etag = state.etag();
    let Some(group) = state.groups.get_mut(&id) else { return Err(Refusal::not_found("groupKey")) };
    write(&mut group.shown, body);
    group.shown.insert("etag".to_owned(), etag);
    Ok(Some(shown(group)))
}

/// `groups.delete`: for good.
pub fn delete(state: &mut State, key: &str) -> Answer {
    let id = find(state, key)?;
    state.groups.remove(&id);
    state.groups.values_mut().for_each(|group| _ = group.members.remove(&id));
    Ok(None)
}

/// `members.list`.
pub fn list_members(state: &State, key: &str, query: &BTreeMap<String, String>) -> Answer {
    let id = find(state, key)?;
    let roles: Option<Vec<&str>> = query.get("roles").map(|roles| roles.split(',').collect());
    let wanted = |member: &Value| {
        roles.as_ref().is_none_or(|roles| member["role"].as_str().is_some_and(|role| roles.contains(&role)))
    };
    let there =
        state.groups[&id].members.iter().filter(|(_, (member, since))| state.is_visible(*since) && wanted(member));
    let found = there.map(|(id, (member, _))| (id.clone(), now(state, id, member))).collect();
    Ok(Some(list("admin#directory#members", "members", state.page(found, query, 200)?)))
}

/// A member with the address and state that its user or group has now.
fn now(state: &State, id: &str, member: &Value) -> Value {
    let mut member = member.clone();
    if let Some(group) = state.groups.get(id) {
        member["email"] = group.shown["email"].clone();
    }
    if let Some(user) = state.users.get(id) {
        member["email"] = user.shown["primaryEmail"].clone();
        member["status"] = if user.shown["suspended"] == true { "SUSPENDED" } else { "ACTIVE" }.into();
    }
    member
}

fn member_id(state: &State, group: &str, key: &str) -> Result<String, Refusal> {
    let members = &state.groups[group].members;
    let by_address = || members.iter().find(|(_, (member, _))| member["email"] == key).map(|(id, _)| id.clone());
    let known = state.user_id(key).or_else(|| state.group_id(key)).unwrap_or_else(|| key.to_owned());
    let found = members.contains_key(&known).then_some(known).or_else(by_address);
    found.ok_or_else(|| Refusal::not_found("memberKey"))
}

/// `members.get`.
pub fn get_member(state: &State, key: &str, member: &str) -> Answer {
    let group = find(state, key)?;
    let id = member_id(state, &group, member)?;
    Ok(Some(now(state, &id, &state.groups[&group].members[&id].0)))
}

/// `members.hasMember`.
pub fn has_member(state: &State, key: &str, member: &str) -> Answer {
    let group = find(state, key)?;
    Ok(Some(json!({"isMember": member_id(state, &group, member).is_ok()})))
}

/// `members.insert`.
pub fn insert_member(state: &mut State, key: &str, body: &Value) -> Answer {
    let group = find(state, key)?;
    let named = body["id"].as_str().or_else(|| body["email"].as_str());
    let named = named.ok_or_else(|| Refusal::new(400, "required", "Missing required field: memberKey"))?;
    let (id, kind) = match (state.user_id(named), state.group_id(named)) {
        (Some(id), _) => (id, "USER"),
        (None, Some(id)) => (id, "GROUP"),
        (None, None) if named.contains('@') => (format!("external-{named}"), "EXTERNAL"),
        (None, None) => return Err(Refusal::not_found("memberKey")),
    };
    if kind == "GROUP" && (id == group || reaches(state, &id, &group)) {
        return Err(Refusal::precondition("conditionNotMet", "Cyclic memberships not allowed."));
    }
    if state.groups[&group].members.contains_key(&id) {
        return Err(Refusal::new(409, "duplicate", "Member already exists."));
    }
    let etag = state.etag();
    let since = state.now;
    let email = body["email"].clone();
    let mut member =
        json!({"kind": "admin#directory#member", "id": id, "etag": etag, "type": kind, "status": "ACTIVE"});
    if !email.is_null() {
        member["email"] = email;
    }
    set_role(&mut member, body, true)?;
    let member = now(state, &id, &member);
    if let Some(group) = state.groups.get_mut(&group) {
        group.members.insert(id, (member.clone(), since));
    }
    Ok(Some(member))
}

fn set_role(member: &mut Value, body: &Value, fresh: bool) -> Result<(), Refusal> {
    let choices = [
        ("role", "MEMBER", ["MEMBER", "MANAGER", "OWNER", "", ""]),
        ("delivery_settings", "ALL_MAIL", ["ALL_MAIL", "DAILY", "DIGEST", "DISABLED", "NONE"]),
    ];
    for (field, default, allowed) in choices {
        match body[field].as_str() {
            Some(value) if !allowed.contains(&value) => return Err(Refusal::invalid(field)),
            Some(value) => member[field] = value.into(),
            None if fresh => member[field] = default.into(),
            None => {}
        }
    }
    Ok(())
}

fn reaches(state: &State, from: &str, to: &str) -> bool {
    let below = state.groups.get(from).into_iter().flat_map(|group| group.members.keys());
    below.into_iter().any(|id| id == to || (state.groups.contains_key(id) && reaches(state, id, to)))
}

/// `members.update` and `members.patch`.
pub fn update_member(state: &mut State, key: &str, member: &str, body: &Value) -> Answer {
    let group = find(state, key)?;
    let id = member_id(state, &group, member)?;
    let found = state.groups.get_mut(&group).and_then(|group| group.members.get_mut(&id));
    let Some((member, _)) = found else { return Err(Refusal::not_found("memberKey")) };
    set_role(member, body, false)?;
    Ok(Some(member.clone()))
}

/// `members.delete`.
pub fn delete_member(state: &mut State, key: &str, member: &str) -> Answer {
    let group = find(state, key)?;
    let id = member_id(state, &group, member)?;
    if let Some(group) = state.groups.get_mut(&group) {
        group.members.remove(&id);
    }
    Ok(None)
}
