//! `GET /v1/groups`: the declared groups, in order of name.

use crate::ApiState;
use crate::problem::Problem;
use crate::v1::paging::{self, Listed};
use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use purser_model::id::GroupName;
use purser_reconcile::DeclaredGroup;
use serde::Deserialize;
use utoipa::IntoParams;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Parameters {
    /// `next` of the former page.
    after: Option<GroupName>,
    /// How many entries the page has; 100 where it is not given.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<u32>,
}

/// Lists the declared groups, in order of name.
#[utoipa::path(
    get,
    path = "/groups",
    operation_id = "listGroups",
    tag = "roles",
    params(Parameters),
    responses(
        (status = 200, description = "A page of groups", body = Listed<DeclaredGroup, GroupName>),
    )
)]
pub(crate) async fn handle(
    State(state): State<ApiState>,
    parameters: Result<Query<Parameters>, QueryRejection>,
) -> Result<Json<Listed<DeclaredGroup, GroupName>>, Problem> {
    let Query(asked) = parameters?;
    let limit = paging::limit(asked.limit)?;
    let comes = |one: &DeclaredGroup| asked.after.as_ref().is_none_or(|after| *after < one.name);
    let found = state.engine.groups().filter(comes).take(limit as usize).collect();
    Ok(Json(Listed::new(found, limit, |one: &DeclaredGroup| one.name.clone())))
}
