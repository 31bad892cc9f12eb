//! `GET /v1/plans/{id}`: a plan, without its items.

use crate::ApiState;
use crate::auth::Seen;
use crate::description::problems::NotFound;
use crate::problem::Problem;
use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use purser_model::id::PlanId;
use purser_model::plan::PlanSummary;

/// Reads a plan, without its items.
#[utoipa::path(
    get,
    path = "/plans/{id}",
    operation_id = "readPlan",
    tag = "plans",
    params(("id" = PlanId, Path, description = "The plan")),
    responses(
        (status = 200, description = "The plan", body = PlanSummary),
        NotFound,
    )
)]
pub(crate) async fn handle(
    State(state): State<ApiState>,
    seen: Seen,
    id: Result<Path<PlanId>, PathRejection>,
) -> Result<Json<PlanSummary>, Problem> {
    let Path(id) = id?;
    let plan = state.store.plan(id).await?;
    seen.plan(&plan)?;
    Ok(Json(plan))
}
