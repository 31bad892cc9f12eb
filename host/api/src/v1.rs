//! Version 1 of the API.

mod accounts;
mod events;
mod identities;
mod limits;
mod operations;
mod paging;
mod plans;
mod runs;
mod targets;

use crate::ApiState;
use axum::Router;
use axum::routing::get;

pub(crate) fn routes() -> Router<ApiState> {
    Router::new()
        .route("/identities", get(identities::list::handle))
        .route("/identities/{id}", get(identities::read::handle))
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
        .route("/events", get(events::list::handle))
}
