//! `GET /v1/deletions/{account}`: one account that is there and that nobody grants.

use crate::ApiState;
use crate::auth::Seen;
use crate::description::problems::NotFound;
use crate::problem::Problem;
use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use purser_model::account::Account;
use purser_model::id::AccountId;

/// Reads one account that is there and that nobody grants.
#[utoipa::path(
    get,
    path = "/deletions/{account}",
    operation_id = "readDeletion",
    tag = "accounts",
    params(("account" = AccountId, Path, description = "The account")),
    responses(
        (status = 200, description = "The account", body = Account),
        NotFound,
    )
)]
pub(crate) async fn handle(
    State(state): State<ApiState>,
    seen: Seen,
    account: Result<Path<AccountId>, PathRejection>,
) -> Result<Json<Account>, Problem> {
    let Path(account) = account?;
    let found = state.store.account(account).await?;
    seen.thing("account", &account, &found.target)?;
    if found.leaving_since.is_none() || found.remote_id.is_none() {
        return Err(Problem::not_found(format!("account `{account}` does not leave")));
    }
    Ok(Json(found))
}
