//! `GET /v1/groups/{name}`: one declared group.

use crate::ApiState;
use crate::description::problems::NotFound;
use crate::problem::Problem;
use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use purser_model::id::GroupName;
use purser_reconcile::DeclaredGroup;

/// Reads one declared group.
#[utoipa::path(
    get,
    path = "/groups/{name}",
    operation_id = "readGroup",
    tag = "roles",
    params(("name" = GroupName, Path, description = "The group")),
    responses(
        (status = 200, description = "The group", body = DeclaredGroup),
        NotFound,
    )
)]
pub(crate) async fn handle(
    State(state): State<ApiState>,
    name: Result<Path<GroupName>, PathRejection>,
) -> Result<Json<DeclaredGroup>, Problem> {
    let Path(name) = name?;
    Ok(Json(state.engine.group(&name)?))
}
