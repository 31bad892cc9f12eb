//! `GET /v1/plans`: plans, newest first.

use crate::ApiState;
use crate::auth::Seen;
use crate::problem::Problem;
use crate::v1::paging::{self, Listed};
use crate::v1::sorting::ById;
use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use purser_model::id::PlanId;
use purser_model::plan::PlanSummary;
use serde::Deserialize;
use utoipa::IntoParams;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Parameters {
    /// `-id` (the newest first, where it is not given) or `id`.
    #[param(inline)]
    sort: Option<ById>,
    /// `next` of the former page; in the same order.
    after: Option<PlanId>,
    /// How many entries the page has; 100 where it is not given.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<u32>,
}

/// Lists plans, newest first.
#[utoipa::path(
    get,
    path = "/plans",
    operation_id = "listPlans",
    tag = "plans",
    params(Parameters),
    responses(
        (status = 200, description = "A page of plans", body = Listed<PlanSummary, PlanId>),
    )
)]
pub(crate) async fn handle(
    State(state): State<ApiState>,
    seen: Seen,
    parameters: Result<Query<Parameters>, QueryRejection>,
) -> Result<Json<Listed<PlanSummary, PlanId>>, Problem> {
    let Query(asked) = parameters?;
    let page = paging::turned(asked.after, asked.limit, ById::turns(asked.sort, ById::Newest))?;
    let found = state.store.plans(&seen.0, page).await?;
    Ok(Json(Listed::new(found, page.limit, |one| one.id)))
}
