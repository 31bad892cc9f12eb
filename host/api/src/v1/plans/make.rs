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
    wanted.targets.iter().try_for_each(|target| acting.seen.target(target))?;
    let reach = acting.seen.0;
    let targets = if wanted.targets.is_empty() { reach.targets().cloned() } else { Some(wanted.targets) };
    acting.store.note_request(&acting.request, (state.now)()).await?;
    let (engine, key, requester) = (state.engine.clone(), state.plan_key.clone(), acting.store);
    let (kept, notices) = finished(&state, async move {
        let mut report = engine.plan_everyone(targets.as_ref(), &NoProgress).await?;
        if reach.targets().is_some() {
            report.notices.retain(|notice| notice.target.as_ref().is_some_and(|target| reach.covers(target)));
        }
        let kept = match report.items.is_empty() {
            true => None,
            false => Some(engine.keep_plan_of(requester.as_ref(), &report.items, &key, PLAN_LIFE).await?),
        };
        Ok((kept, report.notices))
    })
    .await?;
    let status = if kept.is_some() { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(Made { plan: kept, notices })).into_response())
}
