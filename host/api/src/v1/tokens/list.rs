//! `GET /v1/tokens`: the tokens of the API, without their texts.

use crate::ApiState;
use crate::problem::Problem;
use axum::Json;
use axum::extract::State;
use purser_store::KeptApiToken;
use serde::Serialize;
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
pub(crate) struct Tokens {
    items: Vec<KeptApiToken>,
}

/// Lists the tokens of the API, without their texts.
#[utoipa::path(
    get,
    path = "/tokens",
    operation_id = "listTokens",
    tag = "access",
    responses(
        (status = 200, description = "All tokens", body = Tokens),
    )
)]
pub(crate) async fn handle(State(state): State<ApiState>) -> Result<Json<Tokens>, Problem> {
    Ok(Json(Tokens { items: state.store.api_tokens().await? }))
}
