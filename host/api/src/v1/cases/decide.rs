//! `POST /v1/cases/{id}/decision`: which account it is, that it is none, or that nothing is done.

use crate::ApiState;
use crate::auth::Acting;
use crate::body::Body;
use crate::description::problems::Refusable;
use crate::problem::Problem;
use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use purser_model::case::{Case, CaseDecision};
use purser_model::id::CaseId;

/// Says which account it is, that it is none, or that nothing is done.
#[utoipa::path(
    post,
    path = "/cases/{id}/decision",
    operation_id = "decideCase",
    tag = "decisions",
    params(("id" = CaseId, Path, description = "The case")),
    request_body = CaseDecision,
    responses(
        (status = 200, description = "The case", body = Case),
        Refusable,
    )
)]
pub(crate) async fn handle(
    State(state): State<ApiState>,
    acting: Acting,
    id: Result<Path<CaseId>, PathRejection>,
    Body(decision): Body<CaseDecision>,
) -> Result<Json<Case>, Problem> {
    let Path(id) = id?;
    acting.seen.thing("case", &id, &state.store.case(id).await?.target)?;
    let case = acting.store.decide_case(id, decision, (state.now)()).await?;
    state.engine.look_again();
    Ok(Json(case))
}
