//! `GET /v1/operations/{id}`: one operation, with where it is and why.

use crate::ApiState;
use crate::problem::Problem;
use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use purser_model::id::OperationId;
use purser_model::operation::Operation;

pub(crate) async fn handle(
    State(state): State<ApiState>,
    id: Result<Path<OperationId>, PathRejection>,
) -> Result<Json<Operation>, Problem> {
    let Path(id) = id?;
    Ok(Json(state.store.operation(id).await?))
}
