//! `GET /v1/secrets`: the names of the secrets, who set them and what uses them.

use crate::ApiState;
use crate::problem::Problem;
use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use purser_model::id::SecretName;
use serde::Serialize;
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
#[schema(as = Secret)]
pub(crate) struct SecretShown {
    pub(super) name: SecretName,
    /// Counts its values.
    version: u32,
    /// When its value was set.
    set_at: Timestamp,
    /// Who set it.
    set_by: String,
    /// The id of the key that seals it.
    key: String,
    /// The declarations that refer to it.
    used_by: Vec<String>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct Secrets {
    items: Vec<SecretShown>,
}

/// Lists the secrets: their names, who set them, and what uses them. No value is shown.
#[utoipa::path(
    get,
    path = "/secrets",
    operation_id = "listSecrets",
    tag = "secrets",
    responses(
        (status = 200, description = "All secrets", body = Secrets),
    )
)]
pub(crate) async fn handle(State(state): State<ApiState>) -> Result<Json<Secrets>, Problem> {
    Ok(Json(Secrets { items: all(&state).await? }))
}

/// All of them, by name.
pub(super) async fn all(state: &ApiState) -> Result<Vec<SecretShown>, Problem> {
    let configuration = state.engine.rules().configuration();
    let items = state.store.sealed_secrets().await?.into_iter().map(|kept| SecretShown {
        used_by: configuration.users_of_secret(&kept.sealed.name),
        name: kept.sealed.name,
        version: kept.sealed.version,
        set_at: kept.set_at,
        set_by: kept.set_by,
        key: kept.sealed.key.0,
    });
    Ok(items.collect())
}
