//! `GET /v1/held`: what the guard holds, in order of the accounts' ids, by target and state.

use crate::ApiState;
use crate::auth::Seen;
use crate::problem::Problem;
use crate::v1::paging::{self, Listed};
use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use purser_model::id::{AccountId, TargetName};
use purser_store::{Held, HeldFilter, HeldState};
use serde::Deserialize;
use utoipa::IntoParams;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Parameters {
    /// Only in this target.
    target: Option<TargetName>,
    /// Only in this state.
    state: Option<HeldState>,
    /// `next` of the former page.
    after: Option<AccountId>,
    /// How many entries the page has; 100 where it is not given.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<u32>,
}

/// Lists what the guard holds, in order of the accounts' ids.
#[utoipa::path(
    get,
    path = "/held",
    operation_id = "listHeld",
    tag = "decisions",
    params(Parameters),
    responses(
        (status = 200, description = "A page of held items", body = Listed<Held, AccountId>),
    )
)]
pub(crate) async fn handle(
    State(state): State<ApiState>,
    seen: Seen,
    parameters: Result<Query<Parameters>, QueryRejection>,
) -> Result<Json<Listed<Held, AccountId>>, Problem> {
    let Query(asked) = parameters?;
    let page = paging::page(asked.after, asked.limit)?;
    let found = state.store.held(HeldFilter { target: asked.target, state: asked.state, reach: seen.0 }, page).await?;
    Ok(Json(Listed::new(found, page.limit, |held| held.account)))
}
