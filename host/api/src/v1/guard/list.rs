//! `GET /v1/guard`: how much may be taken away in each target, and how many may depart in each source, at once.

use crate::ApiState;
use crate::problem::Problem;
use axum::Json;
use axum::extract::State;
use purser_model::guard::{Guard, GuardLimit};
use purser_model::id::{SourceName, TargetName};
use serde::Serialize;
use utoipa::ToSchema;

/// The guard of a target.
#[derive(Serialize, ToSchema)]
pub(crate) struct TargetGuard {
    target: TargetName,
    guard: Guard,
}

/// How many may depart in one import.
#[derive(Serialize, ToSchema)]
pub(crate) struct SourceGuard {
    source: SourceName,
    departures: GuardLimit,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct Guards {
    targets: Vec<TargetGuard>,
    sources: Vec<SourceGuard>,
}

/// Lists how much may be taken away in each target, and how many may depart in each source, at once.
#[utoipa::path(
    get,
    path = "/guard",
    operation_id = "listGuards",
    tag = "declarations",
    responses(
        (status = 200, description = "All guards", body = Guards),
    )
)]
pub(crate) async fn handle(State(state): State<ApiState>) -> Result<Json<Guards>, Problem> {
    let configuration = state.engine.rules().configuration();
    let targets =
        configuration.targets.iter().map(|(name, one)| TargetGuard { target: name.clone(), guard: one.guard });
    let sources = configuration.sources.iter();
    let sources = sources.map(|(name, one)| SourceGuard { source: name.clone(), departures: one.guard });
    Ok(Json(Guards { targets: targets.collect(), sources: sources.collect() }))
}
