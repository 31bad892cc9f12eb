//! `GET /v1/assignments/{id}`: one assignment that was made over the API.

use crate::ApiState;
use crate::description::problems::NotFound;
use crate::problem::Problem;
use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use purser_model::assignment::Assignment;
use purser_model::id::AssignmentId;

/// Reads one assignment that was made over the API.
#[utoipa::path(
    get,
    path = "/assignments/{id}",
    operation_id = "readAssignment",
    tag = "roles",
    params(("id" = AssignmentId, Path, description = "The assignment")),
    responses(
        (status = 200, description = "The assignment", body = Assignment),
        NotFound,
    )
)]
pub(crate) async fn handle(
    State(state): State<ApiState>,
    id: Result<Path<AssignmentId>, PathRejection>,
) -> Result<Json<Assignment>, Problem> {
    let Path(id) = id?;
    Ok(Json(state.store.assignment(id).await?))
}
