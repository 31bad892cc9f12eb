//! `POST /v1/webhooks/{name}/redelivery`: tries again what was given up, or what waits for its next try.

use crate::ApiState;
use crate::auth::Acting;
use crate::body::{Body, Position};
use crate::description::problems::{BadValues, NotFound};
use crate::problem::Problem;
use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use purser_model::id::WebhookName;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// More are named in several requests.
const MOST: usize = 500;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RedeliverLetters)]
pub(crate) struct Wanted {
    /// The events by their sequence numbers; all that were given up where it is not given.
    #[schema(min_items = 1, max_items = 500)]
    events: Option<Vec<Position>>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct Redelivered {
    /// How many are tried again.
    redelivered: u64,
}

/// Tries again what was given up, or what waits for its next try.
#[utoipa::path(
    post,
    path = "/webhooks/{name}/redelivery",
    operation_id = "redeliver",
    tag = "webhooks",
    params(("name" = WebhookName, Path, description = "The webhook")),
    request_body = Wanted,
    responses(
        (status = 200, description = "How many are tried again", body = Redelivered),
        NotFound,
        BadValues,
    )
)]
pub(crate) async fn handle(
    State(state): State<ApiState>,
    acting: Acting,
    name: Result<Path<WebhookName>, PathRejection>,
    Body(wanted): Body<Wanted>,
) -> Result<Json<Redelivered>, Problem> {
    let Path(name) = name?;
    if wanted.events.as_ref().is_some_and(|events| events.is_empty() || events.len() > MOST) {
        return Err(Problem::bad_parameter(format!("`events` names from 1 to {MOST} events; leave it out for all")));
    }
    let events = wanted.events.map(|events| events.into_iter().map(|Position(event)| event).collect());
    let redelivered = acting.store.redeliver(&name, events, (state.now)()).await?;
    Ok(Json(Redelivered { redelivered }))
}
