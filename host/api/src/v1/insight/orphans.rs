//! `GET /v1/insight/orphans`: accounts that nobody should have.

use super::accounts::Parameters;
use crate::ApiState;
use crate::auth::Seen;
use crate::problem::Problem;
use crate::v1::paging::{self, Listed};
use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use purser_model::id::AccountId;
use purser_store::Orphan;

/// Lists accounts that belong to nobody, and accounts of departed people that are not disabled, in order of id.
#[utoipa::path(
    get,
    path = "/insight/orphans",
    operation_id = "listOrphans",
    tag = "accounts",
    params(Parameters),
    responses(
        (status = 200, description = "A page of accounts", body = Listed<Orphan, AccountId>),
    )
)]
pub(crate) async fn handle(
    State(state): State<ApiState>,
    seen: Seen,
    parameters: Result<Query<Parameters>, QueryRejection>,
) -> Result<Json<Listed<Orphan, AccountId>>, Problem> {
    let Query(asked) = parameters?;
    let page = paging::page(asked.after, asked.limit)?;
    let reach = seen.0.narrowed_to(asked.target.as_ref());
    let found = state.store.orphans(&reach, (state.now)(), page).await?;
    Ok(Json(Listed::new(found, page.limit, |one| one.account.account)))
}
