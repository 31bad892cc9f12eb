//! `GET /v1/audit`: rows of the audit log, newest first.

use crate::ApiState;
use crate::problem::Problem;
use crate::v1::paging::{self, Listed};
use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use jiff::Timestamp;
use purser_model::audit::AuditRow;
use purser_model::id::{IdentityId, OperationId, TargetName};
use purser_store::{AuditFilter, AuditOrder, AuditPage};
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Parameters {
    identity: Option<IdentityId>,
    target: Option<TargetName>,
    operation: Option<OperationId>,
    action: Option<String>,
    actor: Option<String>,
    since: Option<Timestamp>,
    after: Option<i64>,
    limit: Option<u32>,
}

pub(crate) async fn handle(
    State(state): State<ApiState>,
    parameters: Result<Query<Parameters>, QueryRejection>,
) -> Result<Json<Listed<Value, i64>>, Problem> {
    let Query(asked) = parameters?;
    let limit = paging::limit(asked.limit)?;
    let filter = AuditFilter {
        identity: asked.identity,
        target: asked.target,
        operation: asked.operation,
        action: asked.action,
        actor: asked.actor,
        since: asked.since,
    };
    let page = AuditPage { after: asked.after, limit, order: AuditOrder::NewestFirst };
    let rows = state.store.audit(filter, page).await?;
    let Listed { items, next } = Listed::new(rows, limit, |row| row.sequence);
    Ok(Json(Listed { items: items.iter().map(AuditRow::to_json).collect(), next }))
}
