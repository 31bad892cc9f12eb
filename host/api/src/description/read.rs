//! `GET /v1/openapi.json`: the description itself. It tells nothing of this host, and needs no token.

use super::document::DESCRIPTION;
use axum::http::header;
use axum::response::IntoResponse;

/// Reads this description.
#[utoipa::path(
    get,
    path = "/openapi.json",
    operation_id = "readDescription",
    tag = "access",
    security(()),
    responses((status = 200, description = "The description, as OpenAPI 3.1", body = BTreeMap<String, Value>))
)]
pub(crate) async fn handle() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], DESCRIPTION.text.as_str())
}
