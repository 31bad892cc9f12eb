//! `POST /v1/targets/{name}/upgrade`: a decision about the builds that a target runs.

use super::decide::{Wanted, decide};
use crate::ApiState;
use crate::auth::Acting;
use crate::body::Body;
use crate::description::problems::Refusable;
use crate::problem::Problem;
use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use purser_model::id::TargetName;
use purser_reconcile::UpgradeDecided;

/// Begins an upgrade of the connector of a target, lets it go on, or rolls it back.
#[utoipa::path(
    post,
    path = "/targets/{name}/upgrade",
    operation_id = "decideUpgradeOfTarget",
    tag = "connectors",
    params(("name" = TargetName, Path, description = "The target")),
    request_body = Wanted,
    responses(
        (status = 200, description = "What the target runs now", body = UpgradeDecided),
        Refusable,
    )
)]
pub(crate) async fn handle(
    State(state): State<ApiState>,
    acting: Acting,
    name: Result<Path<TargetName>, PathRejection>,
    Body(wanted): Body<Wanted>,
) -> Result<Json<UpgradeDecided>, Problem> {
    let Path(name) = name?;
    Ok(Json(decide(&state, &acting, format!("target {name}"), wanted.decision).await?))
}
