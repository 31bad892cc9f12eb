//! `GET /v1/identities/{id}/explanation`: why an identity has what it has, step by step.

use crate::ApiState;
use crate::description::problems::NotFound;
use crate::problem::Problem;
use axum::Json;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use purser_model::id::{IdentityId, TargetName};
use purser_reconcile::IdentityExplained;
use serde::Deserialize;
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
    id: Result<Path<IdentityId>, PathRejection>,
    parameters: Result<Query<Parameters>, QueryRejection>,
) -> Result<Json<IdentityExplained>, Problem> {
    let (Path(id), Query(asked)) = (id?, parameters?);
    Ok(Json(state.engine.explain(id, asked.target.as_ref()).await?))
}
