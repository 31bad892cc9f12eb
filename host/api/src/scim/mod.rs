//! The SCIM server (RFC 7643, 7644, 9865): what identity providers push becomes identities and groups.
//!
//! A client shows a token of its own, and sees and changes only what it pushed itself. `purser-scim-server` knows what
//! requests mean; here they are read, carried out in the store and answered. `host/docs/scim.md` is the reference.

mod answer;
mod body;
mod bulk;
mod client;
mod create;
mod delete;
mod discovery;
mod list;
mod me;
mod patch;
mod preconditions;
mod problem;
mod read;
mod replace;
mod token;
mod views;

pub use token::issue_scim_token;

use crate::ApiState;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware;
use axum::routing::{any, get, post};
use client::{Clients, ScimState};
use problem::ScimProblem;
use purser_scim_server::{ErrorKind, ResourceKind, ScimError, ServerLimits};
use std::sync::Arc;

/// The routes below `/scim/v2`.
pub(crate) fn routes(api: &ApiState, limits: ServerLimits) -> Router<ApiState> {
    let state = ScimState::new(api, Clients::of(&api.engine.rules().configuration().pushed), limits);
    let state = Arc::new(state);
    Router::new()
        .merge(resources(ResourceKind::User))
        .merge(resources(ResourceKind::Group))
        .route("/", get(list::everything))
        .route("/.search", post(list::search_everything))
        .route("/Bulk", post(bulk::handle))
        .route("/Me", any(me::handle))
        .route("/ServiceProviderConfig", get(discovery::service_provider_config))
        .route("/ResourceTypes", get(discovery::resource_types))
        .route("/ResourceTypes/{name}", get(discovery::resource_type))
        .route("/Schemas", get(discovery::schemas))
        .route("/Schemas/{id}", get(discovery::schema))
        .fallback(async || ScimProblem::from(ScimError::new(ErrorKind::NotFound, "there is nothing at this path")))
        .method_not_allowed_fallback(async || {
            ScimProblem::from(ScimError::new(ErrorKind::MethodNotAllowed, "this method cannot be used here"))
        })
        .layer(middleware::from_fn_with_state(state.clone(), client::require_token))
        .layer(DefaultBodyLimit::max(limits.payload_bytes))
        .layer(middleware::map_response(crate::never_stored))
        .with_state(state)
}

fn resources(kind: ResourceKind) -> Router<Arc<ScimState>> {
    let endpoint = kind.endpoint();
    Router::new()
        .route(
            endpoint,
            get(move |client, query| list::of_kind(client, kind, query))
                .post(move |client, query, body| create::handle(client, kind, query, body)),
        )
        .route(&format!("{endpoint}/.search"), post(move |client, body| list::search_kind(client, kind, body)))
        .route(
            &format!("{endpoint}/{{id}}"),
            get(move |client, id, query, headers| read::handle(client, kind, id, query, headers))
                .put(move |client, id, query, headers, body| replace::handle(client, kind, (id, query), headers, body))
                .patch(move |client, id, query, headers, body| patch::handle(client, kind, (id, query), headers, body))
                .delete(move |client, id, headers| delete::handle(client, kind, id, headers)),
        )
}

#[cfg(test)]
mod tests;
