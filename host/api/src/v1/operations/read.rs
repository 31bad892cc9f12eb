//! `GET /v1/operations/{id}`: one operation, with where it is and why.

use crate::ApiState;
use crate::auth::Seen;
use crate::description::problems::NotFound;
use crate::problem::Problem;
use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use purser_model::id::OperationId;
use purser_model::operation::Operation;

/// Reads one operation, with where it is and why.
#[utoipa::path(
    get,
    path = "/operations/{id}",
    operation_id = "readOperation",
    tag = "operations",
    params(("id" = OperationId, Path, description = "The operation")),
    responses(
        (status = 200, description = "The operation", body = Operation),
        NotFound,
    )
)]
pub(crate) async fn handle(
    State(state): State<ApiState>,
    seen: Seen,
    id: Result<Path<OperationId>, PathRejection>,
) -> Result<Json<Operation>, Problem> {
    let Path(id) = id?;
    let operation = state.store.operation(id).await?;
    seen.thing("operation", &id, &operation.target)?;
    Ok(Json(operation))
}
