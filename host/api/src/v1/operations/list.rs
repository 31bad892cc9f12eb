//! `GET /v1/operations`: operations, newest first, by target, identity and state.

use crate::ApiState;
use crate::problem::Problem;
use crate::v1::paging::{self, Listed};
use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use purser_model::id::{IdentityId, OperationId, TargetName};
use purser_model::operation::{Operation, OperationState};
use purser_store::OperationFilter;
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Parameters {
    target: Option<TargetName>,
    identity: Option<IdentityId>,
    state: Option<OperationState>,
    after: Option<OperationId>,
    limit: Option<u32>,
}

pub(crate) async fn handle(
    State(state): State<ApiState>,
    parameters: Result<Query<Parameters>, QueryRejection>,
) -> Result<Json<Listed<Operation, OperationId>>, Problem> {
    let Query(asked) = parameters?;
    let page = paging::page(asked.after, asked.limit)?;
    let filter = OperationFilter { target: asked.target, identity: asked.identity, state: asked.state };
    let found = state.store.operations(filter, page).await?;
    Ok(Json(Listed::new(found, page.limit, |operation| operation.id)))
}
