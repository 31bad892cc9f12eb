//! `GET /v1/plans/{id}/items`: what a plan would do, from `?offset=` on.

use crate::ApiState;
use crate::problem::Problem;
use crate::v1::paging::{self, Listed};
use axum::Json;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use purser_model::id::PlanId;
use purser_model::plan::PlanLine;
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Parameters {
    offset: Option<u64>,
    limit: Option<u32>,
}

pub(crate) async fn handle(
    State(state): State<ApiState>,
    id: Result<Path<PlanId>, PathRejection>,
    parameters: Result<Query<Parameters>, QueryRejection>,
) -> Result<Json<Listed<PlanLine, u64>>, Problem> {
    let (Path(id), Query(asked)) = (id?, parameters?);
    let limit = paging::limit(asked.limit)?;
    let offset = asked.offset.unwrap_or(0);
    state.store.plan(id).await?;
    let items = state.store.plan_items(id, offset, limit).await?;
    let lines = items.into_iter().map(|kept| kept.line).collect();
    Ok(Json(Listed::new(lines, limit, |line: &PlanLine| line.position)))
}
