//! Making, changing and deleting resources, and what must hold for them.

use super::answer::{Answer, Outcome, Refusal};
use super::dialect::{Deletion, Disabling};
use super::list::{Projection, projected};
use super::patch;
use super::routes::Asked;
use super::schema::Kind;
use super::shape::Shaping;
use super::state::{Resource, State, name_of, version_text};
use super::values::{Attributes, each, is_unassigned, member};
use serde_json::Value;

/// POST.
///
/// # Errors
/// It does not fit, or a value is taken.
pub fn create(state: &mut State, kind: &Kind, asked: &Asked) -> Outcome {
    let groups = &state.dialect.group;
    if kind.name == "Group" && !groups.made {
        return Err(Refusal::unfit(405, None, "groups are made in the application"));
    }
    let (with_members, name) = (groups.made_with_members, kind.name.clone());
    let mut attributes = shape(state, kind, false, |shaping| shaping.resource(&asked.body))?;
    if name == "Group" && !with_members && attributes.contains_key("members") {
        return Err(Refusal::value("a group is made without members"));
    }
    if name == "User" {
        attributes.entry("active").or_insert(Value::Bool(true));
    }
    hold(state, kind, &attributes, None)?;
    let id = keep(state, kind, attributes);
    let mut answer = answer(state, kind, &id, 201, asked)?;
    answer.location = Some(state.location(kind, &id));
    Ok(answer)
}

/// Keeps a new resource; its id.
pub fn keep(state: &mut State, kind: &Kind, attributes: Attributes) -> String {
    let id = state.next_id();
    let moment = state.moment.clone();
    let resource =
        Resource { kind: kind.name.clone(), attributes, created: moment.clone(), modified: moment, version: 1 };
    state.resources.insert(id.clone(), resource);
    id
}

/// GET of one resource.
///
/// # Errors
/// It is not there.
pub fn read(state: &State, kind: &Kind, id: &str, asked: &Asked) -> Outcome {
    let resource = find(state, kind, id)?;
    let version = version_text(resource.version);
    if state.dialect.etag && asked.if_none_match.as_deref() == Some(&version) {
        return Ok(Answer { version: Some(version), ..Answer::empty(304) });
    }
    answer(state, kind, id, 200, asked)
}

/// PUT.
///
/// # Errors
/// As [`create`]; the server has no PUT, or it is another version.
pub fn replace(state: &mut State, kind: &Kind, id: &str, asked: &Asked) -> Outcome {
    if !state.dialect.put.contains(&kind.name) {
        return Err(Refusal::unfit(405, None, format!("a {} is not replaced here", kind.name)));
    }
    let before = find_at(state, kind, id, asked)?;
    let mut attributes = shape(state, kind, false, |shaping| shaping.resource(&asked.body))?;
    // What is never shown cannot be given back, and stays.
    for unseen in state.schemas.core(kind).filter(|attribute| attribute.returned == "never") {
        if let Some(value) = before.attributes.get(&unseen.name).filter(|_| !attributes.contains_key(&unseen.name)) {
            attributes.insert(unseen.name.clone(), value.clone());
        }
    }
    change(state, kind, id, asked, attributes)
}

/// PATCH.
///
/// # Errors
/// As [`replace`].
pub fn modify(state: &mut State, kind: &Kind, id: &str, asked: &Asked) -> Outcome {
    let before = find_at(state, kind, id, asked)?;
    let mut attributes = before.attributes;
    let texts = state.dialect.patch.text_booleans;
    shape(state, kind, texts, |shaping| patch::apply(shaping, &mut attributes, &asked.body))?;
    let silent = state.dialect.patch.silent.contains(&kind.name);
    let answer = change(state, kind, id, asked, attributes)?;
    Ok(if silent { Answer { body: Value::Null, status: 204, ..answer } } else { answer })
}

fn change(state: &mut State, kind: &Kind, id: &str, asked: &Asked, attributes: Attributes) -> Outcome {
    hold(state, kind, &attributes, Some(id))?;
    let moment = state.moment.clone();
    let disabled = attributes.get("active") == Some(&Value::Bool(false));
    if let Some(resource) = state.resources.get_mut(id).filter(|resource| resource.attributes != attributes) {
        resource.attributes = attributes;
        resource.version += 1;
        resource.modified = moment;
    }
    let answer = answer(state, kind, id, 200, asked)?;
    if kind.name == "User" && disabled && state.dialect.disabling == Disabling::Deletes {
        forget(state, id);
    }
    Ok(answer)
}

/// DELETE.
///
/// # Errors
/// It is not there, or the server deletes no such thing.
pub fn delete(state: &mut State, kind: &Kind, id: &str, asked: &Asked) -> Outcome {
    let before = find_at(state, kind, id, asked)?;
    match (kind.name.as_str(), state.dialect.deletion) {
        ("Group", _) if !state.dialect.group.made => {
            return Err(Refusal::unfit(405, None, "groups are deleted in the application"));
        }
        ("User", Deletion::Refused) => return Err(Refusal::unfit(405, None, "users are not deleted here")),
        ("User", Deletion::Deactivates) => {
            if let Some(user) = state.resources.get_mut(id) {
                user.attributes.insert("active".into(), false.into());
                user.version += 1;
            }
            return Ok(Answer::empty(204));
        }
        ("User", Deletion::NameKept) => {
            state.kept_names.insert(name_of(&before.attributes, "userName").to_lowercase());
        }
        _ => {}
    }
    forget(state, id);
    Ok(Answer::empty(204))
}

