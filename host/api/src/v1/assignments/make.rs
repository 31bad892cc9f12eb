//! `POST /v1/assignments`: assigns a role to an identity.

use super::wanted::Wanted;
use crate::ApiState;
use crate::auth::Acting;
use crate::body::Body;
use crate::description::problems::Assignable;
use crate::problem::Problem;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderName, StatusCode, header};
use purser_model::assignment::Assignment;
use purser_reconcile::NotAssigned;

/// Assigns a role to an identity, which is provisioned at once.
#[utoipa::path(
    post,
    path = "/assignments",
    operation_id = "makeAssignment",
    tag = "roles",
    request_body = Wanted,
    responses(
        (status = 201, description = "The assignment", body = Assignment, headers(("Location" = String, description = "Where it is"))),
        Assignable,
    )
)]
pub(crate) async fn handle(
    State(state): State<ApiState>,
    acting: Acting,
    Body(wanted): Body<Wanted>,
) -> Result<(StatusCode, [(HeaderName, String); 1], Json<Assignment>), Problem> {
    let wanted = purser_reconcile::WantedAssignment::from(wanted);
    let nobody = NotAssigned::Busy(wanted.identity);
    let made = state.engine.assign(acting.store.as_ref(), vec![wanted]).await?.pop().unwrap_or(Err(nobody))?;
    let location = format!("/v1/assignments/{}", made.assigned.id);
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], Json(made)))
}
