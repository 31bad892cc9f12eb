//! `POST /v1/accounts/{id}/link`: gives an account that is there to an identity.

use crate::ApiState;
use crate::auth::Acting;
use crate::body::Body;
use crate::description::problems::Refusable;
use crate::problem::Problem;
use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use purser_model::account::Account;
use purser_model::id::{AccountId, IdentityId};
use serde::Deserialize;
use utoipa::ToSchema;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = LinkAccount)]
pub(crate) struct Wanted {
    /// The identity that gets it.
    identity: IdentityId,
}

/// Gives an account that is there to an identity.
#[utoipa::path(
    post,
    path = "/accounts/{id}/link",
    operation_id = "linkAccount",
    tag = "accounts",
    params(("id" = AccountId, Path, description = "The account")),
    request_body = Wanted,
    responses(
        (status = 200, description = "The account", body = Account),
        Refusable,
    )
)]
pub(crate) async fn handle(
    State(state): State<ApiState>,
    acting: Acting,
    id: Result<Path<AccountId>, PathRejection>,
    Body(wanted): Body<Wanted>,
) -> Result<Json<Account>, Problem> {
    let Path(id) = id?;
    acting.seen.thing("account", &id, &state.store.account(id).await?.target)?;
    acting.seen.identity(state.store.as_ref(), wanted.identity).await?;
    acting.store.link_account(id, wanted.identity, (state.now)()).await?;
    state.engine.look_again();
    Ok(Json(state.store.account(id).await?))
}
