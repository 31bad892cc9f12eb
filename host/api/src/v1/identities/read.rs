//! `GET /v1/identities/{id}`: one identity with its accounts in every target.

use crate::ApiState;
use crate::auth::Seen;
use crate::description::problems::NotFound;
use crate::problem::Problem;
use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use purser_model::account::Account;
use purser_model::id::IdentityId;
use purser_model::identity::Identity;
use purser_store::{AccountFilter, PageRequest};
use serde::Serialize;
use utoipa::ToSchema;

/// More accounts than one person has.
const ACCOUNTS: u32 = 1_000;

#[derive(Serialize, ToSchema)]
pub(crate) struct IdentityWithAccounts {
    #[serde(flatten)]
    identity: Identity,
    accounts: Vec<Account>,
}

/// Reads one identity with its accounts in every target.
#[utoipa::path(
    get,
    path = "/identities/{id}",
    operation_id = "readIdentity",
    tag = "identities",
    params(("id" = IdentityId, Path, description = "The identity")),
    responses(
        (status = 200, description = "The identity", body = IdentityWithAccounts),
        NotFound,
    )
)]
pub(crate) async fn handle(
    State(state): State<ApiState>,
    seen: Seen,
    id: Result<Path<IdentityId>, PathRejection>,
) -> Result<Json<IdentityWithAccounts>, Problem> {
    let Path(id) = id?;
    seen.identity(state.store.as_ref(), id).await?;
    let identity = state.store.identity(id).await?;
    let filter = AccountFilter { identity: Some(id), reach: seen.0, ..AccountFilter::default() };
    let accounts = state.store.accounts(filter, PageRequest::first(ACCOUNTS)).await?;
    Ok(Json(IdentityWithAccounts { identity, accounts }))
}
