//! `GET /v1/roles/{name}/holders`: who has a role, and why.

use crate::ApiState;
use crate::description::problems::NotFound;
use crate::problem::Problem;
use crate::v1::paging::{self, Listed};
use axum::Json;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use purser_model::id::{IdentityId, RoleName};
use purser_reconcile::Holder;
use serde::Deserialize;
use utoipa::IntoParams;

/// Where a list of holders goes on.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Parameters {
    /// `next` of the former page.
    pub(crate) after: Option<IdentityId>,
    /// How many entries the page has; 100 where it is not given. A page that looked at 2000 identities ends although it is not full.
    #[param(minimum = 1, maximum = 500)]
    pub(crate) limit: Option<u32>,
}

/// Lists who has a role, and why, in order of their ids.
#[utoipa::path(
    get,
    path = "/roles/{name}/holders",
    operation_id = "listRoleHolders",
    tag = "roles",
    params(("name" = RoleName, Path, description = "The role"), Parameters),
    responses(
        (status = 200, description = "A page of identities", body = Listed<Holder, IdentityId>),
        NotFound,
    )
)]
pub(crate) async fn handle(
    State(state): State<ApiState>,
    name: Result<Path<RoleName>, PathRejection>,
    parameters: Result<Query<Parameters>, QueryRejection>,
) -> Result<Json<Listed<Holder, IdentityId>>, Problem> {
    let (Path(name), Query(asked)) = (name?, parameters?);
    let page = paging::page(asked.after, asked.limit)?;
    let found = state.engine.holders_of(&name, page).await?;
    Ok(Json(Listed { items: found.items, next: found.next }))
}
