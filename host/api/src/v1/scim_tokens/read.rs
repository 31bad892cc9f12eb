//! `GET /v1/scim-tokens/{name}`: one token of a client that pushes over SCIM, without its text.

use crate::ApiState;
use crate::description::problems::NotFound;
use crate::problem::Problem;
use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use purser_model::id::TokenName;
use purser_store::KeptScimToken;

/// Reads one token of a client that pushes over SCIM, without its text.
#[utoipa::path(
    get,
    path = "/scim-tokens/{name}",
    operation_id = "readScimToken",
    tag = "access",
    params(("name" = TokenName, Path, description = "The token")),
    responses(
        (status = 200, description = "The token", body = KeptScimToken),
        NotFound,
    )
)]
pub(crate) async fn handle(
    State(state): State<ApiState>,
    name: Result<Path<TokenName>, PathRejection>,
) -> Result<Json<KeptScimToken>, Problem> {
    let Path(name) = name?;
    let found = state.store.scim_tokens().await?.into_iter().find(|token| token.name == name);
    Ok(Json(found.ok_or_else(|| Problem::not_found(format!("no SCIM token `{name}`")))?))
}
