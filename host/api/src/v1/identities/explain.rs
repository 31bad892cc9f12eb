//! `GET /v1/identities/{id}/explanation`: why an identity has what it has, step by step.

use crate::ApiState;
use crate::auth::Seen;
use crate::description::problems::NotFound;
use crate::problem::Problem;
use axum::Json;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use purser_model::access::Reach;
use purser_model::id::{IdentityId, TargetName};
use purser_reconcile::IdentityExplained;
use serde::Deserialize;
use std::collections::BTreeSet;
use utoipa::IntoParams;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Parameters {
    /// Only for this target.
    target: Option<TargetName>,
}

/// Explains why an identity has what it has, step by step.
#[utoipa::path(
    get,
    path = "/identities/{id}/explanation",
    operation_id = "explainIdentity",
    tag = "identities",
    params(("id" = IdentityId, Path, description = "The identity"), Parameters),
    responses(
        (status = 200, description = "Every step with its values", body = IdentityExplained),
        NotFound,
    )
)]
pub(crate) async fn handle(
    State(state): State<ApiState>,
    seen: Seen,
    id: Result<Path<IdentityId>, PathRejection>,
    parameters: Result<Query<Parameters>, QueryRejection>,
) -> Result<Json<IdentityExplained>, Problem> {
    let (Path(id), Query(asked)) = (id?, parameters?);
    seen.identity(state.store.as_ref(), id).await?;
    asked.target.iter().try_for_each(|target| seen.target(target))?;
    let mut explained = state.engine.explain(id, asked.target.as_ref()).await?;
    narrow(&mut explained, &seen.0);
    Ok(Json(explained))
}

/// Leaves out what belongs to other targets than those that are seen.
pub(super) fn narrow(explained: &mut IdentityExplained, reach: &Reach) {
    if reach.targets().is_none() {
        return;
    }
    explained.explanation.targets.retain(|one| reach.covers(&one.target));
    let granting: BTreeSet<String> =
        explained.explanation.targets.iter().flat_map(|one| one.granted_by.iter().map(ToString::to_string)).collect();
    explained.explanation.roles.retain(|one| granting.contains(one.name.as_str()));
    explained.held.retain(|one| reach.covers(&one.item.target));
    explained.cases.retain(|one| reach.covers(&one.target));
    explained.open_operations.retain(|one| reach.covers(&one.target));
    explained.last_operations.retain(|one| reach.covers(&one.target));
    explained.not_read.retain(|target, _| reach.covers(target));
    // These name accounts alone, of any target.
    explained.sightings.clear();
}
