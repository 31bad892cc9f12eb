//! Searches, and reading one object.

use crate::class::Class;
use crate::graph::{Graph, quoted};
use crate::licences::Licences;
use crate::object::to_object;
use crate::{app_roles, licences, roles};
use purser_sdk::http::escape_segment;
use purser_sdk::serde_json::Value;
use purser_sdk::{Condition, Error, Object, Operator, Page, SearchRequest, Tail};

/// Groups of one page: the members of each are read with a request of their own.
const GROUPS: u32 = 20;

/// One page of a search. Graph's link is the cursor.
///
/// # Errors
/// As Graph says; `cursor-expired` where the link is no longer known.
pub fn search(graph: &Graph, class: Class, request: &SearchRequest) -> Result<Page, Error> {
    match class {
        Class::User | Class::Group => {}
        Class::Licence => return licences::search(graph, request),
        Class::DirectoryRole => return roles::search(graph, request),
        Class::AppRole => return app_roles::search(graph, request),
    }
    let body = match &request.cursor {
        Some(link) => graph.follow(link)?,
        None => graph.read(class.path(), &query(graph, class, request))?,
    };
    let shown = body["value"].as_array().cloned().unwrap_or_default();
    let licences = Licences::for_users(graph)?;
    let objects = shown.iter().map(|shown| completed(graph, &licences, class, to_object(class, shown)?));
    let objects = objects.collect::<Result<Vec<_>, Error>>()?;
    let fits = |object: &Object| request.conditions.iter().all(|condition| condition.matches(object, false));
    let tail = body["@odata.nextLink"].as_str().map_or(Tail::Complete, |link| Tail::More(link.to_owned()));
    Ok(Page { objects: objects.into_iter().filter(fits).collect(), tail })
}

fn query(graph: &Graph, class: Class, request: &SearchRequest) -> Vec<(&'static str, String)> {
    let most = if class == Class::Group { GROUPS } else { 999 };
    let mut query =
        vec![("$select", class.select(&graph.config)), ("$top", request.page_size.clamp(1, most).to_string())];
    if class == Class::User {
        query.push(("$expand", "manager($select=id)".to_owned()));
    }
    let filter: Vec<String> = request.conditions.iter().filter_map(clause).collect();
    if !filter.is_empty() {
        query.push(("$filter", filter.join(" and ")));
    }
    query
}

/// A condition as Graph filters; what it does not filter is left to the check of each answer.
fn clause(condition: &Condition) -> Option<String> {
    let filtered = ["userPrincipalName", "mail", "employeeId", "displayName", "mailNickname", "givenName", "surname"];
    let name = filtered.into_iter().find(|name| *name == condition.attribute)?;
    let value = quoted(condition.value.as_str()?);
    match condition.operator {
        Operator::Equals => Some(format!("{name} eq {value}")),
        Operator::StartsWith => Some(format!("startsWith({name},{value})")),
        Operator::AtOrAfter => None,
    }
}

/// Reads one object.
///
/// # Errors
/// `not-found`, and as Graph says.
pub fn get(graph: &Graph, class: Class, id: &str) -> Result<Object, Error> {
    match class {
        Class::User | Class::Group => {}
        Class::Licence => return licences::get(graph, id),
        Class::DirectoryRole => return roles::get(graph, id),
        Class::AppRole => return app_roles::get(graph, id),
    }
    let mut query = vec![("$select", class.select(&graph.config))];
    if class == Class::User {
        query.push(("$expand", "manager($select=id)".to_owned()));
    }
    let shown = graph.read(&format!("{}/{}", class.path(), escape_segment(id)), &query)?;
    completed(graph, &Licences::for_users(graph)?, class, to_object(class, &shown)?)
}

/// Adds the members of a group, all of them, and says what the licences of a user are here.
fn completed(graph: &Graph, licences: &Licences, class: Class, mut object: Object) -> Result<Object, Error> {
    if class == Class::User {
        licences.complete(&mut object.attributes);
        return Ok(object);
    }
    let query = [("$select", "id".to_owned()), ("$top", "999".to_owned())];
    let shown = graph.read_all(&format!("/groups/{}/members", escape_segment(&object.id)), &query)?;
    let users = shown.iter().filter(|member| member["@odata.type"].as_str().is_none_or(|kind| kind.ends_with(".user")));
    let mut members: Vec<&str> = users.filter_map(|member| member["id"].as_str()).collect();
    members.sort();
    members.dedup();
    if !members.is_empty() {
        object.attributes.insert("members".to_owned(), members.into_iter().map(Value::from).collect());
    }
    Ok(object)
}
