//! `PUT /v1/targets/{name}/guard`: how much may be taken away in a target at once. It is declared so, and in force at once.

use crate::ApiState;
use crate::auth::Acting;
use crate::body::{Body, Count};
use crate::description::problems::{BadValues, Declaring, NotFound};
use crate::ports::Applied;
use crate::problem::Problem;
use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use purser_model::guard::{Guard, GuardLimit};
use purser_model::id::TargetName;
use serde::Deserialize;
use utoipa::ToSchema;

/// One limit.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SetGuardLimit)]
struct Limit {
    /// Percent of what there is ...
    #[schema(value_type = u64, maximum = 100)]
    share: Count,
    /// ... where there are at least so many.
    #[schema(value_type = u64, maximum = 1_000_000_000)]
    floor: Count,
    /// In any case no more than so many.
    #[schema(value_type = u64, maximum = 1_000_000_000)]
    count: Count,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SetGuard)]
pub(crate) struct Wanted {
    /// For accounts that are disabled or deleted.
    accounts: Limit,
    /// For accounts that stay and lose an entitlement.
    revokes: Limit,
}

/// The most that `floor` and `count` may be.
const MOST: u64 = 1_000_000_000;

impl Limit {
    fn checked(&self, name: &str) -> Result<GuardLimit, Problem> {
        let Self { share: Count(share), floor: Count(floor), count: Count(count) } = *self;
        if share > 100 {
            return Err(Problem::bad_parameter(format!("`{name}.share` is {share}: it must be from 0 to 100 percent")));
        }
        if floor > MOST || count > MOST {
            let detail = format!("`{name}.floor` and `{name}.count` must be from 0 to {MOST}");
            return Err(Problem::bad_parameter(detail));
        }
        Ok(GuardLimit { share, floor, count })
    }
}

/// Sets how much may be taken away in a target at once. The declarations are changed so, and in force at once.
#[utoipa::path(
    put,
    path = "/targets/{name}/guard",
    operation_id = "setGuard",
    tag = "declarations",
    params(("name" = TargetName, Path, description = "The target")),
    request_body = Wanted,
    responses(
        (status = 200, description = "It is in force", body = Applied),
        NotFound,
        Declaring,
        BadValues,
    )
)]
pub(crate) async fn handle(
    State(state): State<ApiState>,
    acting: Acting,
    name: Result<Path<TargetName>, PathRejection>,
    Body(wanted): Body<Wanted>,
) -> Result<Json<Applied>, Problem> {
    let Path(name) = name?;
    let guard = Guard { accounts: wanted.accounts.checked("accounts")?, revokes: wanted.revokes.checked("revokes")? };
    if !state.engine.rules().configuration().targets.contains_key(&name) {
        return Err(Problem::not_found(format!("no target `{name}` is declared")));
    }
    let before = state.declarations.in_force().digest;
    let files = state.declarations.with_guard(&name, guard)?;
    acting.store.note_request(&acting.request, (state.now)()).await?;
    Ok(Json(state.declarations.apply(files, before.as_str(), acting.store).await?))
}
