//! What imposing a state and lifting it have in common.

use crate::ApiState;
use crate::auth::Acting;
use crate::problem::Problem;
use axum::Json;
use axum::http::StatusCode;
use jiff::Timestamp;
use purser_model::assignment::{Imposed, ImposedState, Reason};
use purser_model::id::IdentityId;
use purser_model::identity::Validity;
use purser_reconcile::check_window;
use purser_store::NewImposition;
use serde::Deserialize;
use utoipa::ToSchema;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ImposeState)]
pub(crate) struct Wanted {
    /// The first moment; at once where it is not given.
    from: Option<Timestamp>,
    /// The first moment after it; until it is lifted where it is not given.
    until: Option<Timestamp>,
    /// Why.
    reason: Reason,
}

/// Imposes a state, in the place of what was imposed of it before.
pub(super) async fn impose(
    state: &ApiState,
    acting: &Acting,
    identity: IdentityId,
    imposed: ImposedState,
    wanted: Wanted,
) -> Result<Json<Imposed>, Problem> {
    let validity = Validity { from: wanted.from, until: wanted.until };
    check_window(&validity, (state.now)())?;
    let wanted = NewImposition { state: imposed, validity, reason: wanted.reason };
    let imposed = acting.store.impose(identity, wanted, (state.now)()).await?;
    state.engine.look_again();
    Ok(Json(imposed))
}

/// Lifts it.
pub(super) async fn lift(
    state: &ApiState,
    acting: &Acting,
    identity: IdentityId,
    imposed: ImposedState,
    reason: Option<Reason>,
) -> Result<StatusCode, Problem> {
    acting.store.lift(identity, imposed, reason, (state.now)()).await?;
    state.engine.look_again();
    Ok(StatusCode::NO_CONTENT)
}
