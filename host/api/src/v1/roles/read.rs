//! `GET /v1/roles/{name}`: one declared role.

use crate::ApiState;
use crate::description::problems::NotFound;
use crate::problem::Problem;
use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use purser_model::id::RoleName;
use purser_reconcile::DeclaredRole;

/// Reads one declared role.
#[utoipa::path(
    get,
    path = "/roles/{name}",
    operation_id = "readRole",
    tag = "roles",
    params(("name" = RoleName, Path, description = "The role")),
    responses(
        (status = 200, description = "The role", body = DeclaredRole),
        NotFound,
    )
)]
pub(crate) async fn handle(
    State(state): State<ApiState>,
    name: Result<Path<RoleName>, PathRejection>,
) -> Result<Json<DeclaredRole>, Problem> {
    let Path(name) = name?;
    Ok(Json(state.engine.role(&name)?))
}
