//! `POST /v1/backups`: makes a backup of the store, while the host works.

use crate::ApiState;
use crate::auth::Acting;
use crate::problem::Problem;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use purser_backup::KeptBackup;

/// Makes a backup of the store in the host's own folder, and removes the oldest where there are too many. The backup holds
/// sealed secrets as they are kept, and no key.
#[utoipa::path(
    post,
    path = "/backups",
    operation_id = "createBackup",
    tag = "backups",
    responses(
        (status = 201, description = "The backup", body = KeptBackup),
    )
)]
pub(crate) async fn handle(
    State(state): State<ApiState>,
    acting: Acting,
) -> Result<(StatusCode, Json<KeptBackup>), Problem> {
    acting.store.note_request(&acting.request, (state.now)()).await?;
    // A caller who goes away stops nothing.
    let made = tokio::spawn(async move { state.backups.make(state.store.as_ref(), (state.now)()).await });
    Ok((StatusCode::CREATED, Json(made.await.map_err(|_| Problem::internal())??)))
}
