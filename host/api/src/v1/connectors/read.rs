//! `GET /v1/connectors/{digest}`: what a build is, who signed it, what it can reach and asks for.

use super::digest::FileDigest;
use crate::ApiState;
use crate::description::problems::Refusable;
use crate::ports::ConnectorDetail;
use crate::problem::Problem;
use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};

/// Reads what a build of a connector is, who signed it, what it can reach and asks for.
#[utoipa::path(
    get,
    path = "/connectors/{digest}",
    operation_id = "readConnector",
    tag = "connectors",
    params(("digest" = inline(FileDigest), Path, description = "The digest of its file")),
    responses(
        (status = 200, description = "The build", body = ConnectorDetail),
        Refusable,
    )
)]
pub(crate) async fn handle(
    State(state): State<ApiState>,
    digest: Result<Path<FileDigest>, PathRejection>,
) -> Result<Json<ConnectorDetail>, Problem> {
    let Path(FileDigest(digest)) = digest?;
    Ok(Json(state.connectors.inspect(&digest).await?))
}
