//! `GET /v1/deletions`: accounts that are there and that nobody grants, in order of id.

use crate::ApiState;
use crate::problem::Problem;
use crate::v1::paging::{self, Listed};
use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use purser_model::account::Account;
use purser_model::id::AccountId;
use serde::Deserialize;
use utoipa::IntoParams;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Parameters {
    /// `next` of the former page.
    after: Option<AccountId>,
    /// How many entries the page has; 100 where it is not given.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<u32>,
}

/// Lists accounts that are there and that nobody grants, in order of id.
#[utoipa::path(
    get,
    path = "/deletions",
    operation_id = "listDeletions",
    tag = "accounts",
    params(Parameters),
    responses(
        (status = 200, description = "A page of accounts", body = Listed<Account, AccountId>),
    )
)]
pub(crate) async fn handle(
    State(state): State<ApiState>,
    parameters: Result<Query<Parameters>, QueryRejection>,
) -> Result<Json<Listed<Account, AccountId>>, Problem> {
    let Query(asked) = parameters?;
    let page = paging::page(asked.after, asked.limit)?;
    let found = state.store.leaving(page).await?;
    Ok(Json(Listed::new(found, page.limit, |account| account.id)))
}
