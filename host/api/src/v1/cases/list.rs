//! `GET /v1/cases`: cases in order of id, by target, identity and state.

use crate::ApiState;
use crate::auth::Seen;
use crate::problem::Problem;
use crate::v1::paging::{self, Listed};
use crate::v1::sorting::ById;
use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use purser_model::case::{Case, CaseState};
use purser_model::id::{CaseId, IdentityId, TargetName};
use purser_store::CaseFilter;
use serde::Deserialize;
use utoipa::IntoParams;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Parameters {
    /// Only in this target.
    target: Option<TargetName>,
    /// Only of this identity.
    identity: Option<IdentityId>,
    /// Only in this state.
    state: Option<CaseState>,
    /// `id` (the oldest first, where it is not given) or `-id`.
    #[param(inline)]
    sort: Option<ById>,
    /// `next` of the former page; in the same order.
    after: Option<CaseId>,
    /// How many entries the page has; 100 where it is not given.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<u32>,
}

/// Lists matches that a person decides, in order of id.
#[utoipa::path(
    get,
    path = "/cases",
    operation_id = "listCases",
    tag = "decisions",
    params(Parameters),
    responses(
        (status = 200, description = "A page of cases", body = Listed<Case, CaseId>),
    )
)]
pub(crate) async fn handle(
    State(state): State<ApiState>,
    seen: Seen,
    parameters: Result<Query<Parameters>, QueryRejection>,
) -> Result<Json<Listed<Case, CaseId>>, Problem> {
    let Query(asked) = parameters?;
    let page = paging::turned(asked.after, asked.limit, ById::turns(asked.sort, ById::Oldest))?;
    let filter = CaseFilter { target: asked.target, identity: asked.identity, state: asked.state, reach: seen.0 };
    let found = state.store.cases(filter, page).await?;
    Ok(Json(Listed::new(found, page.limit, |case| case.id)))
}
