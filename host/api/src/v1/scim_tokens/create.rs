//! `POST /v1/scim-tokens`: makes a token of a client that pushes over SCIM. Its text is in the answer and nowhere else.

use crate::ApiState;
use crate::auth::Acting;
use crate::body::Body;
use crate::description::problems::{Conflicting, NotFound};
use crate::problem::Problem;
use crate::repeating::NotKept;
use crate::scim::issue_scim_token;
use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json};
use jiff::Timestamp;
use purser_model::id::{SourceName, TokenName};
use purser_store::KeptScimToken;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CreateScimToken)]
pub(crate) struct Wanted {
    /// Its name, which no other SCIM token has.
    name: TokenName,
    /// The source that its holder is, declared with `kind = "scim"`.
    source: SourceName,
    /// From when on it opens nothing any more; never where it is not given.
    expires_at: Option<Timestamp>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = MadeScimToken)]
pub(crate) struct Made {
    #[serde(flatten)]
    kept: KeptScimToken,
    /// The text that its holder shows.
    token: String,
}

/// Makes a token of a client that pushes over SCIM. Its text is in the answer and nowhere else.
#[utoipa::path(
    post,
    path = "/scim-tokens",
    operation_id = "createScimToken",
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
    let Wanted { name, source, expires_at } = wanted;
    if !state.engine.rules().configuration().pushed.contains_key(&source) {
        return Err(Problem::not_found(format!("no source `{source}` is declared that pushes")));
    }
    let (kept, token) = issue_scim_token(acting.store.as_ref(), name, source, expires_at, (state.now)()).await?;
    Ok((StatusCode::CREATED, Extension(NotKept), Json(Made { kept, token })))
}
