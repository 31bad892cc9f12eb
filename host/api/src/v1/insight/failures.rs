//! `GET /v1/insight/failures`: why operations failed, by target and cause, the most frequent first.

use super::period::Parameters;
use crate::ApiState;
use crate::auth::Seen;
use crate::problem::Problem;
use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use purser_store::FailureCause;
use serde::Serialize;
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
pub(crate) struct Failures {
    items: Vec<FailureCause>,
}

/// Reports why operations failed, by target and cause.
#[utoipa::path(
    get,
    path = "/insight/failures",
    operation_id = "readFailures",
    tag = "operations",
    params(Parameters),
    responses(
        (status = 200, description = "The report", body = Failures),
    )
)]
pub(crate) async fn handle(
    State(state): State<ApiState>,
    seen: Seen,
    parameters: Result<Query<Parameters>, QueryRejection>,
) -> Result<Json<Failures>, Problem> {
    let Query(asked) = parameters?;
    let mut items = state.store.failures(asked.target.as_ref(), asked.period((state.now)())).await?;
    items.retain(|one| seen.0.covers(&one.target));
    Ok(Json(Failures { items }))
}
