//! `GET /v1/runs/{id}`: one run, with its checkpoint and its counts.

use crate::ApiState;
use crate::auth::Seen;
use crate::description::problems::NotFound;
use crate::problem::Problem;
use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use purser_model::id::RunId;
use purser_model::run::Run;
use purser_store::StoreError;

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
    seen: Seen,
    id: Result<Path<RunId>, PathRejection>,
) -> Result<Json<Run>, Problem> {
    let Path(id) = id?;
    let run = state.store.run(id).await?;
    must_be_seen(&seen, &run)?;
    Ok(Json(run))
}

/// A run of what is not the caller's is as one that is not there.
pub(crate) fn must_be_seen(seen: &Seen, run: &Run) -> Result<(), Problem> {
    if seen.is_narrow() && !run.target().is_some_and(|target| seen.0.covers(&target)) {
        return Err(StoreError::NotFound { what: "run", id: run.id.to_string() }.into());
    }
    Ok(())
}
