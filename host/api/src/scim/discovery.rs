//! Discovery: what the server can do, and which types and schemas there are.

use super::answer::scim_json;
use super::client::Client;
use super::problem::ScimProblem;
use axum::extract::{Path, RawQuery};
use axum::http::StatusCode;
use axum::response::Response;
use purser_scim_server::{
    ErrorKind, Page, ScimError, discovery_schemas, list_response, resource_type_document, schema_document,
};
use serde_json::Value;

/// `GET /ServiceProviderConfig`
pub(super) async fn service_provider_config(client: Client) -> Response {
    scim_json(StatusCode::OK, &purser_scim_server::service_provider_config(&client.base, &client.limits))
}

/// `GET /ResourceTypes`
pub(super) async fn resource_types(client: Client, RawQuery(query): RawQuery) -> Result<Response, ScimProblem> {
    whole_list(query, &all_types(&client))
}

/// `GET /ResourceTypes/{name}`
pub(super) async fn resource_type(client: Client, Path(name): Path<String>) -> Result<Response, ScimProblem> {
    one_of(all_types(&client), &name)
}

/// `GET /Schemas`
pub(super) async fn schemas(client: Client, RawQuery(query): RawQuery) -> Result<Response, ScimProblem> {
    whole_list(query, &all_schemas(&client))
}

/// `GET /Schemas/{id}`
pub(super) async fn schema(client: Client, Path(id): Path<String>) -> Result<Response, ScimProblem> {
    one_of(all_schemas(&client), &id)
}

fn all_types(client: &Client) -> Vec<Value> {
    client.types.all().iter().map(|one| resource_type_document(&client.base, one)).collect()
}

fn all_schemas(client: &Client) -> Vec<Value> {
    let of_types = client.types.all().into_iter().flat_map(|one| one.schemas().collect::<Vec<_>>());
    of_types.chain(discovery_schemas()).map(|schema| schema_document(&client.base, schema)).collect()
}

/// RFC 7644 4: filters are refused here, and everything else of a query is passed over.
fn whole_list(query: Option<String>, items: &[Value]) -> Result<Response, ScimProblem> {
    let is_filter = |pair: &str| pair.split('=').next().is_some_and(|name| name.eq_ignore_ascii_case("filter"));
    if query.unwrap_or_default().split('&').any(is_filter) {
        return Err(ScimError::new(ErrorKind::Forbidden, "discovery cannot be filtered: read all of it").into());
    }
    let total = items.len() as u64;
    Ok(scim_json(StatusCode::OK, &list_response(items, total, &Page::Index(1))))
}

fn one_of(items: Vec<Value>, id: &str) -> Result<Response, ScimProblem> {
    let is_meant = |item: &Value| item["id"].as_str().is_some_and(|known| known.eq_ignore_ascii_case(id));
    match items.into_iter().find(is_meant) {
        Some(item) => Ok(scim_json(StatusCode::OK, &item)),
        None => Err(ScimError::new(ErrorKind::NotFound, "there is no such document").into()),
    }
}
