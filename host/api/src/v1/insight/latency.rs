//! `GET /v1/insight/latency`: how long operations took from the request to the effect, by target.

use super::period::Parameters;
use crate::ApiState;
use crate::auth::Seen;
use crate::problem::Problem;
use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use purser_store::Latency;
use serde::Serialize;
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
pub(crate) struct Latencies {
    items: Vec<Latency>,
}

/// Reports how long operations took from the request to the effect, by target.
#[utoipa::path(
    get,
    path = "/insight/latency",
    operation_id = "readLatency",
    tag = "operations",
    params(Parameters),
    responses(
        (status = 200, description = "The report", body = Latencies),
    )
)]
pub(crate) async fn handle(
    State(state): State<ApiState>,
    seen: Seen,
    parameters: Result<Query<Parameters>, QueryRejection>,
) -> Result<Json<Latencies>, Problem> {
    let Query(asked) = parameters?;
    let mut items = state.store.latencies(asked.target.as_ref(), asked.period((state.now)())).await?;
    items.retain(|one| seen.0.covers(&one.target));
    Ok(Json(Latencies { items }))
}
