//! `GET /v1/plans/{id}/items`: what a plan would do, from `?offset=` on.

use crate::ApiState;
use crate::auth::Seen;
use crate::description::problems::NotFound;
use crate::problem::Problem;
use crate::v1::paging::{self, Listed, Place};
use axum::Json;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use purser_model::id::PlanId;
use purser_model::plan::PlanLine;
use serde::Deserialize;
use utoipa::IntoParams;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Parameters {
    /// `next` of the former page.
    #[param(value_type = Option<u64>, minimum = 0, maximum = 9_223_372_036_854_775_807_i64)]
    offset: Option<Place>,
    /// How many entries the page has; 100 where it is not given.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<u32>,
}

/// Lists what a plan would do, in its order.
#[utoipa::path(
    get,
    path = "/plans/{id}/items",
    operation_id = "listPlanItems",
    tag = "plans",
    params(("id" = PlanId, Path, description = "The plan"), Parameters),
    responses(
        (status = 200, description = "A page of items; `next` is the next `offset`", body = Listed<PlanLine, u64>),
        NotFound,
    )
)]
pub(crate) async fn handle(
    State(state): State<ApiState>,
    seen: Seen,
    id: Result<Path<PlanId>, PathRejection>,
    parameters: Result<Query<Parameters>, QueryRejection>,
) -> Result<Json<Listed<PlanLine, u64>>, Problem> {
    let (Path(id), Query(asked)) = (id?, parameters?);
    let limit = paging::limit(asked.limit)?;
    let offset = asked.offset.map_or(0, u64::from);
    seen.plan(&state.store.plan(id).await?)?;
    let items = state.store.plan_items(id, offset, limit).await?;
    let lines = items.into_iter().map(|kept| kept.line).collect();
    Ok(Json(Listed::new(lines, limit, |line: &PlanLine| line.position)))
}
