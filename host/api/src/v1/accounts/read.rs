//! `GET /v1/accounts/{id}`: one account.

use crate::ApiState;
use crate::auth::Seen;
use crate::description::problems::NotFound;
use crate::problem::Problem;
use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use purser_model::account::Account;
use purser_model::id::AccountId;

/// Reads one account.
#[utoipa::path(
    get,
    path = "/accounts/{id}",
    operation_id = "readAccount",
    tag = "accounts",
    params(("id" = AccountId, Path, description = "The account")),
    responses(
        (status = 200, description = "The account", body = Account),
        NotFound,
    )
)]
pub(crate) async fn handle(
    State(state): State<ApiState>,
    seen: Seen,
    id: Result<Path<AccountId>, PathRejection>,
) -> Result<Json<Account>, Problem> {
    let Path(id) = id?;
    let account = state.store.account(id).await?;
    seen.thing("account", &id, &account.target)?;
    Ok(Json(account))
}
