//! `DELETE /v1/assignments/{id}`: takes an assignment away that was made over the API.

use crate::ApiState;
use crate::auth::Acting;
use crate::description::problems::NotFound;
use crate::problem::Problem;
use crate::v1::because::Because;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use purser_model::id::AssignmentId;

/// Takes an assignment away that was made over the API. What it alone granted is taken away at once.
#[utoipa::path(
    delete,
    path = "/assignments/{id}",
    operation_id = "endAssignment",
    tag = "roles",
    params(("id" = AssignmentId, Path, description = "The assignment"), Because),
    responses(
        (status = 204, description = "Done"),
        NotFound,
    )
)]
pub(crate) async fn handle(
    State(state): State<ApiState>,
    acting: Acting,
    id: Result<Path<AssignmentId>, PathRejection>,
    because: Result<Query<Because>, QueryRejection>,
) -> Result<StatusCode, Problem> {
    let (Path(id), Query(because)) = (id?, because?);
    acting.store.end_assignment(id, because.reason, (state.now)()).await?;
    state.engine.look_again();
    Ok(StatusCode::NO_CONTENT)
}
