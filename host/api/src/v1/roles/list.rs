//! `GET /v1/roles`: the declared roles, in order of name.

use crate::ApiState;
use crate::problem::Problem;
use crate::v1::paging::{self, Listed};
use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use purser_model::id::RoleName;
use purser_reconcile::DeclaredRole;
use serde::Deserialize;
use utoipa::IntoParams;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Parameters {
    /// `next` of the former page.
    after: Option<RoleName>,
    /// How many entries the page has; 100 where it is not given.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<u32>,
}

/// Lists the declared roles, in order of name.
#[utoipa::path(
    get,
    path = "/roles",
    operation_id = "listRoles",
    tag = "roles",
    params(Parameters),
    responses(
        (status = 200, description = "A page of roles", body = Listed<DeclaredRole, RoleName>),
    )
)]
pub(crate) async fn handle(
    State(state): State<ApiState>,
    parameters: Result<Query<Parameters>, QueryRejection>,
) -> Result<Json<Listed<DeclaredRole, RoleName>>, Problem> {
    let Query(asked) = parameters?;
    let limit = paging::limit(asked.limit)?;
    let comes = |one: &DeclaredRole| asked.after.as_ref().is_none_or(|after| *after < one.name);
    let found = state.engine.roles().filter(comes).take(limit as usize).collect();
    Ok(Json(Listed::new(found, limit, |one: &DeclaredRole| one.name.clone())))
}
