//! `POST /v1/plans/{id}/application`: does exactly what a plan says.

use crate::ApiState;
use crate::auth::Acting;
use crate::body::Body;
use crate::problem::Problem;
use crate::work::begun;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::response::Response;
use purser_model::id::PlanId;
use purser_reconcile::{ApplyOptions, NoProgress};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Wanted {
    /// Only items that somebody approved.
    #[serde(default)]
    approved_only: bool,
}

pub(crate) async fn handle(
    State(state): State<ApiState>,
    acting: Acting,
    id: Result<Path<PlanId>, PathRejection>,
    Body(wanted): Body<Wanted>,
) -> Result<Response, Problem> {
    let Path(id) = id?;
    acting.store.note_request(&acting.request, (state.now)()).await?;
    let (engine, key) = (state.engine.clone(), state.plan_key.clone());
    // What the guard holds is decided on as such, and declarations are those of the host: neither is waved through here.
    let options = ApplyOptions { approved_only: wanted.approved_only, ..ApplyOptions::default() };
    begun(format!("/v1/plans/{id}"), async move { engine.apply(id, &key, options, &NoProgress).await }).await
}
