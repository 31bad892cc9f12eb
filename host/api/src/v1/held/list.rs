//! `GET /v1/held`: what the guard holds, in order of the accounts' ids, by target and state.

use crate::ApiState;
use crate::problem::Problem;
use crate::v1::paging::{self, Listed};
use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use purser_model::id::{AccountId, TargetName};
use purser_store::{Held, HeldFilter, HeldState};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Parameters {
    target: Option<TargetName>,
    state: Option<HeldState>,
    after: Option<AccountId>,
    limit: Option<u32>,
}

pub(crate) async fn handle(
    State(state): State<ApiState>,
    parameters: Result<Query<Parameters>, QueryRejection>,
) -> Result<Json<Listed<Held, AccountId>>, Problem> {
    let Query(asked) = parameters?;
    let page = paging::page(asked.after, asked.limit)?;
    let found = state.store.held(HeldFilter { target: asked.target, state: asked.state }, page).await?;
    Ok(Json(Listed::new(found, page.limit, |held| held.account)))
}
