//! `POST /v1/operations/{id}/cancellation`: an operation that was not sent is not sent, and not planned again for a while.

use crate::ApiState;
use crate::auth::Acting;
use crate::description::problems::Refusable;
use crate::problem::Problem;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use purser_model::id::OperationId;

/// Takes an operation out of the queue that was not sent yet. The same is planned again when the identity or the declarations
/// change, the target is reconciled, or somebody provisions the identity.
#[utoipa::path(
    post,
    path = "/operations/{id}/cancellation",
    operation_id = "cancelOperation",
    tag = "operations",
    params(("id" = OperationId, Path, description = "The operation")),
    responses(
        (status = 204, description = "It is not sent, and neither is what cannot be done without it"),
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
    acting.store.cancel_operation(id, (state.now)()).await?;
    // What stood behind it may be due now.
    state.engine.look_again();
    Ok(StatusCode::NO_CONTENT)
}
