//! `DELETE /v1/secrets/{name}`: removes a secret.

use crate::ApiState;
use crate::auth::Acting;
use crate::description::problems::Refusable;
use crate::problem::Problem;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use purser_model::id::SecretName;
use serde::Deserialize;
use utoipa::IntoParams;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Parameters {
    /// Whether it is removed although a declaration refers to it.
    #[serde(default)]
    force: bool,
}

/// Removes a secret. One that a declaration refers to stays, unless that is wanted all the same.
#[utoipa::path(
    delete,
    path = "/secrets/{name}",
    operation_id = "removeSecret",
    tag = "secrets",
    params(("name" = SecretName, Path, description = "The secret"), Parameters),
    responses(
        (status = 204, description = "It is gone"),
        Refusable,
    )
)]
pub(crate) async fn handle(
    State(state): State<ApiState>,
    acting: Acting,
    name: Result<Path<SecretName>, PathRejection>,
    parameters: Result<Query<Parameters>, QueryRejection>,
) -> Result<StatusCode, Problem> {
    let (Path(name), Query(Parameters { force })) = (name?, parameters?);
    let users = state.engine.rules().configuration().users_of_secret(&name);
    if !users.is_empty() && !force {
        let detail = format!("secret {name} is used by {}; `force=true` removes it all the same", users.join(", "));
        return Err(Problem::refused(detail));
    }
    state.secrets.remove(acting.store, &name, (state.now)()).await?;
    Ok(StatusCode::NO_CONTENT)
}
