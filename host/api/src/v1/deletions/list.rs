//! `GET /v1/deletions`: accounts that are there and that nobody grants, in order of id.

use crate::ApiState;
use crate::auth::Seen;
use crate::problem::Problem;
use crate::v1::paging::{self, Listed};
use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use jiff::Timestamp;
use purser_model::account::Account;
use purser_model::id::AccountId;
use purser_reconcile::deletion_of;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

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

/// An account that leaves.
#[derive(Serialize, ToSchema)]
pub(crate) struct Leaving {
    #[serde(flatten)]
    account: Account,
    /// When it is deleted; null where it is not.
    deleted_at: Option<Timestamp>,
}

/// Lists accounts that are there and that nobody grants, in order of id.
#[utoipa::path(
    get,
    path = "/deletions",
    operation_id = "listDeletions",
    tag = "accounts",
    params(Parameters),
    responses(
        (status = 200, description = "A page of accounts", body = Listed<Leaving, AccountId>),
    )
)]
pub(crate) async fn handle(
    State(state): State<ApiState>,
    seen: Seen,
    parameters: Result<Query<Parameters>, QueryRejection>,
) -> Result<Json<Listed<Leaving, AccountId>>, Problem> {
    let Query(asked) = parameters?;
    let page = paging::page(asked.after, asked.limit)?;
    let configuration = state.engine.rules().configuration();
    let leaving = |account: Account| Leaving { deleted_at: deletion_of(&account, configuration), account };
    let found = state.store.leaving(&seen.0, page).await?.into_iter().map(leaving).collect();
    Ok(Json(Listed::new(found, page.limit, |leaving: &Leaving| leaving.account.id)))
}
