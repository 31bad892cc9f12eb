//! `POST /v1/held/decision`: approves or rejects what the guard holds, account by account.

use crate::ApiState;
use crate::auth::Acting;
use crate::body::Body;
use crate::description::problems::{BadValues, Refusable};
use crate::problem::Problem;
use axum::Json;
use axum::extract::State;
use purser_model::id::AccountId;
use purser_store::{Decision, HeldDecided};
use serde::Deserialize;
use utoipa::ToSchema;

/// More are decided in several requests.
const MOST: usize = 500;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DecideHeld)]
pub(crate) struct Wanted {
    /// The accounts, as `GET /v1/held` names them.
    #[schema(min_items = 1, max_items = 500)]
    accounts: Vec<AccountId>,
    /// What is decided.
    decision: Decision,
}

/// Approves or rejects what the guard holds, account by account.
#[utoipa::path(
    post,
    path = "/held/decision",
    operation_id = "decideHeld",
    tag = "decisions",
    request_body = Wanted,
    responses(
        (status = 200, description = "What the decision changed", body = HeldDecided),
        Refusable,
        BadValues,
    )
)]
pub(crate) async fn handle(
    State(state): State<ApiState>,
    acting: Acting,
    Body(wanted): Body<Wanted>,
) -> Result<Json<HeldDecided>, Problem> {
    if wanted.accounts.is_empty() || wanted.accounts.len() > MOST {
        return Err(Problem::bad_parameter(format!(
            "`accounts` has {}: name from 1 to {MOST} of those that `GET /v1/held` shows",
            wanted.accounts.len()
        )));
    }
    if acting.seen.is_narrow() {
        for account in &wanted.accounts {
            acting.seen.thing("account", account, &state.store.account(*account).await?.target)?;
        }
    }
    let decided = state.engine.decide_held(acting.store.as_ref(), wanted.accounts, wanted.decision).await?;
    state.engine.look_again();
    Ok(Json(decided))
}
