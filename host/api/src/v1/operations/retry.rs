//! `POST /v1/operations/{id}/retry`: a quarantined operation is tried again at once.

use crate::ApiState;
use crate::auth::Acting;
use crate::description::problems::Refusable;
use crate::problem::Problem;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use purser_model::id::OperationId;

/// Tries a quarantined operation again at once.
#[utoipa::path(
    post,
    path = "/operations/{id}/retry",
    operation_id = "retryOperation",
    tag = "operations",
    params(("id" = OperationId, Path, description = "The operation")),
    responses(
        (status = 204, description = "It is due now"),
        Refusable,
    )
)]
pub(crate) async fn handle(
    State(state): State<ApiState>,
    acting: Acting,
    id: Result<Path<OperationId>, PathRejection>,
) -> Result<StatusCode, Problem> {
    let Path(id) = id?;
    acting.seen.thing("operation", &id, &state.store.operation(id).await?.target)?;
    acting.store.release(id, (state.now)()).await?;
    state.engine.look_again();
    Ok(StatusCode::NO_CONTENT)
}
