//! `GET /v1/plans/{id}`: a plan, without its items.

use crate::ApiState;
use crate::problem::Problem;
use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use purser_model::id::PlanId;
use purser_model::plan::PlanSummary;

pub(crate) async fn handle(
    State(state): State<ApiState>,
    id: Result<Path<PlanId>, PathRejection>,
) -> Result<Json<PlanSummary>, Problem> {
    let Path(id) = id?;
    Ok(Json(state.store.plan(id).await?))
}
