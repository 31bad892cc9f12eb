//! `GET /v1/cases`: cases in order of id, by target, identity and state.

use crate::ApiState;
use crate::problem::Problem;
use crate::v1::paging::{self, Listed};
use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use purser_model::case::{Case, CaseState};
use purser_model::id::{CaseId, IdentityId, TargetName};
use purser_store::CaseFilter;
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Parameters {
    target: Option<TargetName>,
    identity: Option<IdentityId>,
    state: Option<CaseState>,
    after: Option<CaseId>,
    limit: Option<u32>,
}

pub(crate) async fn handle(
    State(state): State<ApiState>,
    parameters: Result<Query<Parameters>, QueryRejection>,
) -> Result<Json<Listed<Case, CaseId>>, Problem> {
    let Query(asked) = parameters?;
    let page = paging::page(asked.after, asked.limit)?;
    let filter = CaseFilter { target: asked.target, identity: asked.identity, state: asked.state };
    let found = state.store.cases(filter, page).await?;
    Ok(Json(Listed::new(found, page.limit, |case| case.id)))
}
