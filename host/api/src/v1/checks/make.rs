//! `POST /v1/checks`: connects to everything that is declared, and says what would not work.

use crate::ApiState;
use crate::auth::Acting;
use crate::ports::Checked;
use crate::problem::Problem;
use axum::Json;
use axum::extract::State;
use serde::Serialize;
use tracing::{Instrument, error};
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
#[schema(as = Checks)]
pub(crate) struct Findings {
    /// What was found; empty where all is well.
    items: Vec<Checked>,
}

/// Connects to everything that is declared, and says what would not work. Nothing is changed.
#[utoipa::path(
    post,
    path = "/checks",
    operation_id = "makeCheck",
    tag = "runs",
    responses(
        (status = 200, description = "What was found", body = Findings),
    )
)]
pub(crate) async fn handle(State(state): State<ApiState>, _acting: Acting) -> Result<Json<Findings>, Problem> {
    let checks = state.checks.clone();
    // Connectors are not cut off in a call because somebody goes away.
    let work = tokio::spawn(async move { checks.check().await }.in_current_span());
    match work.await {
        Ok(Ok(items)) => Ok(Json(Findings { items })),
        Ok(Err(failure)) => Err(Problem::refused(failure.to_string())),
        Err(failure) => {
            error!(%failure, "a check that somebody asked for over the API broke off");
            Err(Problem::internal())
        }
    }
}
