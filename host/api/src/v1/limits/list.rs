//! `GET /v1/limits`: how often calls into connectors reached a limit, by limit, connector and source or target.

use crate::ApiState;
use crate::problem::Problem;
use axum::Json;
use axum::extract::State;
use purser_store::LimitCount;
use serde::Serialize;
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
pub(crate) struct LimitCounts {
    items: Vec<LimitCount>,
}

/// Lists how often calls into connectors reached a limit.
#[utoipa::path(
    get,
    path = "/limits",
    operation_id = "listLimits",
    tag = "targets",
    responses(
        (status = 200, description = "All counts", body = LimitCounts),
    )
)]
pub(crate) async fn handle(State(state): State<ApiState>) -> Result<Json<LimitCounts>, Problem> {
    Ok(Json(LimitCounts { items: state.store.limits_reached().await? }))
}
