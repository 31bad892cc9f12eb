//! `GET /v1/sources/{name}`: one source.

use super::view::{SourceView, all};
use crate::ApiState;
use crate::description::problems::NotFound;
use crate::problem::Problem;
use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use purser_model::id::SourceName;

/// Reads one source.
#[utoipa::path(
    get,
    path = "/sources/{name}",
    operation_id = "readSource",
    tag = "sources",
    params(("name" = SourceName, Path, description = "The source")),
    responses(
        (status = 200, description = "The source", body = SourceView),
        NotFound,
    )
)]
pub(crate) async fn handle(
    State(state): State<ApiState>,
    name: Result<Path<SourceName>, PathRejection>,
) -> Result<Json<SourceView>, Problem> {
    let Path(name) = name?;
    let found = all(&state).await?.remove(&name);
    found.map(Json).ok_or_else(|| Problem::not_found(format!("no source `{name}` is declared")))
}
