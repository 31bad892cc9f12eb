//! `PUT` and `DELETE /v1/identities/{id}/departure`: marks an identity as departed, whatever its source says, and lifts it.

use super::imposing::{Wanted, impose, lift};
use crate::ApiState;
use crate::auth::Acting;
use crate::body::Body;
use crate::description::problems::{NotFound, Refusable};
use crate::problem::Problem;
use crate::v1::because::Because;
use axum::Json;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use purser_model::assignment::{Imposed, ImposedState};
use purser_model::id::IdentityId;

/// Marks an identity as departed, whatever its source says. No source lifts it.
#[utoipa::path(
    put,
    path = "/identities/{id}/departure",
    operation_id = "departIdentity",
    tag = "identities",
    params(("id" = IdentityId, Path, description = "The identity")),
    request_body = Wanted,
    responses(
        (status = 200, description = "What is imposed", body = Imposed),
        Refusable,
    )
)]
pub(crate) async fn put(
    State(state): State<ApiState>,
    acting: Acting,
    id: Result<Path<IdentityId>, PathRejection>,
    Body(wanted): Body<Wanted>,
) -> Result<Json<Imposed>, Problem> {
    let Path(id) = id?;
    impose(&state, &acting, id, ImposedState::Departed, wanted).await
}

/// Takes a departure back that was marked over the API: what its source says holds again.
#[utoipa::path(
    delete,
    path = "/identities/{id}/departure",
    operation_id = "recallIdentity",
    tag = "identities",
    params(("id" = IdentityId, Path, description = "The identity"), Because),
    responses(
        (status = 204, description = "Done"),
        NotFound,
    )
)]
pub(crate) async fn delete(
    State(state): State<ApiState>,
    acting: Acting,
    id: Result<Path<IdentityId>, PathRejection>,
    because: Result<Query<Because>, QueryRejection>,
) -> Result<StatusCode, Problem> {
    let (Path(id), Query(because)) = (id?, because?);
    lift(&state, &acting, id, ImposedState::Departed, because.reason).await
}
