//! Listing objects, page by page.

use crate::access::Part;
use crate::api::Api;
use crate::schema::{ADMIN_ROLE, GROUP, LICENCE, ORG_UNIT, USER};
use crate::user::to_object;
use crate::{groups, licences, org_units, roles, users};
use purser_sdk::serde_json::Value;
use purser_sdk::{Condition, Error, Object, Operator, Page, SearchRequest, Tail};

/// Groups in one page: each takes a request of its own for its members.
const GROUPS_AT_ONCE: u32 = 50;

/// One page. Conditions are checked here; an address is looked up by key, since the vendor's index lags behind.
///
/// # Errors
/// `unsupported` for a class that there is not.
pub fn search(api: &Api, request: &SearchRequest) -> Result<Page, Error> {
    let page = match request.class.as_str() {
        USER => user_page(api, request)?,
        GROUP => group_page(api, request)?,
        LICENCE => whole(licences::all(api)?),
        ADMIN_ROLE => whole(roles::all(api)?),
        ORG_UNIT => whole(org_units::all(api)?),
        other => return Err(unknown_class(other)),
    };
    let fits = |object: &Object| {
        request.conditions.iter().all(|condition| condition.matches(object, condition.attribute == "employeeNumber"))
    };
    Ok(Page { objects: page.objects.into_iter().filter(fits).collect(), tail: page.tail })
}

/// The error for a class that there is not.
pub fn unknown_class(class: &str) -> Error {
    Error::unsupported(format!("there is no class `{class}`"))
}

fn whole(objects: Vec<Object>) -> Page {
    Page { objects, tail: Tail::Complete }
}

/// The value that an attribute must equal.
fn wanted<'r>(conditions: &'r [Condition], attribute: &str) -> Option<&'r str> {
    let equals = |condition: &&Condition| condition.operator == Operator::Equals && condition.attribute == attribute;
    conditions.iter().find(equals).and_then(|condition| condition.value.as_str())
}

fn found(object: Result<Object, Error>) -> Result<Page, Error> {
    match object {
        Ok(object) => Ok(whole(vec![object])),
        Err(error) if error.is_not_found() => Ok(whole(Vec::new())),
        Err(error) => Err(error),
    }
}

fn user_page(api: &Api, request: &SearchRequest) -> Result<Page, Error> {
    let with_last_login = request.extra_attributes.iter().any(|name| name == "lastLoginTime");
    if let Some(email) = wanted(&request.conditions, "primaryEmail") {
        return found(users::read(api, email).and_then(|shown| to_object(&shown, with_last_login)));
    }
    let mut query = vec![
        ("customer", api.config.customer.clone()),
        ("projection", "full".to_owned()),
        ("maxResults", request.page_size.clamp(1, 500).to_string()),
    ];
    if let Some(number) = wanted(&request.conditions, "employeeNumber").filter(|number| is_plain(number)) {
        query.push(("query", format!("externalId={number}")));
    }
    let batch = api.page(Part::Users, "/users", "users", &query, request.cursor.as_deref())?;
    let objects = batch.items.iter().map(|shown| to_object(shown, with_last_login)).collect::<Result<_, _>>()?;
    Ok(Page { objects, tail: tail(batch.next) })
}

/// Whether a value can stand in the vendor's query without quotes; all others are looked for in the whole list.
fn is_plain(value: &str) -> bool {
    !value.is_empty() && value.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
}

fn group_page(api: &Api, request: &SearchRequest) -> Result<Page, Error> {
    if let Some(email) = wanted(&request.conditions, "email") {
        return found(groups::get(api, email));
    }
    let most = request.page_size.clamp(1, GROUPS_AT_ONCE).to_string();
    let query = [("customer", api.config.customer.clone()), ("maxResults", most)];
    let batch = api.page(Part::Groups, "/groups", "groups", &query, request.cursor.as_deref())?;
    let with_members = |shown: &Value| match groups::with_members(api, shown) {
        Err(error) if error.is_not_found() => None,
        other => Some(other),
    };
    let objects = batch.items.iter().filter_map(with_members).collect::<Result<_, _>>()?;
    Ok(Page { objects, tail: tail(batch.next) })
}

fn tail(next: Option<String>) -> Tail {
    next.map_or(Tail::Complete, Tail::More)
}
