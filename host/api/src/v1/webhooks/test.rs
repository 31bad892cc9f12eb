//! `POST /v1/webhooks/{name}/test`: sends a test once, and says what the receiver made of it.

use crate::ApiState;
use crate::auth::Acting;
use crate::description::problems::Sendable;
use crate::problem::Problem;
use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use purser_model::id::WebhookName;
use purser_webhook::Tested;

/// Sends a test once, and says what the receiver made of it.
#[utoipa::path(
    post,
    path = "/webhooks/{name}/test",
    operation_id = "testWebhook",
    tag = "webhooks",
    params(("name" = WebhookName, Path, description = "The webhook")),
    responses(
        (status = 200, description = "What the receiver made of it", body = Tested),
        Sendable,
    )
)]
pub(crate) async fn handle(
    State(state): State<ApiState>,
    acting: Acting,
    name: Result<Path<WebhookName>, PathRejection>,
) -> Result<Json<Tested>, Problem> {
    let Path(name) = name?;
    Ok(Json(state.webhooks.test(&name, acting.store.as_ref()).await?))
}
