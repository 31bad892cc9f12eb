//! `GET /v1/declarations`: the files of declarations that are in force.

use crate::ApiState;
use crate::ports::DeclarationFile;
use crate::problem::Problem;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderName, header};
use serde::Serialize;
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
#[schema(as = Declarations)]
pub(crate) struct DeclarationsRead {
    /// The digest of the files, as in `ETag`.
    digest: String,
    /// The files, by name.
    files: Vec<DeclarationFile>,
}

/// Reads the files of declarations that are in force.
#[utoipa::path(
    get,
    path = "/declarations",
    operation_id = "readDeclarations",
    tag = "declarations",
    responses(
        (
            status = 200,
            description = "The files",
            body = DeclarationsRead,
            headers(("ETag" = String, description = "What to give as `If-Match` with a change"))
        ),
    )
)]
pub(crate) async fn handle(
    State(state): State<ApiState>,
) -> Result<([(HeaderName, String); 1], Json<DeclarationsRead>), Problem> {
    let declared = state.declarations.in_force();
    let digest = declared.digest.to_string();
    Ok(([(header::ETAG, format!("\"{digest}\""))], Json(DeclarationsRead { digest, files: declared.files })))
}
