//! `GET /v1/cases/{id}`: one case, with the accounts that may be the identity's as they were last seen.

use crate::ApiState;
use crate::problem::Problem;
use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use purser_model::account::Account;
use purser_model::case::Case;
use purser_model::id::CaseId;
use purser_store::StoreError;
use serde::Serialize;

#[derive(Serialize)]
pub(crate) struct CaseWithAccounts {
    #[serde(flatten)]
    case: Case,
    /// Candidates that are still known.
    accounts: Vec<Account>,
}

pub(crate) async fn handle(
    State(state): State<ApiState>,
    id: Result<Path<CaseId>, PathRejection>,
) -> Result<Json<CaseWithAccounts>, Problem> {
    let Path(id) = id?;
    let case = state.store.case(id).await?;
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
