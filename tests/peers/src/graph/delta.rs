//! Delta queries: first everything, then what changed; tokens expire.

use super::answer::{Answer, Asked};
use super::directory::{Directory, Kind, Link};
use super::query::{id_of, shown};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// `/users/delta` and `/groups/delta`.
pub fn delta(directory: &mut Directory, asked: &Asked, kind: Kind, base: &str) -> Answer {
    let token = asked.field("$skiptoken").or(asked.field("$deltatoken"));
    let link = match token {
        None => Some(start(directory, asked, String::new())),
        Some("latest") => Some(Link::Delta { query: asked.query.clone(), position: directory.log.len() }),
        Some(token) => directory.links.get(token).cloned(),
    };
    match link {
        Some(Link::DeltaPage { query, after, position }) => all(directory, kind, base, query, &after, position),
        Some(Link::Delta { query, position }) if position >= directory.expired_below => {
            since(directory, kind, base, query, position)
        }
        _ => {
            let message = "The sync state generation is not found; start again.";
            let mut answer = Answer::error(410, "syncStateNotFound", message);
            answer.headers.push(("location", format!("{base}/{}/delta?$deltatoken=", folder(kind))));
            answer
        }
    }
}

fn start(directory: &Directory, asked: &Asked, after: String) -> Link {
    Link::DeltaPage { query: asked.query.clone(), after, position: directory.log.len() }
}

fn folder(kind: Kind) -> &'static str {
    if kind == Kind::User { "users" } else { "groups" }
}

fn all(
    directory: &mut Directory,
    kind: Kind,
    base: &str,
    query: BTreeMap<String, String>,
    after: &str,
    position: usize,
) -> Answer {
    let page = directory.page.min(100);
    let objects = directory.of(kind).values().filter(|object| id_of(object) > after);
    let mut ids: Vec<String> = objects.take(page + 1).map(|object| id_of(object).to_owned()).collect();
    let more = ids.len() > page;
    ids.truncate(page);
    let value: Vec<Value> = ids.iter().map(|id| present(directory, kind, id, &query, None)).collect();
    let last = ids.pop().unwrap_or_default();
    let (name, link) = if more {
        ("@odata.nextLink", Link::DeltaPage { query, after: last, position })
    } else {
        ("@odata.deltaLink", Link::Delta { query, position })
    };
    ended(directory, kind, base, &value, name, link)
}

fn since(
    directory: &mut Directory,
    kind: Kind,
    base: &str,
    query: BTreeMap<String, String>,
    position: usize,
) -> Answer {
    let logged: Vec<_> = directory.log[position..].iter().filter(|logged| logged.kind == kind).cloned().collect();
    let ids: BTreeSet<String> = logged.iter().map(|logged| logged.id.clone()).collect();
    let mut value = Vec::new();
    for id in ids {
        let members =
            logged.iter().filter(|logged| logged.id == id).filter_map(|logged| logged.member.clone()).collect();
        value.push(present(directory, kind, &id, &query, Some(members)));
    }
    let link = Link::Delta { query, position: directory.log.len() };
    ended(directory, kind, base, &value, "@odata.deltaLink", link)
}

/// An object of a delta answer. Members are those that changed, or all where nothing was asked before.
fn present(
    directory: &mut Directory,
    kind: Kind,
    id: &str,
    query: &BTreeMap<String, String>,
    changed: Option<BTreeMap<String, bool>>,
) -> Value {
    let Some(object) = directory.of(kind).get(id).cloned() else {
        let reason = if directory.deleted.contains_key(id) { "changed" } else { "deleted" };
        return json!({"id": id, "@removed": {"reason": reason}});
    };
    let mut query = query.clone();
    let names = query.get("$select").cloned().unwrap_or_default();
    let kept: Vec<&str> = names.split(',').filter(|name| !["members", "manager", ""].contains(name)).collect();
    if !kept.is_empty() {
        query.insert("$select".to_owned(), kept.join(","));
    }
    let mut view = shown(directory, kind, &object, &query);
    if kind == Kind::Group && names.split(',').any(|name| name == "members") {
        let members = directory.members.get(id).into_iter().flatten().map(|member| (member.clone(), true));
        let members = changed.unwrap_or_else(|| members.collect());
        let members = members.into_iter().map(|(member, is)| {
            let mut shown = json!({"@odata.type": "#microsoft.graph.user", "id": member});
            if !is {
                shown["@removed"] = json!({"reason": "deleted"});
            }
            shown
        });
        view["members@delta"] = members.collect();
    }
    view
}

fn ended(directory: &mut Directory, kind: Kind, base: &str, value: &[Value], name: &str, link: Link) -> Answer {
    let token = directory.keep_link(link);
    let field = if name.contains("next") { "$skiptoken" } else { "$deltatoken" };
    let url = format!("{base}/{}/delta?{field}={token}", folder(kind));
    let mut body = json!({"@odata.context": format!("{base}/$metadata"), "value": value});
    body[name] = json!(url);
    Answer::ok(body)
}
