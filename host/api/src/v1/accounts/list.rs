//! `GET /v1/accounts`: accounts in order of id, by target, identity and situation.

use crate::ApiState;
use crate::auth::Seen;
use crate::problem::Problem;
use crate::v1::paging::{self, Listed};
use crate::v1::sorting::ById;
use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use purser_model::account::{Account, Situation};
use purser_model::id::{AccountId, IdentityId, TargetName};
use purser_store::AccountFilter;
use serde::Deserialize;
use utoipa::IntoParams;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Parameters {
    /// Only in this target.
    target: Option<TargetName>,
    /// Only of this identity.
    identity: Option<IdentityId>,
    /// Only in this situation.
    situation: Option<Situation>,
    /// `id` (the oldest first, where it is not given) or `-id`.
    #[param(inline)]
    sort: Option<ById>,
    /// `next` of the former page; in the same order.
    after: Option<AccountId>,
    /// How many entries the page has; 100 where it is not given.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<u32>,
}

/// Lists accounts in order of id, by target, identity and situation.
#[utoipa::path(
    get,
    path = "/accounts",
    operation_id = "listAccounts",
    tag = "accounts",
    params(Parameters),
    responses(
        (status = 200, description = "A page of accounts", body = Listed<Account, AccountId>),
    )
)]
pub(crate) async fn handle(
    State(state): State<ApiState>,
    seen: Seen,
    parameters: Result<Query<Parameters>, QueryRejection>,
) -> Result<Json<Listed<Account, AccountId>>, Problem> {
    let Query(asked) = parameters?;
    let page = paging::turned(asked.after, asked.limit, ById::turns(asked.sort, ById::Oldest))?;
    let filter =
        AccountFilter { target: asked.target, identity: asked.identity, situation: asked.situation, reach: seen.0 };
    let found = state.store.accounts(filter, page).await?;
    Ok(Json(Listed::new(found, page.limit, |account| account.id)))
}
