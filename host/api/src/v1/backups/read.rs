//! `GET /v1/backups/{name}`: what a backup holds.

use crate::ApiState;
use crate::description::problems::NotFound;
use crate::problem::Problem;
use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use purser_backup::{BackupName, KeptBackup};

/// Reads what a backup holds, in numbers.
#[utoipa::path(
    get,
    path = "/backups/{name}",
    operation_id = "readBackup",
    tag = "backups",
    params(("name" = inline(BackupName), Path, description = "The backup")),
    responses(
        (status = 200, description = "The backup", body = KeptBackup),
        NotFound,
    )
)]
pub(crate) async fn handle(
    State(state): State<ApiState>,
    name: Result<Path<BackupName>, PathRejection>,
) -> Result<Json<KeptBackup>, Problem> {
    let Path(name) = name?;
    let backups = state.backups;
    let read = tokio::task::spawn_blocking(move || backups.read(&name)).await.map_err(|_| Problem::internal())??;
    Ok(Json(read))
}
