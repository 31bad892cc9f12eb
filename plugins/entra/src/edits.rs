//! Edits: each becomes one write or two, which are sent in batches.

use crate::batch::{Ended, Item, send};
use crate::class::Class;
use crate::failure::is_member_already;
use crate::graph::Graph;
use crate::object::{to_body, to_object};
use purser_sdk::http::escape_segment;
use purser_sdk::serde_json::{Value, json};
use purser_sdk::{AttributeAction, Attributes, CreateEdit, Edit, EntitlementEdit, Error, Outcome, Request, UpdateEdit};
use std::collections::BTreeSet;

/// Carries requests out, in waves: what edits one object stays in order.
pub fn apply(graph: &Graph, requests: &[Request]) -> Vec<Result<Outcome, Error>> {
    let mut answers: Vec<Option<Result<Outcome, Error>>> = requests.iter().map(|_| None).collect();
    let mut open: Vec<usize> = (0..requests.len()).collect();
    while !open.is_empty() {
        let mut taken = BTreeSet::new();
        let (wave, later): (Vec<usize>, Vec<usize>) = open
            .iter()
            .partition(|place| requests[**place].edit.object_id().is_none_or(|id| taken.insert(id.to_owned())));
        for (place, answer) in carry_out(graph, requests, &wave) {
            answers[place] = Some(answer);
        }
        open = later;
    }
    let missing = || Err(Error::defect("a request was left out"));
    answers.into_iter().map(|answer| answer.unwrap_or_else(missing)).collect()
}

fn carry_out(graph: &Graph, requests: &[Request], wave: &[usize]) -> Vec<(usize, Result<Outcome, Error>)> {
    let mut answers = Vec::new();
    let mut sent: Vec<(usize, Item, Option<Item>)> = Vec::new();
    for &place in wave {
        match planned(graph, &requests[place]) {
            Err(error) => answers.push((place, Err(error))),
            Ok((Some(first), second)) => sent.push((place, first, second)),
            Ok((None, Some(only))) => sent.push((place, only, None)),
            Ok((None, None)) => answers.push((place, Ok(Outcome::Unchanged(None)))),
        }
    }
    let firsts: Vec<Item> = sent.iter().map(|(_, first, _)| first.clone()).collect();
    let mut seconds: Vec<(usize, Item, Outcome)> = Vec::new();
    for ((place, first, second), ended) in sent.into_iter().zip(send(graph, &firsts)) {
        match (ended.and_then(|ended| finish(&requests[place], &first, &ended)), second) {
            (Ok(outcome), Some(second)) => seconds.push((place, for_object(second, &outcome), outcome)),
            (answer, _) => answers.push((place, answer)),
        }
    }
    let items: Vec<Item> = seconds.iter().map(|(_, item, _)| item.clone()).collect();
    for ((place, item, outcome), ended) in seconds.into_iter().zip(send(graph, &items)) {
        answers.push((place, second_ended(&item, ended, outcome)));
    }
    answers
}

/// The end of an edit whose second write ended so.
fn second_ended(item: &Item, ended: Result<Ended, Error>, outcome: Outcome) -> Result<Outcome, Error> {
    let error = match ended {
        Ok(ended) if item.method == "DELETE" && ended.status == 404 => None,
        Ok(ended) => ended.failure(item),
        Err(error) => Some(error),
    };
    match error {
        // The object was shown before this write.
        None => Ok(if let Outcome::Done(_) = outcome { Outcome::Done(None) } else { outcome }),
        Some(error) => Err(Error::partially_applied(format!("all but {} {}", item.method, item.path), error.message)),
    }
}

/// The id of a new object stands only in the answer that made it.
fn for_object(item: Item, outcome: &Outcome) -> Item {
    match outcome {
        Outcome::Done(Some(object)) => Item { path: item.path.replace("{id}", &object.id), ..item },
        _ => item,
    }
}

/// The writes of an edit: the first, and what follows it.
fn planned(graph: &Graph, request: &Request) -> Result<(Option<Item>, Option<Item>), Error> {
    let class = Class::parse(&request.class)?;
    let one = |method, path, body| Ok((Some(Item { method, path, body }), None));
    match &request.edit {
        Edit::Create(edit) => Ok(create(class, edit)),
        Edit::Update(edit) => update(class, edit),
        Edit::SetActive(edit) => {
            let path = object_path(class, &edit.id);
            let revoke = !edit.active && graph.config.revoke_sessions;
            let second = revoke.then(|| Item {
                method: "POST",
                path: format!("{path}/revokeSignInSessions"),
                body: Value::Null,
            });
            Ok((Some(Item { method: "PATCH", path, body: json!({"accountEnabled": edit.active}) }), second))
        }
        Edit::Delete(edit) => one("DELETE", object_path(class, &edit.id), Value::Null),
        Edit::SetPassword(edit) => {
            let profile = json!({"password": {"$slot": edit.slot}, "forceChangePasswordNextSignIn": edit.must_change});
            one("PATCH", object_path(class, &edit.id), json!({"passwordProfile": profile}))
        }
        Edit::Grant(edit) => {
            let reference = json!({"@odata.id": reference("directoryObjects", &edit.id)});
            one("POST", format!("{}/members/$ref", group_path(edit)?), reference)
        }
        Edit::Revoke(edit) => {
            let path = format!("{}/members/{}/$ref", group_path(edit)?, escape_segment(&edit.id));
            one("DELETE", path, Value::Null)
        }
    }
}

