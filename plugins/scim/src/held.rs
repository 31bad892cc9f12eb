//! Roles and entitlements: values of a user's `roles` and `entitlements` that are granted and revoked, listed by the
//! server (draft-ietf-scim-roles-entitlements, and vendors' own lists such as Salesforce's) or by the configuration.

use crate::class::Class;
use crate::config::{Config, Held, Holdable};
use crate::document::{count, field, text_field};
use crate::edits;
use crate::filter::all_match;
use crate::server::Server;
use purser_sdk::serde_json::{Value, json};
use purser_sdk::{
    Attribute, AttributeAction, AttributeChange, Attributes, EntitlementEdit, Error, ErrorClass, Holding, HoldingSide,
    Object, ObjectClass, Operation, Outcome, Page, SearchRequest, Tail,
};
use std::collections::BTreeMap;

/// Most asked for at once.
const PAGE_SIZE: u32 = 200;

/// The classes that the configuration makes of roles and entitlements.
pub fn classes(config: &Config) -> Vec<ObjectClass> {
    let configured = [(Class::Role, &config.roles), (Class::Entitlement, &config.entitlements)];
    configured.into_iter().filter_map(|(class, holdable)| Some(described(class, holdable.as_ref()?))).collect()
}

fn described(class: Class<'_>, holdable: &Holdable) -> ObjectClass {
    let holding = Holding {
        account_class: Class::User.name().to_owned(),
        side: HoldingSide::Account,
        attribute: attribute_of(class).to_owned(),
        cardinality: holdable.held.into(),
    };
    let attributes = vec![
        Attribute::text("displayName").unique().read_only().describe("The name shown to people"),
        Attribute::text("type").read_only().describe("The server's own kind of it"),
    ];
    ObjectClass::entitlement(class.name(), holding)
        .title(class.name())
        .operations(&[Operation::Search, Operation::Get])
        .delete_semantics(purser_sdk::DeleteSemantics::None)
        .attributes(attributes)
}

