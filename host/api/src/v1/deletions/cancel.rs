//! `POST /v1/deletions/{account}/cancellation`: an account that leaves is not deleted until somebody has granted it again.

use crate::ApiState;
use crate::auth::Acting;
use crate::description::problems::Refusable;
use crate::problem::Problem;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use purser_model::id::AccountId;

/// Keeps an account that leaves until somebody has granted it again.
#[utoipa::path(
    post,
    path = "/deletions/{account}/cancellation",
    operation_id = "cancelDeletion",
    tag = "accounts",
    params(("account" = AccountId, Path, description = "The account")),
    responses(
        (status = 204, description = "It is not deleted"),
        Refusable,
    )
)]
pub(crate) async fn handle(
    State(state): State<ApiState>,
    acting: Acting,
    account: Result<Path<AccountId>, PathRejection>,
) -> Result<StatusCode, Problem> {
    let Path(account) = account?;
    acting.seen.thing("account", &account, &state.store.account(account).await?.target)?;
    acting.store.cancel_deletion(account, (state.now)()).await?;
    state.engine.look_again();
    Ok(StatusCode::NO_CONTENT)
}
