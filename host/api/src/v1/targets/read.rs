//! `GET /v1/targets/{name}`: one declared target, with its accounts by situation and what waits in its queue.

use super::list::{TargetState, state_of};
use crate::ApiState;
use crate::auth::Seen;
use crate::description::problems::NotFound;
use crate::problem::Problem;
use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use purser_model::id::TargetName;

/// Reads one declared target, with its accounts by situation and what waits in its queue.
#[utoipa::path(
    get,
    path = "/targets/{name}",
    operation_id = "readTarget",
    tag = "targets",
    params(("name" = TargetName, Path, description = "The target")),
    responses(
        (status = 200, description = "The target", body = TargetState),
        NotFound,
    )
)]
pub(crate) async fn handle(
    State(state): State<ApiState>,
    seen: Seen,
    name: Result<Path<TargetName>, PathRejection>,
) -> Result<Json<TargetState>, Problem> {
    let Path(name) = name?;
    seen.target(&name)?;
    if !state.engine.target_names().contains(&name) {
        return Err(Problem::not_found(format!("no target `{name}` is declared")));
    }
    Ok(Json(state_of(&state, name).await?))
}
