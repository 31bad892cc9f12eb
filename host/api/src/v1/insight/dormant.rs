//! `GET /v1/insight/dormant`: accounts that can be used and are not.

use super::accounts::Parameters;
use crate::ApiState;
use crate::auth::Seen;
use crate::problem::Problem;
use crate::v1::paging::{self, Listed};
use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use purser_model::id::AccountId;
use purser_reconcile::DormantAccount;

/// Lists accounts that nobody used for the declared time, in order of id, of the targets that declare how a sign-in shows. A page that
/// looked at 2000 accounts ends although it is not full.
#[utoipa::path(
    get,
    path = "/insight/dormant",
    operation_id = "listDormant",
    tag = "accounts",
    params(Parameters),
    responses(
        (status = 200, description = "A page of accounts", body = Listed<DormantAccount, AccountId>),
    )
)]
pub(crate) async fn handle(
    State(state): State<ApiState>,
    seen: Seen,
    parameters: Result<Query<Parameters>, QueryRejection>,
) -> Result<Json<Listed<DormantAccount, AccountId>>, Problem> {
    let Query(asked) = parameters?;
    let page = paging::page(asked.after, asked.limit)?;
    let found = state.engine.dormant(&seen.0.narrowed_to(asked.target.as_ref()), page).await?;
    Ok(Json(Listed { items: found.items, next: found.next }))
}
