//! `GET /v1/upgrades`: what each source and target runs, what it ran before, and what may take over.

use crate::ApiState;
use crate::problem::Problem;
use axum::Json;
use axum::extract::State;
use purser_model::upgrade::ConnectorUse;
use serde::Serialize;
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
pub(crate) struct ConnectorUses {
    items: Vec<ConnectorUse>,
}

/// Lists what each source and target runs, what it ran before, and what may take over.
#[utoipa::path(
    get,
    path = "/upgrades",
    operation_id = "listUpgrades",
    tag = "connectors",
    responses(
        (status = 200, description = "All that have run a connector", body = ConnectorUses),
    )
)]
pub(crate) async fn handle(State(state): State<ApiState>) -> Result<Json<ConnectorUses>, Problem> {
    Ok(Json(ConnectorUses { items: state.store.connector_uses().await? }))
}
