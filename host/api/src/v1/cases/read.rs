//! `GET /v1/cases/{id}`: one case, with the accounts that may be the identity's as they were last seen.

use crate::ApiState;
use crate::auth::Seen;
use crate::description::problems::NotFound;
use crate::problem::Problem;
use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use purser_model::account::Account;
use purser_model::case::Case;
use purser_model::id::CaseId;
use purser_store::StoreError;
use serde::Serialize;
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
pub(crate) struct CaseWithAccounts {
    #[serde(flatten)]
    case: Case,
    /// Candidates that are still known.
    accounts: Vec<Account>,
}

/// Reads one case, with the accounts that may be the identity's as they were last seen.
#[utoipa::path(
    get,
    path = "/cases/{id}",
    operation_id = "readCase",
    tag = "decisions",
    params(("id" = CaseId, Path, description = "The case")),
    responses(
        (status = 200, description = "The case", body = CaseWithAccounts),
        NotFound,
    )
)]
pub(crate) async fn handle(
    State(state): State<ApiState>,
    seen: Seen,
    id: Result<Path<CaseId>, PathRejection>,
) -> Result<Json<CaseWithAccounts>, Problem> {
    let Path(id) = id?;
    let case = state.store.case(id).await?;
    seen.thing("case", &id, &case.target)?;
    let mut accounts = Vec::with_capacity(case.candidates.len());
    for candidate in &case.candidates {
        match state.store.account(candidate.account).await {
            Ok(account) => accounts.push(account),
            Err(StoreError::NotFound { .. }) => {}
            Err(failure) => return Err(failure.into()),
        }
    }
    Ok(Json(CaseWithAccounts { case, accounts }))
}
