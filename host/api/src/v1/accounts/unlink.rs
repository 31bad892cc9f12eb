//! `DELETE /v1/accounts/{id}/link`: takes an account from its identity; it is not given back without asking.

use crate::ApiState;
use crate::auth::Acting;
use crate::description::problems::Refusable;
use crate::problem::Problem;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use purser_model::id::AccountId;

/// Takes an account from its identity; it is not given back without asking.
#[utoipa::path(
    delete,
    path = "/accounts/{id}/link",
    operation_id = "unlinkAccount",
    tag = "accounts",
    params(("id" = AccountId, Path, description = "The account")),
    responses(
        (status = 204, description = "Done"),
        Refusable,
    )
)]
pub(crate) async fn handle(
    State(state): State<ApiState>,
    acting: Acting,
    id: Result<Path<AccountId>, PathRejection>,
) -> Result<StatusCode, Problem> {
    let Path(id) = id?;
    acting.seen.thing("account", &id, &state.store.account(id).await?.target)?;
    acting.store.unlink_account(id, (state.now)()).await?;
    state.engine.look_again();
    Ok(StatusCode::NO_CONTENT)
}
