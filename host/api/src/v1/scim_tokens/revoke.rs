//! `DELETE /v1/scim-tokens/{name}`: a token of a client that pushes over SCIM opens nothing any more.

use crate::ApiState;
use crate::auth::Acting;
use crate::description::problems::NotFound;
use crate::problem::Problem;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use purser_model::id::TokenName;

/// Ends a token of a client that pushes over SCIM.
#[utoipa::path(
    delete,
    path = "/scim-tokens/{name}",
    operation_id = "revokeScimToken",
    tag = "access",
    params(("name" = TokenName, Path, description = "The token")),
    responses(
        (status = 204, description = "It opens nothing any more"),
        NotFound,
    )
)]
pub(crate) async fn handle(
    State(state): State<ApiState>,
    acting: Acting,
    name: Result<Path<TokenName>, PathRejection>,
) -> Result<StatusCode, Problem> {
    let Path(name) = name?;
    acting.store.revoke_scim_token(&name, (state.now)()).await?;
    Ok(StatusCode::NO_CONTENT)
}
