//! `GET /v1/sources`: the declared sources, and the builds that they run.

use super::view::{SourceView, all};
use crate::ApiState;
use crate::problem::Problem;
use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
pub(crate) struct Sources {
    items: Vec<SourceView>,
}

/// Lists the declared sources, and the builds that they run.
#[utoipa::path(
    get,
    path = "/sources",
    operation_id = "listSources",
    tag = "sources",
    responses(
        (status = 200, description = "All sources", body = Sources),
    )
)]
pub(crate) async fn handle(State(state): State<ApiState>) -> Result<Json<Sources>, Problem> {
    Ok(Json(Sources { items: all(&state).await?.into_values().collect() }))
}
