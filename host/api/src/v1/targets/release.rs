//! `POST /v1/targets/{name}/release`: a target that rests is tried again at once.

use crate::ApiState;
use crate::auth::Acting;
use crate::description::problems::Refusable;
use crate::problem::Problem;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use purser_model::id::TargetName;

/// Tries a target that rests again at once.
#[utoipa::path(
    post,
    path = "/targets/{name}/release",
    operation_id = "releaseTarget",
    tag = "targets",
    params(("name" = TargetName, Path, description = "The target")),
    responses(
        (status = 204, description = "It is tried now"),
        Refusable,
    )
)]
pub(crate) async fn handle(
    State(state): State<ApiState>,
    acting: Acting,
    name: Result<Path<TargetName>, PathRejection>,
) -> Result<StatusCode, Problem> {
    let Path(name) = name?;
    acting.seen.target(&name)?;
    acting.store.note_request(&acting.request, (state.now)()).await?;
    state.engine.release_target(&name).await?;
    Ok(StatusCode::NO_CONTENT)
}
