//! `POST /v1/webhooks/{name}/enabling`: a webhook whose receiver was gone goes on where it was.

use crate::ApiState;
use crate::auth::Acting;
use crate::description::problems::NotFound;
use crate::problem::Problem;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use purser_model::id::WebhookName;

/// Lets a webhook go on where it was whose receiver had said that it is gone.
#[utoipa::path(
    post,
    path = "/webhooks/{name}/enabling",
    operation_id = "enableWebhook",
    tag = "webhooks",
    params(("name" = WebhookName, Path, description = "The webhook")),
    responses(
        (status = 204, description = "It goes on, or was not disabled"),
        NotFound,
    )
)]
pub(crate) async fn handle(
    State(state): State<ApiState>,
    acting: Acting,
    name: Result<Path<WebhookName>, PathRejection>,
) -> Result<StatusCode, Problem> {
    let Path(name) = name?;
    acting.store.enable_webhook(&name, (state.now)()).await?;
    Ok(StatusCode::NO_CONTENT)
}
