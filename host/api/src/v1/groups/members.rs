//! `GET /v1/groups/{name}/members`: who is in a group, and why.

use crate::ApiState;
use crate::description::problems::NotFound;
use crate::problem::Problem;
use crate::v1::paging::{self, Listed};
use crate::v1::roles::holders::Parameters;
use axum::Json;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use purser_model::id::{GroupName, IdentityId};
use purser_reconcile::Holder;

/// Lists who is in a group, and why, in order of their ids.
#[utoipa::path(
    get,
    path = "/groups/{name}/members",
    operation_id = "listGroupMembers",
    tag = "roles",
    params(("name" = GroupName, Path, description = "The group"), Parameters),
    responses(
        (status = 200, description = "A page of identities", body = Listed<Holder, IdentityId>),
        NotFound,
    )
)]
pub(crate) async fn handle(
    State(state): State<ApiState>,
    name: Result<Path<GroupName>, PathRejection>,
    parameters: Result<Query<Parameters>, QueryRejection>,
) -> Result<Json<Listed<Holder, IdentityId>>, Problem> {
    let (Path(name), Query(asked)) = (name?, parameters?);
    let page = paging::page(asked.after, asked.limit)?;
    let found = state.engine.members_of(&name, page).await?;
    Ok(Json(Listed { items: found.items, next: found.next }))
}
