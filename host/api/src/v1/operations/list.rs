//! `GET /v1/operations`: operations, newest first, by target, identity and state.

use crate::ApiState;
use crate::auth::Seen;
use crate::problem::Problem;
use crate::v1::paging::{self, Listed};
use crate::v1::sorting::ById;
use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use purser_model::id::{IdentityId, OperationId, TargetName};
use purser_model::operation::{Operation, OperationState};
use purser_store::OperationFilter;
use serde::Deserialize;
use utoipa::IntoParams;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Parameters {
    /// Only in this target.
    target: Option<TargetName>,
    /// Only of this identity.
    identity: Option<IdentityId>,
    /// Only in this state.
    state: Option<OperationState>,
    /// `-id` (the newest first, where it is not given) or `id`.
    #[param(inline)]
    sort: Option<ById>,
    /// `next` of the former page; in the same order.
    after: Option<OperationId>,
    /// How many entries the page has; 100 where it is not given.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<u32>,
}

/// Lists operations, newest first, by target, identity and state.
#[utoipa::path(
    get,
    path = "/operations",
    operation_id = "listOperations",
    tag = "operations",
    params(Parameters),
    responses(
        (status = 200, description = "A page of operations", body = Listed<Operation, OperationId>),
    )
)]
pub(crate) async fn handle(
    State(state): State<ApiState>,
    seen: Seen,
    parameters: Result<Query<Parameters>, QueryRejection>,
) -> Result<Json<Listed<Operation, OperationId>>, Problem> {
    let Query(asked) = parameters?;
    let page = paging::turned(asked.after, asked.limit, ById::turns(asked.sort, ById::Newest))?;
    let filter = OperationFilter { target: asked.target, identity: asked.identity, state: asked.state, reach: seen.0 };
    let found = state.store.operations(filter, page).await?;
    Ok(Json(Listed::new(found, page.limit, |operation| operation.id)))
}
