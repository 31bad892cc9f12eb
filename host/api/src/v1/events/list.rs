//! `GET /v1/events`: what happened, in order, from a sequence number on.

use crate::ApiState;
use crate::problem::Problem;
use crate::v1::paging::{self, Listed};
use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use purser_store::Event;
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Parameters {
    after: Option<u64>,
    limit: Option<u32>,
}

pub(crate) async fn handle(
    State(state): State<ApiState>,
    parameters: Result<Query<Parameters>, QueryRejection>,
) -> Result<Json<Listed<Event, u64>>, Problem> {
    let Query(asked) = parameters?;
    let limit = paging::limit(asked.limit)?;
    let after = match asked.after {
        Some(after) => after,
        // Who says nothing begins with the oldest that is kept.
        None => state.store.events_kept().await?.dropped_through,
    };
    let found = state.store.events(after, limit).await?;
    Ok(Json(Listed::new(found, limit, |event| event.sequence)))
}
