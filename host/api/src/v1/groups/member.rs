//! `PUT` and `DELETE /v1/groups/{name}/members/{identity}`: puts an identity into a static group, and takes it out.

use crate::ApiState;
use crate::auth::Acting;
use crate::body::Body;
use crate::description::problems::{NotFound, Refusable};
use crate::problem::Problem;
use crate::v1::because::Because;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use purser_model::assignment::Reason;
use purser_model::id::{GroupName, IdentityId};
use serde::Deserialize;
use utoipa::ToSchema;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AddMember)]
pub(crate) struct Wanted {
    /// Why.
    reason: Reason,
}

/// Puts an identity into a static group; one that was put into it already stays as it is.
#[utoipa::path(
    put,
    path = "/groups/{name}/members/{identity}",
    operation_id = "addGroupMember",
    tag = "roles",
    params(
        ("name" = GroupName, Path, description = "The group"),
        ("identity" = IdentityId, Path, description = "The identity"),
    ),
    request_body = Wanted,
    responses(
        (status = 204, description = "It is in the group"),
        Refusable,
    )
)]
pub(crate) async fn add(
    State(state): State<ApiState>,
    acting: Acting,
    path: Result<Path<(GroupName, IdentityId)>, PathRejection>,
    Body(wanted): Body<Wanted>,
) -> Result<StatusCode, Problem> {
    let Path((group, identity)) = path?;
    state.engine.must_be_static(&group)?;
    acting.store.add_to_group(&group, identity, wanted.reason, (state.now)()).await?;
    state.engine.look_again();
    Ok(StatusCode::NO_CONTENT)
}

/// Takes an identity out of a group that it was put into over the API.
#[utoipa::path(
    delete,
    path = "/groups/{name}/members/{identity}",
    operation_id = "removeGroupMember",
    tag = "roles",
    params(
        ("name" = GroupName, Path, description = "The group"),
        ("identity" = IdentityId, Path, description = "The identity"),
        Because,
    ),
    responses(
        (status = 204, description = "Done"),
        NotFound,
    )
)]
pub(crate) async fn remove(
    State(state): State<ApiState>,
    acting: Acting,
    path: Result<Path<(GroupName, IdentityId)>, PathRejection>,
    because: Result<Query<Because>, QueryRejection>,
) -> Result<StatusCode, Problem> {
    let (Path((group, identity)), Query(because)) = (path?, because?);
    acting.store.take_from_group(&group, identity, because.reason, (state.now)()).await?;
    state.engine.look_again();
    Ok(StatusCode::NO_CONTENT)
}
