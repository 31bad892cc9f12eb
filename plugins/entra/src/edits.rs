//! Edits: each becomes one write or two, which are sent in batches.

use crate::batch::{Ended, Item, send};
use crate::class::Class;
use crate::deleted::{self, Deleted};
use crate::grants::{self, reference};
use crate::graph::Graph;
use crate::object::{to_body, to_object};
use crate::refusal;
use purser_sdk::http::escape_segment;
use purser_sdk::serde_json::{Value, json};
use purser_sdk::{AttributeAction, Attributes, CreateEdit, Edit, Error, Object, Outcome, Request, UpdateEdit};
use std::collections::BTreeSet;

/// Carries requests out, in waves: what edits one object stays in order.
pub fn apply(graph: &Graph, requests: &[Request]) -> Vec<Result<Outcome, Error>> {
    let mut answers: Vec<Option<Result<Outcome, Error>>> = requests.iter().map(|_| None).collect();
    let mut open: Vec<usize> = (0..requests.len()).collect();
    let mut deleted = Deleted::default();
    while !open.is_empty() {
        let mut taken = BTreeSet::new();
        let (wave, later): (Vec<usize>, Vec<usize>) = open
            .iter()
            .partition(|place| requests[**place].edit.object_id().is_none_or(|id| taken.insert(id.to_owned())));
        for (place, answer) in carry_out(graph, requests, &wave, &mut deleted) {
            answers[place] = Some(answer);
        }
        open = later;
    }
    let missing = || Err(Error::defect("a request was left out"));
    answers.into_iter().map(|answer| answer.unwrap_or_else(missing)).collect()
}

fn carry_out(
    graph: &Graph,
    requests: &[Request],
    wave: &[usize],
    deleted: &mut Deleted,
) -> Vec<(usize, Result<Outcome, Error>)> {
    let mut answers = Vec::new();
    let mut sent: Vec<(usize, Item, Option<Item>)> = Vec::new();
    for &place in wave {
        if let Some(answer) = restored(graph, &requests[place], deleted).transpose() {
            answers.push((place, answer));
            continue;
        }
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
        match (ended.and_then(|ended| finish(graph, &requests[place], &first, &ended)), second) {
            (Ok(outcome), Some(second)) => seconds.push((place, for_object(second, &outcome), outcome)),
            (answer, _) => answers.push((place, answer)),
        }
    }
    let items: Vec<Item> = seconds.iter().map(|(_, item, _)| item.clone()).collect();
    for ((place, item, outcome), ended) in seconds.into_iter().zip(send(graph, &items)) {
        let answer = match (&requests[place].edit, outcome) {
            (Edit::Create(edit), Outcome::Done(Some(object))) => Ok(created(edit, object, &item, ended)),
            (_, outcome) => second_ended(&item, ended, outcome),
        };
        answers.push((place, answer));
    }
    answers
}

/// Creating an account that can be restored restores it.
fn restored(graph: &Graph, request: &Request, deleted: &mut Deleted) -> Result<Option<Outcome>, Error> {
    let (Edit::Create(edit), Class::User) = (&request.edit, Class::parse(&request.class)?) else { return Ok(None) };
    let found = deleted.of_same_person(graph, edit)?;
    found.map(|id| deleted::restore(graph, &id, edit)).transpose()
}

/// The end of a create whose second write, of the manager, ended so. The account is there, with an id, whatever became of its
/// manager: what it lacks is seen in the answer, and written later.
fn created(edit: &CreateEdit, mut object: Object, item: &Item, ended: Result<Ended, Error>) -> Outcome {
    let done = ended.is_ok_and(|ended| ended.failure(item).is_none());
    if let (true, Some(manager)) = (done, edit.attributes.get("manager")) {
        object.attributes.insert("manager".to_owned(), manager.clone());
    }
    Outcome::Done(Some(object))
}

/// The end of an edit whose second write ended so. What was deleted just now may not be seen among the deleted yet.
fn second_ended(item: &Item, ended: Result<Ended, Error>, outcome: Outcome) -> Result<Outcome, Error> {
    let too_early = item.path.starts_with("/directory/deletedItems") && matches!(outcome, Outcome::Done(_));
    let error = match ended {
        Ok(ended) if item.method == "DELETE" && ended.status == 404 && !too_early => None,
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
        Edit::Delete(edit) => {
            let first = Item { method: "DELETE", path: object_path(class, &edit.id), body: Value::Null };
            Ok((Some(first), graph.config.purge.then(|| deleted::purge(&edit.id))))
        }
        Edit::SetPassword(edit) => {
            let profile = json!({"password": {"$slot": edit.slot}, "forceChangePasswordNextSignIn": edit.must_change});
            one("PATCH", object_path(class, &edit.id), json!({"passwordProfile": profile}))
        }
        Edit::Grant(edit) => Ok((Some(grants::grant(graph, edit)?), None)),
        Edit::Revoke(edit) => Ok((grants::revoke(graph, edit)?, None)),
    }
}

fn object_path(class: Class, id: &str) -> String {
    format!("{}/{}", class.path(), escape_segment(id))
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

/// The write that gives a user, by its escaped id, a manager.
pub fn set_manager(id: &str, manager: &str) -> Item {
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
fn finish(graph: &Graph, request: &Request, item: &Item, ended: &Ended) -> Result<Outcome, Error> {
    let class = Class::parse(&request.class)?;
    match (&request.edit, ended.status) {
        (Edit::Grant(edit), _) => grants::grant_ended(graph, edit, item, ended),
        (Edit::Revoke(edit), _) => grants::revoke_ended(graph, edit, item, ended),
        (Edit::Create(_), 200..=299) => Ok(Outcome::Done(Some(to_object(class, &ended.body)?))),
        (_, 200..=299) => Ok(Outcome::Done(None)),
        (Edit::Delete(_), 404) => Ok(Outcome::Unchanged(None)),
        (Edit::Update(_), 404) if item.method == "DELETE" => Ok(Outcome::Unchanged(None)),
        _ => match (ended.failure(item), request.edit.object_id()) {
            (None, _) => Ok(Outcome::Done(None)),
            (Some(error), Some(id)) if class == Class::Group => Err(refusal::of_group(graph, id, error)),
            (Some(error), Some(id)) => Err(refusal::of_account(graph, id, error)),
            (Some(error), None) => Err(error),
        },
    }
}