fn forget(state: &mut State, id: &str) {
    state.resources.remove(id);
    for resource in state.resources.values_mut() {
        if let Some(Value::Array(members)) = resource.attributes.get_mut("members") {
            members.retain(|member| member["value"] != id);
        }
        resource.attributes.retain(|_, value| !is_unassigned(value));
    }
}

fn find<'a>(state: &'a State, kind: &Kind, id: &str) -> Result<&'a Resource, Refusal> {
    let found = state.resources.get(id).filter(|resource| resource.kind == kind.name);
    found.ok_or_else(|| Refusal::not_found(&format!("{} {id}", kind.name)))
}

/// The resource, where it is at the version that the request demands.
fn find_at(state: &State, kind: &Kind, id: &str, asked: &Asked) -> Result<Resource, Refusal> {
    let found = find(state, kind, id)?;
    match &asked.if_match {
        Some(_) if !state.dialect.etag => Err(Refusal::unfit(400, None, "versions are not known here")),
        Some(wanted) if wanted != "*" && *wanted != version_text(found.version) => {
            Err(Refusal::now(412, None, format!("the version is {}", version_text(found.version))))
        }
        _ => Ok(found.clone()),
    }
}

fn answer(state: &State, kind: &Kind, id: &str, status: u16, asked: &Asked) -> Outcome {
    let resource = find(state, kind, id)?;
    let shown = state.shown(kind, id, resource);
    let body = projected(state, kind, shown, &Projection::of(asked)?);
    let version = state.dialect.etag.then(|| version_text(resource.version));
    Ok(Answer { version, ..Answer::new(status, Value::Object(body)) })
}

fn shape<T>(
    state: &mut State,
    kind: &Kind,
    text_booleans: bool,
    work: impl FnOnce(&mut Shaping<'_>) -> Result<T, Refusal>,
) -> Result<T, Refusal> {
    let mut notes = Vec::new();
    let (schemas, dialect) = (&state.schemas, &state.dialect);
    let done = work(&mut Shaping { schemas, kind, dialect, text_booleans, notes: &mut notes });
    state.violations.extend(notes);
    done
}

/// What must hold for a resource; `id` is its own.
fn hold(state: &State, kind: &Kind, resource: &Attributes, id: Option<&str>) -> Result<(), Refusal> {
    let dialect = &state.dialect;
    let required = state.schemas.core(kind).filter(|attribute| attribute.required).map(|attribute| &attribute.name);
    let needed = dialect.needed.get(&kind.name).into_iter().flatten();
    if let Some(missing) = required.chain(needed).find(|name| !has(resource, name)) {
        return Err(Refusal::value(format!("a {} needs {missing}", kind.name)));
    }
    let many = |name: &&String| member(resource, name).is_some_and(|value| each(value).len() > 1);
    if let Some(name) = dialect.single.iter().find(many) {
        return Err(Refusal::value(format!("{name} has one value at most")));
    }
    members_are_there(state, kind, resource)?;
    exactly_one(state, kind, resource)?;
    let is_unique = |uniqueness: &Option<String>| matches!(uniqueness.as_deref(), Some("server" | "global"));
    let of_schema = state.schemas.core(kind).filter(|attribute| is_unique(&attribute.uniqueness));
    let names = of_schema.map(|attribute| &attribute.name).chain(dialect.unique.get(&kind.name).into_iter().flatten());
    for name in names {
        if state.is_taken(kind, name, resource, id) {
            return Err(Refusal::now(409, Some("uniqueness"), format!("another {} has this {name}", kind.name)));
        }
    }
    let is_kept = state.kept_names.contains(&name_of(resource, "userName").to_lowercase());
    if kind.name == "User" && is_kept {
        return Err(Refusal::now(409, Some("uniqueness"), "a deleted user has this userName"));
    }
    Ok(())
}

fn has(resource: &Attributes, name: &str) -> bool {
    let (attribute, part) = name.split_once('.').map_or((name, None), |(attribute, part)| (attribute, Some(part)));
    let value = member(resource, attribute);
    let value = match part {
        Some(part) => value.and_then(Value::as_object).and_then(|parts| member(parts, part)),
        None => value,
    };
    value.is_some_and(|value| !is_unassigned(value) && value.as_str() != Some(""))
}

fn members_are_there(state: &State, kind: &Kind, resource: &Attributes) -> Result<(), Refusal> {
    let members = resource.get("members").filter(|_| kind.name == "Group").map(each).unwrap_or_default();
    let id = |member: &Value| member["value"].as_str().unwrap_or_default().to_owned();
    match members.iter().map(id).find(|id| !state.resources.contains_key(id)) {
        Some(missing) => Err(Refusal::now(400, Some("invalidValue"), format!("the member {missing} is not there"))),
        None => Ok(()),
    }
}

fn exactly_one(state: &State, kind: &Kind, resource: &Attributes) -> Result<(), Refusal> {
    let Some(rule) = state.dialect.exactly_one.as_ref().filter(|_| kind.name == "User") else { return Ok(()) };
    let listed = state.dialect.lists.get(&rule.listed_at).into_iter().flatten();
    let of_type = listed.filter(|item| item.get("type").and_then(Value::as_str) == Some(&rule.of));
    let ids: Vec<&Value> = of_type.filter_map(|item| item.get("id")).collect();
    let held = resource.get(&rule.attribute).map(each).unwrap_or_default();
    match held.iter().filter(|item| ids.contains(&&item["value"])).count() {
        1 => Ok(()),
        count => Err(Refusal::value(format!("{} names {count} of the type {}", rule.attribute, rule.of))),
    }
}
