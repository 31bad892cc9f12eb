//! `GET /v1/connectors`: the files in the folder and the copies that are kept, and who uses them.

use crate::ApiState;
use crate::ports::ConnectorFile;
use crate::problem::Problem;
use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
#[schema(as = Connectors)]
pub(crate) struct ConnectorFiles {
    items: Vec<ConnectorFile>,
}

/// Lists the files in the folder of connectors and the copies that are kept: what they are, who signed and who uses them.
#[utoipa::path(
    get,
    path = "/connectors",
    operation_id = "listConnectors",
    tag = "connectors",
    responses(
        (status = 200, description = "All files and copies", body = ConnectorFiles),
    )
)]
pub(crate) async fn handle(State(state): State<ApiState>) -> Result<Json<ConnectorFiles>, Problem> {
    Ok(Json(ConnectorFiles { items: state.connectors.files().await? }))
}
