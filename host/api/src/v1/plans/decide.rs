//! `POST /v1/plans/{id}/decision`: approves or rejects items of a plan; without `positions` all that are undone.

use crate::ApiState;
use crate::auth::Acting;
use crate::body::Body;
use crate::problem::Problem;
use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use purser_model::id::PlanId;
use purser_store::{Decided, Decision};
use serde::Deserialize;
use std::collections::BTreeSet;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Wanted {
    positions: Option<BTreeSet<u64>>,
    decision: Decision,
}

pub(crate) async fn handle(
    State(state): State<ApiState>,
    acting: Acting,
    id: Result<Path<PlanId>, PathRejection>,
    Body(wanted): Body<Wanted>,
) -> Result<Json<Decided>, Problem> {
    let Path(id) = id?;
    Ok(Json(acting.store.decide_plan_items(id, wanted.positions, wanted.decision, (state.now)()).await?))
}
