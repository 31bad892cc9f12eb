//! `GET /v1/accounts`: accounts in order of id, by target, identity and situation.

use crate::ApiState;
use crate::problem::Problem;
use crate::v1::paging::{self, Listed};
use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use purser_model::account::{Account, Situation};
use purser_model::id::{AccountId, IdentityId, TargetName};
use purser_store::AccountFilter;
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Parameters {
    target: Option<TargetName>,
    identity: Option<IdentityId>,
    situation: Option<Situation>,
    after: Option<AccountId>,
    limit: Option<u32>,
}

pub(crate) async fn handle(
    State(state): State<ApiState>,
    parameters: Result<Query<Parameters>, QueryRejection>,
) -> Result<Json<Listed<Account, AccountId>>, Problem> {
    let Query(asked) = parameters?;
    let page = paging::page(asked.after, asked.limit)?;
    let filter = AccountFilter { target: asked.target, identity: asked.identity, situation: asked.situation };
    let found = state.store.accounts(filter, page).await?;
    Ok(Json(Listed::new(found, page.limit, |account| account.id)))
}
