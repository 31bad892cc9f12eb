//! `GET /v1/log`: operations from what was asked for to what became of each, in the order in which they were planned.

use crate::ApiState;
use crate::problem::Problem;
use crate::v1::paging::{self, Listed, Place};
use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use jiff::Timestamp;
use purser_model::id::{IdentityId, OperationId, TargetName};
use purser_reconcile::LoggedOperation;
use purser_store::{LogFilter, LogPage};
use serde::Deserialize;
use utoipa::IntoParams;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Parameters {
    /// Only for this identity.
    identity: Option<IdentityId>,
    /// Only in this target.
    target: Option<TargetName>,
    /// Only this operation.
    operation: Option<OperationId>,
    /// Only those that were planned from then on.
    since: Option<Timestamp>,
    /// `next` of the former page.
    #[param(value_type = Option<u64>, minimum = 0, maximum = 9_223_372_036_854_775_807_i64)]
    after: Option<Place>,
    /// How many entries the page has; 100 where it is not given.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<u32>,
}

/// Lists operations from what was asked for to what became of each, in the order in which they were planned.
#[utoipa::path(
    get,
    path = "/log",
    operation_id = "listLog",
    tag = "operations",
    params(Parameters),
    responses(
        (status = 200, description = "A page of operations with their steps", body = Listed<LoggedOperation, i64>),
    )
)]
pub(crate) async fn handle(
    State(state): State<ApiState>,
    parameters: Result<Query<Parameters>, QueryRejection>,
) -> Result<Json<Listed<LoggedOperation, i64>>, Problem> {
    let Query(asked) = parameters?;
    let limit = paging::limit(asked.limit)?;
    let Parameters { identity, target, operation, since, after, .. } = asked;
    let filter = LogFilter { identity, target, operation, since };
    let entries = state.store.provisioning_log(filter, LogPage { after: after.map(i64::from), limit }).await?;
    let operations = entries.into_iter().map(LoggedOperation::from).collect();
    Ok(Json(Listed::new(operations, limit, |one: &LoggedOperation| one.number)))
}
