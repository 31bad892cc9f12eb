//! `POST /v1/identities/{id}/provisioning`: reads one identity's accounts afresh and provisions it at once.

use crate::ApiState;
use crate::auth::Acting;
use crate::body::Body;
use crate::description::problems::Work;
use crate::problem::Problem;
use crate::v1::identities::explain::narrow;
use crate::work::{Begun, begun};
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::response::Response;
use purser_model::id::{IdentityId, TargetName};
use purser_reconcile::NoProgress;
use purser_reconcile::ProvisionReport;
use serde::Deserialize;
use std::time::Duration;
use utoipa::ToSchema;

/// How long retries are waited for; those that are due later are done by the host all the same.
const PATIENCE: Duration = Duration::from_secs(10);

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ProvisionIdentity)]
pub(crate) struct Wanted {
    /// Only this target.
    target: Option<TargetName>,
}

/// Reads an identity's accounts afresh and provisions it at once.
#[utoipa::path(
    post,
    path = "/identities/{id}/provisioning",
    operation_id = "provisionIdentity",
    tag = "identities",
    params(("id" = IdentityId, Path, description = "The identity")),
    request_body = Wanted,
    responses(
        (status = 200, description = "What was done, and why", body = ProvisionReport),
        (status = 202, description = "It goes on", body = Begun, headers(("Location" = String, description = "Where to look"))),
        Work,
    )
)]
pub(crate) async fn handle(
    State(state): State<ApiState>,
    acting: Acting,
    id: Result<Path<IdentityId>, PathRejection>,
    Body(wanted): Body<Wanted>,
) -> Result<Response, Problem> {
    let Path(id) = id?;
    acting.seen.identity(state.store.as_ref(), id).await?;
    wanted.target.iter().try_for_each(|target| acting.seen.target(target))?;
    if acting.seen.is_narrow() && wanted.target.is_none() {
        return Err(Problem::bad_parameter("`target` is missing: name one of your targets"));
    }
    acting.store.note_request(&acting.request, (state.now)()).await?;
    let (engine, reach) = (state.engine.clone(), acting.seen.0);
    begun(&state, format!("/v1/identities/{id}/explanation"), async move {
        let mut report = engine.provision(id, wanted.target.as_ref(), PATIENCE, &NoProgress).await?;
        narrow(&mut report.explained, &reach);
        Ok(report)
    })
    .await
}
