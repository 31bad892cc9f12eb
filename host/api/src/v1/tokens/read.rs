//! `GET /v1/tokens/{name}`: one token of the API, without its text.

use crate::ApiState;
use crate::description::problems::NotFound;
use crate::problem::Problem;
use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use purser_model::id::TokenName;
use purser_store::KeptApiToken;

/// Reads one token of the API, without its text.
#[utoipa::path(
    get,
    path = "/tokens/{name}",
    operation_id = "readToken",
    tag = "access",
    params(("name" = TokenName, Path, description = "The token")),
    responses(
        (status = 200, description = "The token", body = KeptApiToken),
        NotFound,
    )
)]
pub(crate) async fn handle(
    State(state): State<ApiState>,
    name: Result<Path<TokenName>, PathRejection>,
) -> Result<Json<KeptApiToken>, Problem> {
    let Path(name) = name?;
    let found = state.store.api_tokens().await?.into_iter().find(|token| token.name == name);
    Ok(Json(found.ok_or_else(|| Problem::not_found(format!("no API token `{name}`")))?))
}
