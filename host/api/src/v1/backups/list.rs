//! `GET /v1/backups`: the backups that the host has made.

use crate::ApiState;
use crate::problem::Problem;
use axum::Json;
use axum::extract::State;
use purser_backup::KeptBackup;
use serde::Serialize;
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
#[schema(as = BackupList)]
pub(crate) struct Kept {
    items: Vec<KeptBackup>,
}

/// Lists the backups that the host has made and still keeps, the newest first.
#[utoipa::path(
    get,
    path = "/backups",
    operation_id = "listBackups",
    tag = "backups",
    responses(
        (status = 200, description = "All of them", body = Kept),
    )
)]
pub(crate) async fn handle(State(state): State<ApiState>) -> Result<Json<Kept>, Problem> {
    let backups = state.backups;
    let items = tokio::task::spawn_blocking(move || backups.list()).await.map_err(|_| Problem::internal())??;
    Ok(Json(Kept { items }))
}
