//! `GET /v1/webhooks`: who is told of events, and how far each is. A receiver is shown without path and query.

use crate::ApiState;
use crate::problem::Problem;
use axum::Json;
use axum::extract::State;
use purser_webhook::WebhookState;
use serde::Serialize;
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
#[schema(as = WebhookStates)]
pub(crate) struct States {
    items: Vec<WebhookState>,
}

/// Lists who is told of events, and how far each is.
#[utoipa::path(
    get,
    path = "/webhooks",
    operation_id = "listWebhooks",
    tag = "webhooks",
    responses(
        (status = 200, description = "All webhooks that are declared or kept, by name", body = States),
    )
)]
pub(crate) async fn handle(State(state): State<ApiState>) -> Result<Json<States>, Problem> {
    Ok(Json(States { items: state.webhooks.states().await? }))
}
