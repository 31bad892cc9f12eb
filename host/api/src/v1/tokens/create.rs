//! `POST /v1/tokens`: makes a token. Its text is in the answer and nowhere else.

use crate::ApiState;
use crate::auth::Acting;
use crate::body::Body;
use crate::description::problems::{Conflicting, NotFound};
use crate::problem::Problem;
use crate::repeating::NotKept;
use crate::token::issue_token;
use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json};
use jiff::Timestamp;
use purser_model::access::ApiRole;
use purser_model::id::{TargetName, TokenName};
use purser_store::KeptApiToken;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use utoipa::ToSchema;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CreateToken)]
pub(crate) struct Wanted {
    /// Its name, which no other token has.
    name: TokenName,
    /// What its holder may do.
    role: ApiRole,
    /// The targets of an owner; nobody else has any.
    #[serde(default)]
    #[schema(value_type = Vec<TargetName>)]
    targets: BTreeSet<TargetName>,
    /// From when on it opens nothing any more; never where it is not given.
    expires_at: Option<Timestamp>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = MadeToken)]
pub(crate) struct Made {
    #[serde(flatten)]
    kept: KeptApiToken,
    /// The text that its holder shows.
    token: String,
}

/// Makes a token. Its text is in the answer and nowhere else.
#[utoipa::path(
    post,
    path = "/tokens",
    operation_id = "createToken",
    tag = "access",
    request_body = Wanted,
    responses(
        (status = 201, description = "The token", body = Made),
        Conflicting,
        NotFound,
    )
)]
pub(crate) async fn handle(
    State(state): State<ApiState>,
    acting: Acting,
    Body(wanted): Body<Wanted>,
) -> Result<(StatusCode, Extension<NotKept>, Json<Made>), Problem> {
    let Wanted { name, role, targets, expires_at } = wanted;
    let declared = state.engine.target_names();
    if let Some(unknown) = targets.iter().find(|target| !declared.contains(target)) {
        return Err(Problem::not_found(format!("no target `{unknown}` is declared")));
    }
    let (kept, token) = issue_token(acting.store.as_ref(), name, role, targets, expires_at, (state.now)()).await?;
    Ok((StatusCode::CREATED, Extension(NotKept), Json(Made { kept, token })))
}
