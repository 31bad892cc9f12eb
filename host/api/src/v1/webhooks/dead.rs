//! `GET /v1/webhooks/{name}/dead`: deliveries that were given up, in order of their events.

use crate::ApiState;
use crate::description::problems::NotFound;
use crate::problem::Problem;
use crate::v1::paging::{self, Listed, Place};
use axum::Json;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use purser_model::id::WebhookName;
use purser_store::WebhookLetter;
use serde::Deserialize;
use utoipa::IntoParams;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Parameters {
    /// Only those of events after this sequence number.
    #[param(value_type = Option<u64>, minimum = 0, maximum = 9_223_372_036_854_775_807_i64)]
    after: Option<Place>,
    /// How many entries the page has; 100 where it is not given.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<u32>,
}

/// Lists deliveries that were given up, in order of their events.
#[utoipa::path(
    get,
    path = "/webhooks/{name}/dead",
    operation_id = "listDeadLetters",
    tag = "webhooks",
    params(("name" = WebhookName, Path, description = "The webhook"), Parameters),
    responses(
        (status = 200, description = "A page of dead letters", body = Listed<WebhookLetter, u64>),
        NotFound,
    )
)]

pub(crate) async fn handle(
    State(state): State<ApiState>,
    name: Result<Path<WebhookName>, PathRejection>,
    parameters: Result<Query<Parameters>, QueryRejection>,
) -> Result<Json<Listed<WebhookLetter, u64>>, Problem> {
    let (Path(name), Query(asked)) = (name?, parameters?);
    let limit = paging::limit(asked.limit)?;
    let found = state.store.dead_letters(&name, asked.after.map_or(0, u64::from), limit).await?;
    Ok(Json(Listed::new(found, limit, |letter| letter.event.sequence)))
}
