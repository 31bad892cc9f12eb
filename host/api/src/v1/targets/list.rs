//! `GET /v1/targets`: the declared targets, with their accounts by situation and what waits in their queues.

use crate::ApiState;
use crate::auth::Seen;
use crate::problem::Problem;
use axum::Json;
use axum::extract::State;
use purser_model::id::TargetName;
use purser_store::{QueueState, SituationCount};
use serde::Serialize;
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
pub(crate) struct TargetState {
    name: TargetName,
    accounts: Vec<SituationCount>,
    queue: QueueState,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct Targets {
    items: Vec<TargetState>,
}

/// Lists the declared targets, with their accounts by situation and what waits in their queues.
#[utoipa::path(
    get,
    path = "/targets",
    operation_id = "listTargets",
    tag = "targets",
    responses(
        (status = 200, description = "All targets", body = Targets),
    )
)]
pub(crate) async fn handle(State(state): State<ApiState>, seen: Seen) -> Result<Json<Targets>, Problem> {
    let situations = state.store.situations().await?;
    let mut items = Vec::new();
    for name in state.engine.target_names().into_iter().filter(|name| seen.0.covers(name)) {
        let accounts = situations.iter().filter(|count| count.target == name).cloned().collect();
        let queue = state.store.queue(&name, (state.now)()).await?;
        items.push(TargetState { name, accounts, queue });
    }
    Ok(Json(Targets { items }))
}
