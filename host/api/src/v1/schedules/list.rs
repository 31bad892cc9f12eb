//! `GET /v1/schedules`: what runs regularly, how it ended last, and when it comes next.

use crate::ApiState;
use crate::problem::Problem;
use axum::Json;
use axum::extract::State;
use purser_reconcile::{JobReport, job_reports};
use serde::Serialize;
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
pub(crate) struct Schedules {
    items: Vec<JobReport>,
}

/// Lists what runs regularly, how it ended last, and when it comes next.
#[utoipa::path(
    get,
    path = "/schedules",
    operation_id = "listSchedules",
    tag = "runs",
    responses(
        (status = 200, description = "All declared jobs", body = Schedules),
    )
)]
pub(crate) async fn handle(State(state): State<ApiState>) -> Result<Json<Schedules>, Problem> {
    let configuration = state.engine.rules().configuration();
    Ok(Json(Schedules { items: job_reports(configuration, state.store.as_ref(), (state.now)()).await? }))
}
