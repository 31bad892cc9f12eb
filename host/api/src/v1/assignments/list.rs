//! `GET /v1/assignments`: who has which role by what, in force or not.

use crate::ApiState;
use crate::description::problems::NotFound;
use crate::problem::Problem;
use crate::v1::paging::{self, Listed};
use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use purser_model::id::{IdentityId, RoleName};
use purser_reconcile::{AssignmentOf, AssignmentQuestion, OriginKind};
use serde::Deserialize;
use utoipa::IntoParams;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Parameters {
    /// Only of this identity.
    identity: Option<IdentityId>,
    /// Only of this role.
    role: Option<RoleName>,
    /// Only of this origin.
    #[param(inline)]
    origin: Option<OriginKind>,
    /// `next` of the former page.
    after: Option<IdentityId>,
    /// How many entries the page has; 100 where it is not given. All of an identity stand on one page, which may hold some more by that,
    /// and a page that looked at 2000 identities ends although it is not full.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<u32>,
}

/// Lists who has which role by what, in order of the identities' ids: assignments of declarations and of the API whether or not they
/// are in force, and what follows now by groups, rules and roles.
#[utoipa::path(
    get,
    path = "/assignments",
    operation_id = "listAssignments",
    tag = "roles",
    params(Parameters),
    responses(
        (status = 200, description = "A page of assignments", body = Listed<AssignmentOf, IdentityId>),
        NotFound,
    )
)]
pub(crate) async fn handle(
    State(state): State<ApiState>,
    parameters: Result<Query<Parameters>, QueryRejection>,
) -> Result<Json<Listed<AssignmentOf, IdentityId>>, Problem> {
    let Query(asked) = parameters?;
    let page = paging::page(asked.after, asked.limit)?;
    let question = AssignmentQuestion { identity: asked.identity, role: asked.role, origin: asked.origin };
    let found = state.engine.assignments_of(&question, page).await?;
    Ok(Json(Listed { items: found.items, next: found.next }))
}
