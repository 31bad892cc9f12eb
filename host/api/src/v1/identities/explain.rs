//! `GET /v1/identities/{id}/explanation`: why an identity has what it has, step by step.

use crate::ApiState;
use crate::problem::Problem;
use axum::Json;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use purser_model::id::{IdentityId, TargetName};
use purser_reconcile::IdentityExplained;
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Parameters {
    target: Option<TargetName>,
}

pub(crate) async fn handle(
    State(state): State<ApiState>,
    id: Result<Path<IdentityId>, PathRejection>,
    parameters: Result<Query<Parameters>, QueryRejection>,
) -> Result<Json<IdentityExplained>, Problem> {
    let (Path(id), Query(asked)) = (id?, parameters?);
    Ok(Json(state.engine.explain(id, asked.target.as_ref()).await?))
}
