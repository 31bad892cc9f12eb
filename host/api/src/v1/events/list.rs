//! `GET /v1/events`: what happened, in order, from a sequence number on.

use crate::ApiState;
use crate::description::problems::EventsGone;
use crate::problem::Problem;
use crate::v1::paging::{self, Listed, Place};
use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use purser_store::Event;
use serde::Deserialize;
use utoipa::IntoParams;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Parameters {
    /// Only events after this sequence number; from the oldest on where it is not given.
    #[param(value_type = Option<u64>, minimum = 0, maximum = 9_223_372_036_854_775_807_i64)]
    after: Option<Place>,
    /// How many entries the page has; 100 where it is not given.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<u32>,
}

/// Lists what happened, in order, from a sequence number on.
#[utoipa::path(
    get,
    path = "/events",
    operation_id = "listEvents",
    tag = "events",
    params(Parameters),
    responses(
        (status = 200, description = "A page of events", body = Listed<Event, u64>),
        EventsGone,
    )
)]
pub(crate) async fn handle(
    State(state): State<ApiState>,
    parameters: Result<Query<Parameters>, QueryRejection>,
) -> Result<Json<Listed<Event, u64>>, Problem> {
    let Query(asked) = parameters?;
    let limit = paging::limit(asked.limit)?;
    let after = match asked.after {
        Some(after) => after.into(),
        // Who says nothing begins with the oldest that is kept.
        None => state.store.events_kept().await?.dropped_through,
    };
    let found = state.store.events(after, limit).await?;
    Ok(Json(Listed::new(found, limit, |event| event.sequence)))
}