fn attribute_of(class: Class<'_>) -> &'static str {
    if class == Class::Role { "roles" } else { "entitlements" }
}

fn holdable<'a>(server: &'a Server, class: Class<'_>) -> Result<&'a Holdable, Error> {
    let configured = if class == Class::Role { &server.config.roles } else { &server.config.entitlements };
    let key = attribute_of(class);
    configured.as_ref().ok_or_else(|| {
        Error::unsupported(format!("there is no class `{}` here: configure `{key}` first", class.name()))
    })
}

/// All of them in order of their ids, and why some may be missing.
fn all(server: &Server, class: Class<'_>) -> Result<(BTreeMap<String, Attributes>, Option<String>), Error> {
    let holdable = holdable(server, class)?;
    let named = |value: &String| (value.clone(), Attributes::from_iter([("displayName".to_owned(), json!(value))]));
    let mut found: BTreeMap<String, Attributes> = holdable.values.iter().map(named).collect();
    let Some(path) = &holdable.listed_at else { return Ok((found, None)) };
    let size = server.page_size(PAGE_SIZE)?.to_string();
    let mut listed = BTreeMap::new();
    let mut read = 0;
    loop {
        let answer = server.read(path, &[("startIndex", (read + 1).to_string()), ("count", size.clone())])?;
        let total = field(&answer, "totalResults").and_then(count);
        let items = match &answer {
            Value::Array(items) => items.as_slice(),
            answer => field(answer, "Resources").and_then(Value::as_array).map_or(&[][..], Vec::as_slice),
        };
        let before = listed.len();
        listed.extend(items.iter().filter_map(of_server));
        read += items.len();
        let complete = total.is_none_or(|total| read as u64 >= total);
        if complete || listed.len() == before {
            let missing = total.filter(|total| (listed.len() as u64) < *total);
            let reason =
                missing.map(|total| format!("the server counts {total} at `{path}` and listed {}", listed.len()));
            found.extend(listed);
            return Ok((found, reason));
        }
    }
}

/// Users refer to it by its `value`, or else by its `id`.
fn of_server(item: &Value) -> Option<(String, Attributes)> {
    let id = text_field(item, "value").or_else(|| text_field(item, "id"))?;
    let name = ["displayName", "display", "name"].iter().find_map(|name| text_field(item, name)).unwrap_or(id);
    let kind = text_field(item, "type").map(|kind| ("type".to_owned(), json!(kind)));
    let attributes = [("displayName".to_owned(), json!(name))].into_iter().chain(kind).collect();
    Some((id.to_owned(), attributes))
}

/// One page. There are few, so that all are read for each page; the cursor is the id after which it goes on.
///
/// # Errors
/// `unsupported` where they are not configured; whatever reaching the server gives.
pub fn search(server: &Server, class: Class<'_>, request: &SearchRequest) -> Result<Page, Error> {
    let (all, missing) = all(server, class)?;
    let after = request.cursor.as_deref();
    let matching = all.into_iter().filter(|(id, attributes)| {
        after.is_none_or(|after| id.as_str() > after) && all_match(attributes, &request.conditions)
    });
    let mut objects: Vec<Object> = matching.map(|(id, attributes)| Object::new(id, attributes)).collect();
    let more = objects.len() > request.page_size as usize;
    objects.truncate(request.page_size as usize);
    let tail = match (objects.last().filter(|_| more), missing) {
        (Some(last), _) => Tail::More(last.id.clone()),
        (None, Some(reason)) => Tail::Truncated(reason),
        (None, None) => Tail::Complete,
    };
    Ok(Page { objects, tail })
}

/// One of them.
///
/// # Errors
/// `not-found`; `unavailable` where the server did not list all, so that it may be there.
pub fn get(server: &Server, class: Class<'_>, id: &str) -> Result<Object, Error> {
    let (mut all, missing) = all(server, class)?;
    match (all.remove(id), missing) {
        (Some(attributes), _) => Ok(Object::new(id, attributes)),
        (None, Some(reason)) => Err(Error::unavailable(None, reason)),
        (None, None) => Err(Error::new(ErrorClass::NotFound, format!("there is no {} `{id}`", class.name()))),
    }
}

/// Gives one to a user. Where a user has at most one, it takes the place of the former one.
///
/// # Errors
/// As an update of the user.
pub fn grant(server: &Server, class: Class<'_>, edit: &EntitlementEdit) -> Result<Outcome, Error> {
    let held = holdable(server, class)?.held;
    let user = server.read_object(Class::User, &edit.id)?;
    if holds(&user, class, &edit.entitlement) {
        return Ok(Outcome::Unchanged(Some(user)));
    }
    let value = json!({"value": edit.entitlement});
    let action = match held {
        Held::Many => AttributeAction::Add(vec![value]),
        Held::AtMostOne | Held::ExactlyOne => AttributeAction::Replace(json!([value])),
    };
    change(server, class, edit, action)
}

/// Takes one from a user.
///
/// # Errors
/// As an update of the user; `unsupported` where a user always has one.
pub fn revoke(server: &Server, class: Class<'_>, edit: &EntitlementEdit) -> Result<Outcome, Error> {
    if holdable(server, class)?.held == Held::ExactlyOne {
        let message = format!("a user always has one {}: grant another, which takes its place", class.name());
        return Err(Error::unsupported(message));
    }
    let user = match server.read_object(Class::User, &edit.id) {
        Err(error) if error.is_not_found() => return Ok(Outcome::Unchanged(None)),
        user => user?,
    };
    if !holds(&user, class, &edit.entitlement) {
        return Ok(Outcome::Unchanged(Some(user)));
    }
    change(server, class, edit, AttributeAction::Remove(vec![json!({"value": edit.entitlement})]))
}

fn holds(user: &Object, class: Class<'_>, id: &str) -> bool {
    let held = user.attributes.get(attribute_of(class)).and_then(Value::as_array);
    held.is_some_and(|held| held.iter().any(|value| value == id))
}

fn change(
    server: &Server,
    class: Class<'_>,
    edit: &EntitlementEdit,
    action: AttributeAction,
) -> Result<Outcome, Error> {
    let change = AttributeChange { attribute: attribute_of(class).to_owned(), action };
    edits::change(server, Class::User, &edit.id, None, &[change])
}
