//! `GET /v1/connectors/{digest}/differences`: what a build asks for or does otherwise than another one.

use super::digest::FileDigest;
use crate::ApiState;
use crate::description::problems::Refusable;
use crate::ports::ConnectorDifference;
use crate::problem::Problem;
use axum::Json;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Parameters {
    /// The digest of the former build.
    #[param(inline)]
    former: FileDigest,
}

#[derive(Serialize, ToSchema)]
#[schema(as = ConnectorDifferences)]
pub(crate) struct Differences {
    /// Whether a person has to agree: the newer build reaches or demands more.
    asks_for_more: bool,
    items: Vec<ConnectorDifference>,
}

/// Compares a build with a former one: what it asks for or does otherwise.
#[utoipa::path(
    get,
    path = "/connectors/{digest}/differences",
    operation_id = "compareConnectors",
    tag = "connectors",
    params(("digest" = inline(FileDigest), Path, description = "The digest of the newer build"), Parameters),
    responses(
        (status = 200, description = "The differences, by kind and name", body = Differences),
        Refusable,
    )
)]
pub(crate) async fn handle(
    State(state): State<ApiState>,
    newer: Result<Path<FileDigest>, PathRejection>,
    parameters: Result<Query<Parameters>, QueryRejection>,
) -> Result<Json<Differences>, Problem> {
    let (Path(FileDigest(newer)), Query(Parameters { former: FileDigest(former) })) = (newer?, parameters?);
    let items = state.connectors.differences(&former, &newer).await?;
    Ok(Json(Differences { asks_for_more: items.iter().any(|one| one.asks), items }))
}
