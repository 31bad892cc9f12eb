//! `GET /v1/insight/drift`: what reconciliations found and repaired, newest first.

use crate::ApiState;
use crate::auth::Seen;
use crate::problem::Problem;
use crate::v1::paging::{self, Listed};
use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use purser_model::id::{RunId, TargetName};
use purser_store::Drift;
use serde::Deserialize;
use utoipa::IntoParams;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Parameters {
    /// Only of this target.
    target: Option<TargetName>,
    /// `next` of the former page.
    after: Option<RunId>,
    /// How many entries the page has; 100 where it is not given.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<u32>,
}

/// Reports what reconciliations found and repaired, newest first.
#[utoipa::path(
    get,
    path = "/insight/drift",
    operation_id = "listDrift",
    tag = "runs",
    params(Parameters),
    responses(
        (status = 200, description = "A page of reconciliations", body = Listed<Drift, RunId>),
    )
)]
pub(crate) async fn handle(
    State(state): State<ApiState>,
    seen: Seen,
    parameters: Result<Query<Parameters>, QueryRejection>,
) -> Result<Json<Listed<Drift, RunId>>, Problem> {
    let Query(asked) = parameters?;
    let page = paging::page(asked.after, asked.limit)?;
    let found = state.store.drift(asked.target.as_ref(), &seen.0, page).await?;
    Ok(Json(Listed::new(found, page.limit, |one| one.run)))
}
