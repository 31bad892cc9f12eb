//! `GET /v1/secrets/{name}`: a secret's version, who set it and what uses it.

use super::list::{SecretShown, all};
use crate::ApiState;
use crate::description::problems::NotFound;
use crate::problem::Problem;
use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use purser_model::id::SecretName;

/// Reads a secret's version, who set it and what uses it. Its value is not shown.
#[utoipa::path(
    get,
    path = "/secrets/{name}",
    operation_id = "readSecret",
    tag = "secrets",
    params(("name" = SecretName, Path, description = "The secret")),
    responses(
        (status = 200, description = "The secret, without its value", body = SecretShown),
        NotFound,
    )
)]
pub(crate) async fn handle(
    State(state): State<ApiState>,
    name: Result<Path<SecretName>, PathRejection>,
) -> Result<Json<SecretShown>, Problem> {
    let Path(name) = name?;
    let found = all(&state).await?.into_iter().find(|one| one.name == name);
    found.map(Json).ok_or_else(|| Problem::not_found(format!("no secret `{name}`")))
}
