//! Version 1 of the API.

mod accounts;
mod audit;
mod cases;
mod deletions;
mod events;
mod held;
mod identities;
mod limits;
mod operations;
mod paging;
mod plans;
mod quarantine;
mod runs;
mod targets;
mod tokens;

use crate::ApiState;
use crate::auth::only_for;
use axum::Router;
use axum::routing::{delete, get, post};
use purser_model::access::Permission;

pub(crate) fn routes() -> Router<ApiState> {
    only_for(Permission::Read, reading())
        .merge(only_for(Permission::Operate, operating()))
        .merge(only_for(Permission::Approve, approving()))
        .merge(only_for(Permission::Administer, administering()))
}

fn reading() -> Router<ApiState> {
    Router::new()
        .route("/identities", get(identities::list::handle))
        .route("/identities/{id}", get(identities::read::handle))
        .route("/identities/{id}/explanation", get(identities::explain::handle))
        .route("/accounts", get(accounts::list::handle))
        .route("/operations", get(operations::list::handle))
        .route("/operations/{id}", get(operations::read::handle))
        .route("/runs", get(runs::list::handle))
        .route("/runs/{id}", get(runs::read::handle))
        .route("/plans", get(plans::list::handle))
        .route("/plans/{id}", get(plans::read::handle))
        .route("/plans/{id}/items", get(plans::items::handle))
        .route("/targets", get(targets::list::handle))
        .route("/limits", get(limits::list::handle))
        .route("/cases", get(cases::list::handle))
        .route("/cases/{id}", get(cases::read::handle))
        .route("/held", get(held::list::handle))
        .route("/deletions", get(deletions::list::handle))
        .route("/quarantine", get(quarantine::list::handle))
        .route("/audit", get(audit::list::handle))
        .route("/events", get(events::list::handle))
        .route("/events/stream", get(events::stream::handle))
}

fn operating() -> Router<ApiState> {
    Router::new()
        .route("/identities/{id}/provisioning", post(identities::provision::handle))
        .route("/accounts/{id}/link", post(accounts::link::handle))
        .route("/accounts/{id}/link", delete(accounts::unlink::handle))
        .route("/cases/{id}/decision", post(cases::decide::handle))
        .route("/deletions/{account}/cancellation", post(deletions::cancel::handle))
        .route("/operations/{id}/retry", post(operations::retry::handle))
        .route("/targets/{name}/release", post(targets::release::handle))
        .route("/runs", post(runs::start::handle))
        .route("/plans", post(plans::make::handle))
        .route("/plans/{id}/application", post(plans::apply::handle))
}

fn approving() -> Router<ApiState> {
    Router::new()
        .route("/held/decision", post(held::decide::handle))
        .route("/plans/{id}/decision", post(plans::decide::handle))
}

fn administering() -> Router<ApiState> {
    Router::new()
        .route("/tokens", get(tokens::list::handle))
        .route("/tokens", post(tokens::create::handle))
        .route("/tokens/{name}", delete(tokens::revoke::handle))
}
