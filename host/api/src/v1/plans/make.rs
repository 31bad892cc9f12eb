//! `POST /v1/plans`: plans everybody against what is known, and keeps what would be done as a plan.

use crate::ApiState;
use crate::auth::Acting;
use crate::body::Body;
use crate::problem::Problem;
use crate::work::finished;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use purser_model::id::TargetName;
use purser_reconcile::{NoProgress, PLAN_LIFE};
use serde::Deserialize;
use serde_json::json;
use std::collections::BTreeSet;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Wanted {
    /// Only these targets; all where none is named.
    #[serde(default)]
    targets: BTreeSet<TargetName>,
}

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
    Ok((status, Json(json!({"plan": kept, "notices": notices}))).into_response())
}
