//! `POST /v1/runs/{id}/stop`: a run stops at its next call or page.

use crate::ApiState;
use crate::auth::Acting;
use crate::description::problems::Refusable;
use crate::problem::Problem;
use crate::v1::runs::read::must_be_seen;
use crate::work;
use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use purser_model::id::RunId;
use purser_model::run::Run;

/// Stops a run at its next call or page. One that has not stopped within five seconds is answered as `running`, with `stop`.
#[utoipa::path(
    post,
    path = "/runs/{id}/stop",
    operation_id = "stopRun",
    tag = "runs",
    params(("id" = RunId, Path, description = "The run")),
    responses(
        (status = 200, description = "The run, which has stopped or will", body = Run),
        Refusable,
    )
)]
pub(crate) async fn handle(
    State(state): State<ApiState>,
    acting: Acting,
    id: Result<Path<RunId>, PathRejection>,
) -> Result<Json<Run>, Problem> {
    let Path(id) = id?;
    must_be_seen(&acting.seen, &state.store.run(id).await?)?;
    Ok(Json(state.engine.stop_run(acting.store.as_ref(), id, work::patience()).await?))
}
