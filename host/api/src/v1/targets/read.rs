//! `GET /v1/targets/{name}`: one target: how it is declared, what it runs, its accounts and its queue.

use super::view::{DeclaredTarget, declared};
use crate::ApiState;
use crate::auth::Seen;
use crate::description::problems::NotFound;
use crate::problem::Problem;
use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use purser_model::id::TargetName;
use purser_model::upgrade::Build;
use purser_store::{QueueState, SituationCount};
use serde::Serialize;
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
#[schema(as = Target)]
pub(crate) struct TargetRead {
    name: TargetName,
    declared: DeclaredTarget,
    /// The build that it runs; null where it has run none yet.
    runs: Option<Build>,
    accounts: Vec<SituationCount>,
    queue: QueueState,
}

/// Reads one target: how it is declared, what it runs, its accounts and its queue.
#[utoipa::path(
    get,
    path = "/targets/{name}",
    operation_id = "readTarget",
    tag = "targets",
    params(("name" = TargetName, Path, description = "The target")),
    responses(
        (status = 200, description = "The target", body = TargetRead),
        NotFound,
    )
)]
pub(crate) async fn handle(
    State(state): State<ApiState>,
    seen: Seen,
    name: Result<Path<TargetName>, PathRejection>,
) -> Result<Json<TargetRead>, Problem> {
    let Path(name) = name?;
    seen.target(&name)?;
    let found = state.engine.rules().configuration().targets.get(&name);
    let target = found.ok_or_else(|| Problem::not_found(format!("no target `{name}` is declared")))?;
    let used = state.store.connector_use(&format!("target {name}")).await?;
    let mut accounts = state.store.situations().await?;
    accounts.retain(|count| count.target == name);
    let queue = state.store.queue(&name, (state.now)()).await?;
    Ok(Json(TargetRead { name, declared: declared(target), runs: used.map(|used| used.current), accounts, queue }))
}
