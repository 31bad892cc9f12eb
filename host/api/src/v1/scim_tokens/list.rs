//! `GET /v1/scim-tokens`: the tokens of clients that push over SCIM, without their texts.

use crate::ApiState;
use crate::problem::Problem;
use axum::Json;
use axum::extract::State;
use purser_store::KeptScimToken;
use serde::Serialize;
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
pub(crate) struct ScimTokens {
    items: Vec<KeptScimToken>,
}

/// Lists the tokens of clients that push over SCIM, without their texts.
#[utoipa::path(
    get,
    path = "/scim-tokens",
    operation_id = "listScimTokens",
    tag = "access",
    responses(
        (status = 200, description = "All tokens", body = ScimTokens),
    )
)]
pub(crate) async fn handle(State(state): State<ApiState>) -> Result<Json<ScimTokens>, Problem> {
    Ok(Json(ScimTokens { items: state.store.scim_tokens().await? }))
}
