//! `GET /v1/caller`: whose token it is that asks, and what its holder may do.

use crate::auth::Caller;
use crate::problem::Problem;
use axum::{Extension, Json};
use purser_model::access::{ApiRole, Permission};
use purser_model::caller::CallerName;
use purser_model::id::TargetName;
use serde::Serialize;
use std::collections::BTreeSet;
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
pub(crate) struct Shown {
    /// The token's name; of a token that an issuer signed `issuer/subject`.
    name: CallerName,
    /// The role of its holder.
    role: ApiRole,
    /// The targets that it is bound to; not there where it is good for all.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<TargetName>>)]
    targets: Option<BTreeSet<TargetName>>,
    /// What that is good for.
    may: Vec<Permission>,
}

/// Says whose token it is that asks, and what its holder may do.
#[utoipa::path(
    get,
    path = "/caller",
    operation_id = "readCaller",
    tag = "access",
    responses(
        (status = 200, description = "Who asks", body = Shown),
    )
)]

pub(crate) async fn handle(Extension(caller): Extension<Caller>) -> Result<Json<Shown>, Problem> {
    let all = [Permission::Read, Permission::Operate, Permission::Approve, Permission::Administer];
    let may = all.into_iter().filter(|permission| caller.role.may(*permission)).collect();
    let targets = caller.reach.targets().cloned();
    Ok(Json(Shown { name: caller.name, role: caller.role, targets, may }))
}
