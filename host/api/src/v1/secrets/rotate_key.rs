//! `POST /v1/sealing-key/rotation`: seals all secrets with a new key, while the host serves.

use crate::ApiState;
use crate::auth::Acting;
use crate::description::problems::Conflicting;
use crate::ports::KeyRotated;
use crate::problem::Problem;
use axum::Json;
use axum::extract::State;

/// Seals all secrets with a new key, which the host makes and keeps where the present one is. The old key opens none any more.
///
/// It is refused where the host cannot change its key, such as where that comes from its environment.
#[utoipa::path(
    post,
    path = "/sealing-key/rotation",
    operation_id = "rotateSealingKey",
    tag = "secrets",
    responses(
        (status = 200, description = "They are sealed with it", body = KeyRotated),
        Conflicting,
    )
)]
pub(crate) async fn handle(State(state): State<ApiState>, acting: Acting) -> Result<Json<KeyRotated>, Problem> {
    let (secrets, now) = (state.secrets, (state.now)());
    // A caller who goes away does not leave a new key that waits for its place.
    let rotated = tokio::spawn(async move { secrets.rotate_key(acting.store, now).await });
    Ok(Json(rotated.await.map_err(|_| Problem::internal())??))
}