fn group_path(edit: &EntitlementEdit) -> Result<String, Error> {
    match Class::parse(&edit.entitlement_class)? {
        Class::Group => Ok(object_path(Class::Group, &edit.entitlement)),
        Class::User => Err(Error::unsupported("an account cannot hold another account")),
    }
}

fn object_path(class: Class, id: &str) -> String {
    format!("{}/{}", class.path(), escape_segment(id))
}

/// Graph takes the references of its own world in every cloud.
fn reference(folder: &str, id: &str) -> String {
    format!("https://graph.microsoft.com/v1.0/{folder}/{}", escape_segment(id))
}

fn create(class: Class, edit: &CreateEdit) -> (Option<Item>, Option<Item>) {
    let mut body = to_body(&edit.attributes);
    if class == Class::User {
        body["accountEnabled"] = json!(edit.active.unwrap_or(true));
    } else {
        complete_group(&mut body);
    }
    let manager = edit.attributes.get("manager").and_then(Value::as_str).map(|manager| set_manager("{id}", manager));
    (Some(Item { method: "POST", path: class.path().to_owned(), body }), manager)
}

/// What Graph wants to know of a group that only has a name: it becomes a security group.
fn complete_group(body: &mut Value) {
    let unified = body["groupTypes"].to_string().contains("Unified");
    let name = body["displayName"].as_str().unwrap_or_default();
    let plain: String = name.chars().filter(|c| c.is_ascii_alphanumeric() || "-_.".contains(*c)).take(64).collect();
    let nickname = if plain.is_empty() { "group".to_owned() } else { plain };
    let defaults = [
        ("mailNickname", json!(nickname)),
        ("mailEnabled", json!(unified)),
        ("securityEnabled", json!(!unified)),
        ("groupTypes", json!([])),
    ];
    for (name, value) in defaults {
        if body[name].is_null() {
            body[name] = value;
        }
    }
}

fn set_manager(id: &str, manager: &str) -> Item {
    let body = json!({"@odata.id": reference("users", manager)});
    Item { method: "PUT", path: format!("/users/{id}/manager/$ref"), body }
}

fn update(class: Class, edit: &UpdateEdit) -> Result<(Option<Item>, Option<Item>), Error> {
    let mut attributes = Attributes::new();
    let mut manager = None;
    let id = escape_segment(&edit.id);
    for change in &edit.changes {
        let value = match &change.action {
            AttributeAction::Replace(value) => value.clone(),
            AttributeAction::Clear => Value::Null,
            AttributeAction::Add(_) | AttributeAction::Remove(_) => {
                let message = format!("Graph replaces `{}` as a whole", change.attribute);
                return Err(Error::unsupported(message));
            }
        };
        match (change.attribute.as_str(), value.as_str()) {
            ("manager", Some(to)) => manager = Some(set_manager(&id, to)),
            ("manager", None) => {
                manager = Some(Item { method: "DELETE", path: format!("/users/{id}/manager/$ref"), body: Value::Null });
            }
            ("businessPhones", None) if value.is_null() => drop(attributes.insert("businessPhones".into(), json!([]))),
            _ => drop(attributes.insert(change.attribute.clone(), value)),
        }
    }
    let body = to_body(&attributes);
    let properties =
        (!attributes.is_empty()).then(|| Item { method: "PATCH", path: object_path(class, &edit.id), body });
    Ok((properties, manager))
}

/// The end of an edit whose first write ended so.
fn finish(request: &Request, item: &Item, ended: &Ended) -> Result<Outcome, Error> {
    match (&request.edit, ended.status) {
        (Edit::Create(_), 200..=299) => Ok(Outcome::Done(Some(to_object(Class::parse(&request.class)?, &ended.body)?))),
        (_, 200..=299) => Ok(Outcome::Done(None)),
        (Edit::Delete(_) | Edit::Revoke(_), 404) => Ok(Outcome::Unchanged(None)),
        (Edit::Update(_), 404) if item.method == "DELETE" => Ok(Outcome::Unchanged(None)),
        (Edit::Grant(_), 400) if is_member_already(&ended.body) => Ok(Outcome::Unchanged(None)),
        _ => match ended.failure(item) {
            Some(error) => Err(error),
            None => Ok(Outcome::Done(None)),
        },
    }
}
