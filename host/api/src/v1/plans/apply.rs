//! `POST /v1/plans/{id}/application`: does exactly what a plan says.

use crate::ApiState;
use crate::auth::Acting;
use crate::body::Body;
use crate::description::problems::Work;
use crate::problem::Problem;
use crate::work::{Begun, begun, going_on};
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::response::Response;
use purser_model::id::PlanId;
use purser_reconcile::{ApplyOptions, ApplyReport, NoProgress};
use serde::Deserialize;
use utoipa::ToSchema;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ApplyPlan)]
pub(crate) struct Wanted {
    /// Only items that somebody approved.
    #[serde(default)]
    approved_only: bool,
}

/// Does exactly what a plan says; rejected and stale items are left out.
#[utoipa::path(
    post,
    path = "/plans/{id}/application",
    operation_id = "applyPlan",
    tag = "plans",
    params(("id" = PlanId, Path, description = "The plan")),
    request_body = Wanted,
    responses(
        (status = 200, description = "What was done", body = ApplyReport),
        (status = 202, description = "It goes on", body = Begun, headers(("Location" = String, description = "Where to look"))),
        Work,
    )
)]
pub(crate) async fn handle(
    State(state): State<ApiState>,
    acting: Acting,
    id: Result<Path<PlanId>, PathRejection>,
    Body(wanted): Body<Wanted>,
) -> Result<Response, Problem> {
    let Path(id) = id?;
    acting.seen.plan(&state.store.plan(id).await?)?;
    acting.store.note_request(&acting.request, (state.now)()).await?;
    let (engine, key) = (state.engine.clone(), state.plan_key.clone());
    // What the guard holds is decided on as such, and declarations are those of the host: neither is waved through here.
    let options = ApplyOptions { approved_only: wanted.approved_only, ..ApplyOptions::default() };
    let (place, narrow) = (format!("/v1/plans/{id}"), acting.seen.is_narrow());
    let answer =
        begun(&state, place.clone(), async move { engine.apply(id, &key, options, &NoProgress).await }).await?;
    // The report is also about what else was in the queue, of whichever target.
    Ok(if narrow { going_on(place) } else { answer })
}
