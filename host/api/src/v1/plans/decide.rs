//! `POST /v1/plans/{id}/decision`: approves or rejects items of a plan; without `positions` all that are undone.

use crate::ApiState;
use crate::auth::Acting;
use crate::body::{Body, Position};
use crate::description::problems::Refusable;
use crate::problem::Problem;
use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use purser_model::id::PlanId;
use purser_store::{Decided, Decision};
use serde::Deserialize;
use std::collections::BTreeSet;
use utoipa::ToSchema;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DecidePlan)]
pub(crate) struct Wanted {
    /// The items by their numbers; all that are undone where it is not given.
    #[schema(value_type = Option<Vec<Position>>)]
    positions: Option<BTreeSet<Position>>,
    /// What is decided.
    decision: Decision,
}

/// Approves or rejects items of a plan; without positions all that are undone.
#[utoipa::path(
    post,
    path = "/plans/{id}/decision",
    operation_id = "decidePlan",
    tag = "plans",
    params(("id" = PlanId, Path, description = "The plan")),
    request_body = Wanted,
    responses(
        (status = 200, description = "What the decision changed", body = Decided),
        Refusable,
    )
)]
pub(crate) async fn handle(
    State(state): State<ApiState>,
    acting: Acting,
    id: Result<Path<PlanId>, PathRejection>,
    Body(wanted): Body<Wanted>,
) -> Result<Json<Decided>, Problem> {
    let Path(id) = id?;
    acting.seen.plan(&state.store.plan(id).await?)?;
    let positions = wanted.positions.map(|positions| positions.into_iter().map(|Position(place)| place).collect());
    Ok(Json(state.engine.decide_plan(acting.store.as_ref(), id, positions, wanted.decision).await?))
}
