//! Licences: a user has one SKU of each product. The API names users by their address, which changes; ids are joined here.

use crate::access::Part;
use crate::api::Api;
use crate::config::split_licence;
use crate::schema::LICENCE;
use crate::users;
use purser_sdk::http::{Method, escape_segment};
use purser_sdk::serde_json::{Value, json};
use purser_sdk::{Attributes, EntitlementEdit, Error, ErrorClass, Object, Outcome};
use std::collections::BTreeMap;

/// The configured licences with who has them.
///
/// # Errors
/// As [`Api::all`].
pub fn all(api: &Api) -> Result<Vec<Object>, Error> {
    if api.config.licences.is_empty() {
        return Ok(Vec::new());
    }
    let ids = ids_by_address(api)?;
    api.config.licences.iter().map(|licence| read(api, licence, &ids)).collect()
}

/// One licence.
///
/// # Errors
/// `not-found` where it is not configured.
pub fn get(api: &Api, licence: &str) -> Result<Object, Error> {
    if !api.config.licences.iter().any(|known| known == licence) {
        return Err(Error::not_found(LICENCE, licence));
    }
    read(api, licence, &ids_by_address(api)?)
}

fn ids_by_address(api: &Api) -> Result<BTreeMap<String, String>, Error> {
    let query = [
        ("customer", api.config.customer.clone()),
        ("maxResults", "500".to_owned()),
        ("fields", "nextPageToken,users(id,primaryEmail)".to_owned()),
    ];
    let users = api.all(Part::Users, "/users", "users", &query)?;
    let pair = |user: &Value| Some((user["primaryEmail"].as_str()?.to_lowercase(), user["id"].as_str()?.to_owned()));
    Ok(users.iter().filter_map(pair).collect())
}

fn sku_path(licence: &str) -> Result<String, Error> {
    let (product, sku) = split_licence(licence)
        .ok_or_else(|| Error::invalid_value(LICENCE, format!("`{licence}` is no PRODUCT/SKU")))?;
    Ok(format!("/product/{}/sku/{}", escape_segment(product), escape_segment(sku)))
}

fn read(api: &Api, licence: &str, ids: &BTreeMap<String, String>) -> Result<Object, Error> {
    let query = [("customerId", api.config.customer.clone()), ("maxResults", "1000".to_owned())];
    let found = api.all(Part::Licences, &format!("{}/users", sku_path(licence)?), "items", &query)?;
    let id = |one: &Value| ids.get(&one["userId"].as_str()?.to_lowercase()).cloned();
    let mut members: Vec<String> = found.iter().filter_map(id).collect();
    members.sort();
    let mut attributes = Attributes::new();
    attributes.insert("sku".to_owned(), licence.into());
    attributes.insert("product".to_owned(), licence.split('/').next().unwrap_or_default().into());
    if !members.is_empty() {
        attributes.insert("members".to_owned(), members.into());
    }
    Ok(Object::new(licence, attributes))
}

fn address_of(api: &Api, id: &str) -> Result<String, Error> {
    let shown = users::read(api, id)?;
    Ok(shown["primaryEmail"].as_str().unwrap_or_default().to_owned())
}

/// Gives a licence. Another SKU of the same product is exchanged for it, where it is one of the configured ones.
///
/// # Errors
/// `quota-or-licence-exhausted` where no seat is free.
pub fn grant(api: &Api, edit: &EntitlementEdit) -> Result<Outcome, Error> {
    let address = address_of(api, &edit.id)?;
    let path = format!("{}/user", sku_path(&edit.entitlement)?);
    let given = api.write(Part::Licences, Method::Post, &path, Some(json!({"userId": address})));
    match given {
        Ok(_) => Ok(Outcome::Done(None)),
        Err(error) if !matches!(error.class, ErrorClass::AlreadyExists(_)) => Err(error),
        Err(error) => exchange(api, &edit.entitlement, &address, error),
    }
}

fn exchange(api: &Api, licence: &str, address: &str, error: Error) -> Result<Outcome, Error> {
    if holds(api, licence, address)? {
        return Ok(Outcome::Unchanged(None));
    }
    let Some((product, sku)) = split_licence(licence) else { return Err(error) };
    let siblings = api
        .config
        .licences
        .iter()
        .filter(|other| other.as_str() != licence && split_licence(other).is_some_and(|(of, _)| of == product));
    for sibling in siblings {
        if holds(api, sibling, address)? {
            let path = format!("{}/user/{}", sku_path(sibling)?, escape_segment(address));
            let body = json!({"productId": product, "skuId": sku, "userId": address});
            return api.write(Part::Licences, Method::Patch, &path, Some(body)).map(|_| Outcome::Done(None));
        }
    }
    let message = format!(
        "the user has another licence of {product} that is not in `licences`: add it or take it away; {}",
        error.message
    );
    Err(Error { message, ..error })
}

fn holds(api: &Api, licence: &str, address: &str) -> Result<bool, Error> {
    match api.read(Part::Licences, &format!("{}/user/{}", sku_path(licence)?, escape_segment(address)), &[]) {
        Ok(_) => Ok(true),
        Err(error) if error.is_not_found() => Ok(false),
        Err(error) => Err(error),
    }
}

/// Takes a licence away. A user that is gone has none.
///
/// # Errors
/// `permission-denied`.
pub fn revoke(api: &Api, edit: &EntitlementEdit) -> Result<Outcome, Error> {
    let taken = address_of(api, &edit.id).and_then(|address| {
        let path = format!("{}/user/{}", sku_path(&edit.entitlement)?, escape_segment(&address));
        api.write(Part::Licences, Method::Delete, &path, None)
    });
    match taken {
        Ok(_) => Ok(Outcome::Done(None)),
        Err(error) if error.is_not_found() => Ok(Outcome::Unchanged(None)),
        Err(error) => Err(error),
    }
}
