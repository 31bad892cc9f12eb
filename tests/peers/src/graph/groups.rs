//! Groups and their members; deleted objects.

use super::answer::{Answer, Asked};
use super::directory::{Directory, Kind, Properties};
use super::query::shown;
use super::users::referred;
use serde_json::{Value, json};

/// `POST /groups`.
pub fn create(directory: &mut Directory, asked: &Asked) -> Answer {
    let Some(given) = asked.body.as_object() else { return Answer::bad("A JSON object is expected.") };
    for required in ["displayName", "mailEnabled", "mailNickname", "securityEnabled"] {
        if given.get(required).is_none_or(Value::is_null) {
            let message = format!("A value is required for property '{required}' of resource 'Group'.");
            return Answer::detailed(400, "Request_BadRequest", message, &[("MissingRequiredProperty", required)]);
        }
    }
    let unified = given.get("groupTypes").is_some_and(|types| types.to_string().contains("Unified"));
    if given["mailEnabled"] == true && !unified {
        return Answer::bad("The service does not currently support writes of mail-enabled groups.");
    }
    let nickname = given["mailNickname"].as_str().unwrap_or_default();
    if nickname.is_empty()
        || nickname.len() > 64
        || nickname.chars().any(|c| !c.is_ascii() || "@()\\[]\";:<>, ".contains(c))
    {
        let message = "Invalid value specified for property 'mailNickname' of resource 'Group'.";
        return Answer::detailed(400, "Request_BadRequest", message, &[("InvalidValue", "mailNickname")]);
    }
    let taken = |group: &Properties| group["mailEnabled"] == true && group["mailNickname"] == nickname;
    if unified && directory.groups.values().any(taken) {
        let message = "Another object with the same value for property mailNickname already exists.";
        return Answer::detailed(400, "Request_BadRequest", message, &[("ObjectConflict", "mailNickname")]);
    }
    let id = directory.new_id();
    let mut group = given.clone();
    group.retain(|name, _| !name.contains('@'));
    group.insert("id".to_owned(), json!(id));
    directory.groups.insert(id.clone(), group.clone());
    directory.unseen.insert(id.clone(), directory.lag);
    directory.touch(Kind::Group, &id);
    Answer::created(shown(directory, Kind::Group, &group, &asked.query))
}

/// `PATCH /groups/{id}`: properties, or up to 20 new members.
pub fn update(directory: &mut Directory, id: &str, body: &Value) -> Answer {
    let Some(given) = body.as_object() else { return Answer::bad("A JSON object is expected.") };
    let Some(mut group) = directory.groups.get(id).cloned() else { return Answer::no_object(id) };
    if let Some(bound) = given.get("members@odata.bind").and_then(Value::as_array) {
        let ids: Vec<String> = bound
            .iter()
            .filter_map(Value::as_str)
            .filter_map(|url| url.rsplit('/').next())
            .map(str::to_owned)
            .collect();
        return add(directory, id, &ids);
    }
    for (name, value) in given {
        group.insert(name.clone(), value.clone());
    }
    directory.groups.insert(id.to_owned(), group);
    directory.touch(Kind::Group, id);
    Answer::empty()
}

/// Adds all or none.
fn add(directory: &mut Directory, group: &str, ids: &[String]) -> Answer {
    if ids.len() > 20 {
        return Answer::bad("The number of added references exceeds the limit of 20.");
    }
    if let Some(refusal) = unwritable(directory, group) {
        return refusal;
    }
    if let Some(absent) = ids.iter().find(|id| !directory.has(id) || directory.is_unseen(id)).cloned() {
        return Answer::no_object(&absent);
    }
    if ids.iter().any(|id| directory.members.get(group).is_some_and(|members| members.contains(id))) {
        return Answer::bad(
            "One or more added object references already exist for the following modified properties: 'members'.",
        );
    }
    for id in ids {
        directory.set_member(group, id, true);
    }
    Answer::empty()
}

fn unwritable(directory: &Directory, group: &str) -> Option<Answer> {
    let Some(properties) = directory.groups.get(group) else { return Some(Answer::no_object(group)) };
    let types = properties.get("groupTypes").map(Value::to_string).unwrap_or_default();
    if types.contains("DynamicMembership") {
        return Some(Answer::bad("The membership of a group with dynamic membership cannot be changed."));
    }
    if properties.get("onPremisesSyncEnabled") == Some(&json!(true)) {
        return Some(Answer::bad(
            "Unable to update the specified properties for on-premises mastered Directory Sync objects.",
        ));
    }
    let by_mail = properties.get("mailEnabled") == Some(&json!(true)) && !types.contains("Unified");
    by_mail.then(|| Answer::bad("Cannot Update a mail-enabled security groups and or distribution list."))
}

/// `/groups/{id}/members`, `/groups/{id}/members/$ref`, `/groups/{id}/members/{member}/$ref`.
pub fn members(directory: &mut Directory, asked: &Asked, base: &str) -> Answer {
    let group = asked.path[1].as_str();
    if !directory.groups.contains_key(group) || directory.is_unseen(group) {
        return Answer::no_object(group);
    }
    match (asked.method.as_str(), asked.path.len()) {
        ("GET", 3) => list(directory, asked, base),
        ("POST", 4) => match referred(&asked.body) {
            Some(id) => add(directory, group, &[id]),
            None => Answer::bad("A reference is expected."),
        },
        ("DELETE", 5) => match unwritable(directory, group) {
            Some(refusal) => refusal,
            None if directory.set_member(group, &asked.path[3], false) => Answer::empty(),
            None => Answer::no_object(&asked.path[3]),
        },
        _ => Answer::error(405, "Request_BadRequest", "The method is not allowed."),
    }
}

