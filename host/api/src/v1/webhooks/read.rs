//! `GET /v1/webhooks/{name}`: one webhook, and how far it is.

use crate::ApiState;
use crate::description::problems::NotFound;
use crate::problem::Problem;
use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use purser_model::id::WebhookName;
use purser_webhook::WebhookState;

/// Reads one webhook, and how far it is.
#[utoipa::path(
    get,
    path = "/webhooks/{name}",
    operation_id = "readWebhook",
    tag = "webhooks",
    params(("name" = WebhookName, Path, description = "The webhook")),
    responses(
        (status = 200, description = "The webhook", body = WebhookState),
        NotFound,
    )
)]
pub(crate) async fn handle(
    State(state): State<ApiState>,
    name: Result<Path<WebhookName>, PathRejection>,
) -> Result<Json<WebhookState>, Problem> {
    let Path(name) = name?;
    let found = state.webhooks.states().await?.into_iter().find(|webhook| webhook.name == name);
    Ok(Json(found.ok_or_else(|| Problem::not_found(format!("no webhook `{name}`")))?))
}
