//! `GET /v1/audit`: rows of the audit log, newest first.

use crate::ApiState;
use crate::auth::Seen;
use crate::problem::Problem;
use crate::v1::paging::{self, Listed, Place};
use crate::v1::sorting::ById;
use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use jiff::Timestamp;
use purser_model::audit::{AuditRow, ShownRow};
use purser_model::id::{IdentityId, OperationId, TargetName};
use purser_store::{AuditFilter, AuditOrder, AuditPage};
use serde::Deserialize;
use utoipa::IntoParams;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Parameters {
    /// Only of this identity.
    identity: Option<IdentityId>,
    /// Only in this target.
    target: Option<TargetName>,
    /// Only of this operation.
    operation: Option<OperationId>,
    /// Only of this kind.
    action: Option<String>,
    /// Only by this actor.
    actor: Option<String>,
    /// Only from then on.
    since: Option<Timestamp>,
    /// `-id` (the newest first, where it is not given) or `id`.
    #[param(inline)]
    sort: Option<ById>,
    /// `next` of the former page; in the same order.
    #[param(value_type = Option<u64>, minimum = 0, maximum = 9_223_372_036_854_775_807_i64)]
    after: Option<Place>,
    /// How many entries the page has; 100 where it is not given.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<u32>,
}

/// Lists rows of the audit log, newest first.
#[utoipa::path(
    get,
    path = "/audit",
    operation_id = "listAudit",
    tag = "events",
    params(Parameters),
    responses(
        (status = 200, description = "A page of rows", body = Listed<ShownRow, i64>),
    )
)]
pub(crate) async fn handle(
    State(state): State<ApiState>,
    seen: Seen,
    parameters: Result<Query<Parameters>, QueryRejection>,
) -> Result<Json<Listed<ShownRow, i64>>, Problem> {
    let Query(asked) = parameters?;
    let limit = paging::limit(asked.limit)?;
    let filter = AuditFilter {
        identity: asked.identity,
        target: asked.target,
        operation: asked.operation,
        action: asked.action,
        actor: asked.actor,
        since: asked.since,
        reach: seen.0,
    };
    let oldest_first = ById::turns(asked.sort, ById::Newest);
    let order = if oldest_first { AuditOrder::OldestFirst } else { AuditOrder::NewestFirst };
    let page = AuditPage { after: asked.after.map(i64::from), limit, order };
    let rows = state.store.audit(filter, page).await?;
    let Listed { items, next } = Listed::new(rows, limit, |row| row.sequence);
    Ok(Json(Listed { items: items.iter().map(AuditRow::shown).collect(), next }))
}
