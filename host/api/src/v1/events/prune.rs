//! `POST /v1/events/pruning`: drops old events.

use crate::ApiState;
use crate::auth::Acting;
use crate::body::Body;
use crate::problem::Problem;
use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PruneEvents)]
pub(crate) struct Wanted {
    /// Those from before this time.
    before: Timestamp,
}

#[derive(Serialize, ToSchema)]
#[schema(as = PrunedEvents)]
pub(crate) struct Pruned {
    /// How many are gone.
    dropped: u64,
}

/// Drops old events. Who comes back for them is told so. The audit log keeps what they told of.
#[utoipa::path(
    post,
    path = "/events/pruning",
    operation_id = "pruneEvents",
    tag = "events",
    request_body = Wanted,
    responses(
        (status = 200, description = "They are gone", body = Pruned),
    )
)]
pub(crate) async fn handle(
    State(state): State<ApiState>,
    acting: Acting,
    Body(Wanted { before }): Body<Wanted>,
) -> Result<Json<Pruned>, Problem> {
    let dropped = acting.store.prune_events(before, (state.now)()).await?;
    Ok(Json(Pruned { dropped }))
}
