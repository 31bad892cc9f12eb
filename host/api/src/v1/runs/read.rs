//! `GET /v1/runs/{id}`: one run, with its checkpoint and its counts.

use crate::ApiState;
use crate::description::problems::NotFound;
use crate::problem::Problem;
use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use purser_model::id::RunId;
use purser_model::run::Run;

/// Reads one run, with its checkpoint and its counts.
#[utoipa::path(
    get,
    path = "/runs/{id}",
    operation_id = "readRun",
    tag = "runs",
    params(("id" = RunId, Path, description = "The run")),
    responses(
        (status = 200, description = "The run", body = Run),
        NotFound,
    )
)]
pub(crate) async fn handle(
    State(state): State<ApiState>,
    id: Result<Path<RunId>, PathRejection>,
) -> Result<Json<Run>, Problem> {
    let Path(id) = id?;
    Ok(Json(state.store.run(id).await?))
}
