//! `GET /v1/limits`: how often calls into connectors reached a limit, by limit, connector and source or target.

use crate::ApiState;
use crate::problem::Problem;
use axum::Json;
use axum::extract::State;
use purser_store::LimitCount;
use serde::Serialize;

#[derive(Serialize)]
pub(crate) struct LimitCounts {
    items: Vec<LimitCount>,
}

pub(crate) async fn handle(State(state): State<ApiState>) -> Result<Json<LimitCounts>, Problem> {
    Ok(Json(LimitCounts { items: state.store.limits_reached().await? }))
}