fn list(directory: &Directory, asked: &Asked, base: &str) -> Answer {
    let group = &asked.path[1];
    let after = asked.field("$skiptoken").unwrap_or_default();
    let top = asked.field("$top").and_then(|top| top.parse().ok()).unwrap_or(100).clamp(1, 999).min(directory.page);
    let members = directory.members.get(group).into_iter().flatten();
    let mut page: Vec<&String> = members.filter(|id| id.as_str() > after).take(top + 1).collect();
    let more = page.len() > top;
    page.truncate(top);
    let value: Vec<Value> = page.iter().map(|id| directory.as_member(id)).collect();
    let mut body = json!({"@odata.context": format!("{base}/$metadata"), "value": value});
    if let Some(last) = page.last().filter(|_| more) {
        body["@odata.nextLink"] = json!(format!("{base}/groups/{group}/members?$top={top}&$skiptoken={last}"));
    }
    Answer::ok(body)
}

/// `DELETE /users/{id}` and `/groups/{id}`: the object can be restored.
pub fn delete(directory: &mut Directory, kind: Kind, id: &str) -> Answer {
    let Some(mut object) = directory.of(kind).remove(id) else { return Answer::no_object(id) };
    object.remove("assignedLicenses");
    if let Some(name) = object.get("userPrincipalName").and_then(Value::as_str) {
        let name = format!("{}{name}", id.replace('-', ""));
        object.insert("userPrincipalName".to_owned(), json!(name));
    }
    directory.deleted.insert(id.to_owned(), (kind, object));
    let groups: Vec<String> = directory.members.keys().cloned().collect();
    let left = groups.into_iter().filter(|group| directory.set_member(group, id, false)).collect();
    directory.former_groups.insert(id.to_owned(), left);
    directory.managers.remove(id);
    directory.managers.retain(|_, manager| manager != id);
    directory.role_assignments.retain(|_, (principal, _)| principal != id);
    directory.app_roles.retain(|_, (principal, ..)| principal != id);
    directory.touch(kind, id);
    Answer::empty()
}

/// `/directory/deletedItems`.
pub fn deleted_items(directory: &mut Directory, asked: &Asked, base: &str) -> Answer {
    let path: Vec<&str> = asked.path.iter().skip(2).map(String::as_str).collect();
    match (asked.method.as_str(), path.as_slice()) {
        ("GET", ["microsoft.graph.user"]) => {
            let after = asked.field("$skiptoken").unwrap_or_default();
            let users = directory.deleted.iter().filter(|(id, (kind, _))| *kind == Kind::User && id.as_str() > after);
            let mut page: Vec<_> = users.take(directory.page + 1).collect();
            let more = page.len() > directory.page;
            page.truncate(directory.page);
            let last = page.last().map(|(id, _)| (*id).clone()).unwrap_or_default();
            let value = page.into_iter().map(|(_, (kind, user))| shown(directory, *kind, user, &asked.query));
            let mut body = json!({"value": value.collect::<Value>()});
            if more {
                let select = asked.field("$select").unwrap_or("id");
                let path = "directory/deletedItems/microsoft.graph.user";
                body["@odata.nextLink"] = json!(format!("{base}/{path}?$select={select}&$skiptoken={last}"));
            }
            Answer::ok(body)
        }
        ("GET", [id]) => match directory.deleted.get(*id) {
            Some(_) => Answer::ok(json!({"@odata.type": "#microsoft.graph.user", "id": id})),
            None => Answer::no_object(id),
        },
        ("DELETE", [id]) => match directory.deleted.remove(*id) {
            Some((kind, _)) => {
                directory.touch(kind, id);
                Answer::empty()
            }
            None => Answer::no_object(id),
        },
        ("POST", [id, "restore" | "microsoft.graph.restore"]) => restore(directory, id),
        _ => Answer::error(405, "Request_BadRequest", "The method is not allowed."),
    }
}

fn restore(directory: &mut Directory, id: &str) -> Answer {
    let Some((kind, mut object)) = directory.deleted.get(id).cloned() else { return Answer::no_object(id) };
    let name = object.get("userPrincipalName").and_then(Value::as_str).unwrap_or_default();
    let name = name.trim_start_matches(&id.replace('-', "")).to_owned();
    if kind == Kind::User && directory.user_id(&name).is_some() {
        let message = "Another object with the same value for property userPrincipalName already exists.";
        return Answer::detailed(400, "Request_BadRequest", message, &[("ObjectConflict", "userPrincipalName")]);
    }
    directory.deleted.remove(id);
    if kind == Kind::User {
        object.insert("userPrincipalName".to_owned(), json!(name));
    }
    directory.of(kind).insert(id.to_owned(), object);
    for group in directory.former_groups.remove(id).unwrap_or_default() {
        if directory.groups.contains_key(&group) {
            directory.set_member(&group, id, true);
        }
    }
    directory.touch(kind, id);
    Answer::ok(json!({"@odata.type": "#microsoft.graph.user", "id": id}))
}
