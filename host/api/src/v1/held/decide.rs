//! `POST /v1/held/decision`: approves or rejects what the guard holds, account by account.

use crate::ApiState;
use crate::auth::Acting;
use crate::body::Body;
use crate::problem::Problem;
use crate::v1::plans::decide::Said;
use axum::Json;
use axum::extract::State;
use purser_model::id::{AccountId, IdentityId, TargetName};
use purser_store::{HeldDecision, StaleItem};
use serde::{Deserialize, Serialize};

/// More are decided in several requests.
const MOST: usize = 500;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Wanted {
    accounts: Vec<AccountId>,
    decision: Said,
}

#[derive(Serialize)]
pub(crate) struct Decided {
    decided: u64,
    operations: u64,
    stale: Vec<Stale>,
}

#[derive(Serialize)]
struct Stale {
    identity: IdentityId,
    label: String,
    target: TargetName,
    reason: String,
}

pub(crate) async fn handle(
    State(state): State<ApiState>,
    acting: Acting,
    Body(wanted): Body<Wanted>,
) -> Result<Json<Decided>, Problem> {
    if wanted.accounts.is_empty() || wanted.accounts.len() > MOST {
        return Err(Problem::bad_parameter(format!(
            "`accounts` has {}: name from 1 to {MOST} of those that `GET /v1/held` shows",
            wanted.accounts.len()
        )));
    }
    let decision = match wanted.decision {
        Said::Approve => HeldDecision::Approve,
        Said::Reject => HeldDecision::Reject,
    };
    let decided = acting.store.decide_held(wanted.accounts, decision, (state.now)()).await?;
    state.engine.look_again();
    let stale = decided.stale.into_iter().map(|StaleItem { item, reason }| Stale {
        identity: item.identity,
        label: item.label,
        target: item.target,
        reason,
    });
    Ok(Json(Decided { decided: decided.items, operations: decided.operations, stale: stale.collect() }))
}
