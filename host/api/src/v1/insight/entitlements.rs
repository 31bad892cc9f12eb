//! `GET /v1/insight/entitlements`: entitlements with how many hold each, and whether anybody is granted it.

use crate::ApiState;
use crate::auth::Seen;
use crate::description::problems::NotFound;
use crate::problem::Problem;
use crate::v1::paging::{self, Listed};
use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use purser_model::id::TargetName;
use purser_reconcile::{EntitlementPlace, EntitlementUse};
use serde::Deserialize;
use utoipa::IntoParams;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Parameters {
    /// Only of this target.
    target: Option<TargetName>,
    /// `next` of the former page.
    after: Option<String>,
    /// How many entries the page has; 100 where it is not given.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<u32>,
}

/// Lists entitlements with how many hold each: those that are declared and not there by name, then those that are there in order of id.
#[utoipa::path(
    get,
    path = "/insight/entitlements",
    operation_id = "listEntitlementUse",
    tag = "accounts",
    params(Parameters),
    responses(
        (status = 200, description = "A page of entitlements", body = Listed<EntitlementUse, String>),
        NotFound,
    )
)]
pub(crate) async fn handle(
    State(state): State<ApiState>,
    seen: Seen,
    parameters: Result<Query<Parameters>, QueryRejection>,
) -> Result<Json<Listed<EntitlementUse, String>>, Problem> {
    let Query(asked) = parameters?;
    let after = asked.after.map(|text| text.parse::<EntitlementPlace>()).transpose();
    let after = after.map_err(|error| Problem::not_found(error.to_string()))?;
    let page = paging::page(after, asked.limit)?;
    let found = state.engine.entitlement_use(&seen.0.narrowed_to(asked.target.as_ref()), page).await?;
    Ok(Json(Listed { items: found.items, next: found.next.map(|place| place.to_string()) }))
}
