//! `GET /v1/plans`: plans, newest first.

use crate::ApiState;
use crate::problem::Problem;
use crate::v1::paging::{self, Listed};
use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use purser_model::id::PlanId;
use purser_model::plan::PlanSummary;
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Parameters {
    after: Option<PlanId>,
    limit: Option<u32>,
}

pub(crate) async fn handle(
    State(state): State<ApiState>,
    parameters: Result<Query<Parameters>, QueryRejection>,
) -> Result<Json<Listed<PlanSummary, PlanId>>, Problem> {
    let Query(asked) = parameters?;
    let page = paging::page(asked.after, asked.limit)?;
    let found = state.store.plans(page).await?;
    Ok(Json(Listed::new(found, page.limit, |one| one.id)))
}
