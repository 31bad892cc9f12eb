//! `POST /v1/connectors/pruning`: removes copies of connectors that nobody needs any more.

use crate::ApiState;
use crate::auth::Acting;
use crate::body::Body;
use crate::problem::Problem;
use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PruneConnectors)]
pub(crate) struct Wanted {
    /// Whether it is only said which they are.
    #[serde(default)]
    dry_run: bool,
}

#[derive(Serialize, ToSchema)]
#[schema(as = PrunedConnectors)]
pub(crate) struct Pruned {
    /// Whether they were removed.
    removed: bool,
    /// The digests of the copies.
    copies: Vec<String>,
}

/// Removes the copies of connectors that nobody needs any more, as the host does by itself once a day.
///
/// Needed is what lies in the folder, what a source or target runs, tries or ran before, and what a declaration names.
#[utoipa::path(
    post,
    path = "/connectors/pruning",
    operation_id = "pruneConnectors",
    tag = "connectors",
    request_body = Wanted,
    responses(
        (status = 200, description = "Which they are", body = Pruned),
    )
)]
pub(crate) async fn handle(
    State(state): State<ApiState>,
    acting: Acting,
    Body(Wanted { dry_run }): Body<Wanted>,
) -> Result<Json<Pruned>, Problem> {
    if !dry_run {
        acting.store.note_request(&acting.request, (state.now)()).await?;
    }
    let copies = state.connectors.prune(dry_run, (state.now)()).await?;
    Ok(Json(Pruned { removed: !dry_run, copies }))
}
