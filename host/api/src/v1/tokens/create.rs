//! `POST /v1/tokens`: makes a token. Its text is in the answer and nowhere else.

use crate::ApiState;
use crate::auth::Acting;
use crate::body::Body;
use crate::problem::Problem;
use crate::token::issue_token;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use jiff::Timestamp;
use purser_model::access::ApiRole;
use purser_model::id::TokenName;
use purser_store::KeptApiToken;
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Wanted {
    name: TokenName,
    role: ApiRole,
    expires_at: Option<Timestamp>,
}

#[derive(Serialize)]
pub(crate) struct Made {
    #[serde(flatten)]
    kept: KeptApiToken,
    token: String,
}

pub(crate) async fn handle(
    State(state): State<ApiState>,
    acting: Acting,
    Body(wanted): Body<Wanted>,
) -> Result<(StatusCode, Json<Made>), Problem> {
    let Wanted { name, role, expires_at } = wanted;
    let (kept, token) = issue_token(acting.store.as_ref(), name, role, expires_at, (state.now)()).await?;
    Ok((StatusCode::CREATED, Json(Made { kept, token })))
}
