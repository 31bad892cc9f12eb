//! `POST /v1/accounts/{id}/link`: gives an account that is there to an identity.

use crate::ApiState;
use crate::auth::Acting;
use crate::body::Body;
use crate::problem::Problem;
use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use purser_model::account::Account;
use purser_model::id::{AccountId, IdentityId};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Wanted {
    identity: IdentityId,
}

pub(crate) async fn handle(
    State(state): State<ApiState>,
    acting: Acting,
    id: Result<Path<AccountId>, PathRejection>,
    Body(wanted): Body<Wanted>,
) -> Result<Json<Account>, Problem> {
    let Path(id) = id?;
    acting.store.link_account(id, wanted.identity, (state.now)()).await?;
    state.engine.look_again();
    Ok(Json(state.store.account(id).await?))
}
