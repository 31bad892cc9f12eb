//! `POST /v1/plans`: plans everybody against what is known, and keeps what would be done as a plan.

use crate::ApiState;
use crate::auth::Acting;
use crate::body::Body;
use crate::description::problems::Work;
use crate::problem::Problem;
use crate::work::finished;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use purser_model::id::TargetName;
use purser_model::plan::{Notice, PlanSummary};
use purser_reconcile::{NoProgress, PLAN_LIFE};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use utoipa::ToSchema;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = MakePlan)]
pub(crate) struct Wanted {
    /// Only these targets; all where none is named.
    #[serde(default)]
    #[schema(value_type = Vec<TargetName>)]
    targets: BTreeSet<TargetName>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = MadePlan)]
pub(crate) struct Made {
    /// The plan; null where nothing is to be done.
    plan: Option<PlanSummary>,
    /// What was found and is left alone.
    notices: Vec<Notice>,
}

/// Plans everybody against what is known, and keeps what would be done as a plan.
#[utoipa::path(
    post,
    path = "/plans",
    operation_id = "makePlan",
    tag = "plans",
    request_body = Wanted,
    responses(
        (status = 200, description = "Nothing is to be done; `plan` is null", body = Made),
        (status = 201, description = "The plan", body = Made),
        Work,
    )
)]
pub(crate) async fn handle(
    State(state): State<ApiState>,
    acting: Acting,
    Body(wanted): Body<Wanted>,
) -> Result<Response, Problem> {
    acting.store.note_request(&acting.request, (state.now)()).await?;
    let (engine, key) = (state.engine.clone(), state.plan_key.clone());
    let (kept, notices) = finished(async move {
        let only = (!wanted.targets.is_empty()).then_some(&wanted.targets);
        let report = engine.plan_everyone(only, &NoProgress).await?;
        let kept = match report.items.is_empty() {
            true => None,
            false => Some(engine.keep_plan(&report.items, &key, PLAN_LIFE).await?),
        };
        Ok((kept, report.notices))
    })
    .await?;
    let status = if kept.is_some() { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(Made { plan: kept, notices })).into_response())
}
