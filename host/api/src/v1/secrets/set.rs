//! `PUT /v1/secrets/{name}`: seals a secret. Its value is in no answer.

use super::body::{SecretBody, Wanted};
use crate::ApiState;
use crate::auth::Acting;
use crate::description::problems::{BadValues, Conflicting};
use crate::ports::SecretSet;
use crate::problem::Problem;
use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use purser_model::id::SecretName;

/// Sets a secret. Whoever needs it uses the new value from the next call on.
#[utoipa::path(
    put,
    path = "/secrets/{name}",
    operation_id = "setSecret",
    tag = "secrets",
    params(("name" = SecretName, Path, description = "The name that declarations use: { secret = \"NAME\" }")),
    request_body = Wanted,
    responses(
        (status = 200, description = "It is sealed", body = SecretSet),
        Conflicting,
        BadValues,
    )
)]
pub(crate) async fn handle(
    State(state): State<ApiState>,
    acting: Acting,
    name: Result<Path<SecretName>, PathRejection>,
    SecretBody(secret): SecretBody,
) -> Result<Json<SecretSet>, Problem> {
    let Path(name) = name?;
    let set = state.secrets.set(acting.store, &name, &secret, (state.now)()).await?;
    state.engine.look_again();
    Ok(Json(set))
}
