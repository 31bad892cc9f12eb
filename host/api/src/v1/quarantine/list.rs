//! `GET /v1/quarantine`: targets and operations that are out of service, why and until when.

use crate::ApiState;
use crate::auth::Seen;
use crate::problem::Problem;
use axum::Json;
use axum::extract::State;
use purser_model::quarantine::{QuarantinedOperation, QuarantinedTarget};
use serde::Serialize;
use utoipa::ToSchema;

/// More operations at a time help nobody.
const MOST: u32 = 1_000;

#[derive(Serialize, ToSchema)]
pub(crate) struct Quarantine {
    targets: Vec<QuarantinedTarget>,
    /// The oldest of them.
    operations: Vec<QuarantinedOperation>,
}

/// Lists targets and operations that are out of service, why and until when.
#[utoipa::path(
    get,
    path = "/quarantine",
    operation_id = "listQuarantine",
    tag = "targets",
    responses(
        (status = 200, description = "All targets, and the oldest operations", body = Quarantine),
    )
)]
pub(crate) async fn handle(State(state): State<ApiState>, seen: Seen) -> Result<Json<Quarantine>, Problem> {
    let (mut targets, mut operations) = (state.store.resting().await?, state.store.quarantined(MOST).await?);
    targets.retain(|one| seen.0.covers(&one.target));
    operations.retain(|one| seen.0.covers(&one.target));
    Ok(Json(Quarantine { targets, operations }))
}
