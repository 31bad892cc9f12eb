//! `POST /v1/sources/{name}/upgrade`: a decision about the builds that a source runs.

use super::decide::{Wanted, decide};
use crate::ApiState;
use crate::auth::Acting;
use crate::body::Body;
use crate::description::problems::Refusable;
use crate::problem::Problem;
use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use purser_model::id::SourceName;
use purser_reconcile::UpgradeDecided;

/// Begins an upgrade of the connector of a source, lets it go on, or rolls it back.
#[utoipa::path(
    post,
    path = "/sources/{name}/upgrade",
    operation_id = "decideUpgradeOfSource",
    tag = "connectors",
    params(("name" = SourceName, Path, description = "The source")),
    request_body = Wanted,
    responses(
        (status = 200, description = "What the source runs now", body = UpgradeDecided),
        Refusable,
    )
)]
pub(crate) async fn handle(
    State(state): State<ApiState>,
    acting: Acting,
    name: Result<Path<SourceName>, PathRejection>,
    Body(wanted): Body<Wanted>,
) -> Result<Json<UpgradeDecided>, Problem> {
    let Path(name) = name?;
    Ok(Json(decide(&state, &acting, format!("source {name}"), wanted.decision).await?))
}
