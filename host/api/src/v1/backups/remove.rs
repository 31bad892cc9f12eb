//! `DELETE /v1/backups/{name}`: removes a backup.

use crate::ApiState;
use crate::auth::Acting;
use crate::description::problems::NotFound;
use crate::problem::Problem;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use purser_backup::BackupName;

/// Removes a backup from the host's own folder.
#[utoipa::path(
    delete,
    path = "/backups/{name}",
    operation_id = "removeBackup",
    tag = "backups",
    params(("name" = inline(BackupName), Path, description = "The backup")),
    responses(
        (status = 204, description = "It is gone"),
        NotFound,
    )
)]
pub(crate) async fn handle(
    State(state): State<ApiState>,
    acting: Acting,
    name: Result<Path<BackupName>, PathRejection>,
) -> Result<StatusCode, Problem> {
    let Path(name) = name?;
    let backups = state.backups;
    backups.read(&name)?;
    acting.store.note_request(&acting.request, (state.now)()).await?;
    tokio::task::spawn_blocking(move || backups.remove(&name)).await.map_err(|_| Problem::internal())??;
    Ok(StatusCode::NO_CONTENT)
}
