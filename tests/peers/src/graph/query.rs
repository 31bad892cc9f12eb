//! Lists: `$select`, `$expand=manager`, a subset of `$filter`, `$top`, and pages that go on behind the last id.

use super::answer::{Answer, Asked};
use super::directory::{Directory, Kind, Link, Properties};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const USER_DEFAULTS: &str = "businessPhones,displayName,givenName,id,jobTitle,mail,mobilePhone,officeLocation,\
                             preferredLanguage,surname,userPrincipalName";
const GROUP_DEFAULTS: &str = "id,displayName,description,mail,mailEnabled,mailNickname,securityEnabled,groupTypes";

/// A page of the users or groups.
pub fn list(directory: &mut Directory, asked: &Asked, kind: Kind, base: &str) -> Answer {
    let (query, after) = match asked.field("$skiptoken") {
        None => (asked.query.clone(), String::new()),
        Some(token) => match directory.links.get(token) {
            Some(Link::Page { query, after }) => (query.clone(), after.clone()),
            _ => return Answer::error(400, "Directory_ExpiredPageToken", "The page token is expired."),
        },
    };
    if let Some(name) = query.keys().find(|name| !KNOWN.contains(&name.as_str())) {
        return Answer::error(400, "Request_UnsupportedQuery", format!("Unsupported query option '{name}'."));
    }
    let filter = match query.get("$filter").map(|text| conditions(text)) {
        None => Vec::new(),
        Some(Some(filter)) => filter,
        Some(None) => {
            return Answer::error(400, "Request_UnsupportedQuery", "Unsupported or invalid query filter clause.");
        }
    };
    if query.contains_key("$count") && !asked.eventual {
        return Answer::error(400, "Request_UnsupportedQuery", "$count needs the header ConsistencyLevel: eventual.");
    }
    let top = query.get("$top").and_then(|top| top.parse().ok()).unwrap_or(100).clamp(1, 999).min(directory.page);
    let matching: Vec<Properties> =
        directory.of(kind).values().filter(|object| holds(&filter, object)).cloned().collect();
    let total = matching.len();
    let rest = matching.into_iter().filter(|object| id_of(object) > after.as_str());
    let mut page: Vec<Properties> = rest.take(top + 1).collect();
    let more = page.len() > top;
    page.truncate(top);
    let last = page.last().map(|object| id_of(object).to_owned());
    let value: Vec<Value> = page.iter().map(|object| shown(directory, kind, object, &query)).collect();
    let mut body = json!({"@odata.context": format!("{base}/$metadata"), "value": value});
    if query.contains_key("$count") {
        body["@odata.count"] = json!(total);
    }
    if let Some(after) = last.filter(|_| more) {
        let token = directory.keep_link(Link::Page { query, after });
        body["@odata.nextLink"] = json!(format!("{base}/{}?$skiptoken={token}", asked.path.join("/")));
    }
    Answer::ok(body)
}

const KNOWN: [&str; 6] = ["$select", "$filter", "$top", "$count", "$expand", "$skiptoken"];

/// An object as a query wants to see it.
pub fn shown(directory: &Directory, kind: Kind, object: &Properties, query: &BTreeMap<String, String>) -> Value {
    let defaults = if kind == Kind::User { USER_DEFAULTS } else { GROUP_DEFAULTS };
    let names = query.get("$select").map_or(defaults, String::as_str);
    let mut view = Properties::new();
    view.insert("id".to_owned(), object["id"].clone());
    for name in names.split(',').filter(|name| !name.is_empty()) {
        let value = match (kind, name) {
            (Kind::User, "licenseAssignmentStates") => Value::Array(directory.licence_states(object)),
            (Kind::User, "assignedLicenses") => assigned(&directory.licence_states(object)),
            _ => object.get(name).cloned().unwrap_or_else(|| empty(name)),
        };
        view.insert(name.to_owned(), value);
    }
    if query.get("$expand").is_some_and(|expand| expand.starts_with("manager"))
        && let Some(manager) = directory.managers.get(id_of(object))
    {
        view.insert("manager".to_owned(), directory.as_member(manager));
    }
    Value::Object(view)
}

/// What is in force of the licences, each once.
fn assigned(states: &[Value]) -> Value {
    let licences: BTreeMap<String, Value> = states
        .iter()
        .map(|state| {
            (state["skuId"].to_string(), json!({"skuId": state["skuId"], "disabledPlans": state["disabledPlans"]}))
        })
        .collect();
    licences.into_values().collect()
}

/// What a property without value looks like.
fn empty(name: &str) -> Value {
    let lists = ["businessPhones", "otherMails", "assignedLicenses", "groupTypes", "proxyAddresses"];
    if lists.contains(&name) { json!([]) } else { Value::Null }
}

/// The id of an object.
pub fn id_of(object: &Properties) -> &str {
    object.get("id").and_then(Value::as_str).unwrap_or_default()
}

/// One condition of a filter.
pub enum Condition {
    /// The property is one of these values.
    OneOf(String, Vec<Value>),
    /// The property starts so.
    StartsWith(String, String),
}

/// Reads `a eq 'x' and startsWith(b,'y') and id in ('1','2')`; none for what Graph would call advanced or wrong.
pub fn conditions(text: &str) -> Option<Vec<Condition>> {
    text.split(" and ").map(|part| condition(part.trim())).collect()
}

fn condition(text: &str) -> Option<Condition> {
    if let Some(inside) = text.strip_prefix("startsWith(").and_then(|rest| rest.strip_suffix(')')) {
        let (name, value) = inside.split_once(',')?;
        return Some(Condition::StartsWith(name.trim().to_owned(), literal(value.trim())?.as_str()?.to_owned()));
    }
    if let Some((name, list)) = text.split_once(" in ") {
        let list = list.trim().strip_prefix('(')?.strip_suffix(')')?;
        let values = list.split(',').map(|value| literal(value.trim())).collect::<Option<_>>()?;
        return Some(Condition::OneOf(name.trim().to_owned(), values));
    }
    let (name, value) = text.split_once(" eq ")?;
    Some(Condition::OneOf(name.trim().to_owned(), vec![literal(value.trim())?]))
}

fn literal(text: &str) -> Option<Value> {
    match text {
        "true" => Some(json!(true)),
        "false" => Some(json!(false)),
        quoted => Some(json!(quoted.strip_prefix('\'')?.strip_suffix('\'')?.replace("''", "'"))),
    }
}

fn holds(filter: &[Condition], object: &Properties) -> bool {
    let fold = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_lowercase);
    filter.iter().all(|condition| match condition {
        Condition::OneOf(name, values) => {
            object.get(name).is_some_and(|found| values.iter().any(|value| fold(value) == fold(found)))
        }
        Condition::StartsWith(name, start) => {
            object.get(name).is_some_and(|found| found.is_string() && fold(found).starts_with(&start.to_lowercase()))
        }
    })
}
