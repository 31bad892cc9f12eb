//! `GET /v1/identities`: identities in order of id, by source, key and state.

use crate::ApiState;
use crate::problem::Problem;
use crate::v1::paging::{self, Listed};
use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use purser_model::id::{IdentityId, SourceName};
use purser_model::identity::{Identity, LifecycleState};
use purser_store::IdentityFilter;
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Parameters {
    source: Option<SourceName>,
    key: Option<String>,
    state: Option<LifecycleState>,
    after: Option<IdentityId>,
    limit: Option<u32>,
}

pub(crate) async fn handle(
    State(state): State<ApiState>,
    parameters: Result<Query<Parameters>, QueryRejection>,
) -> Result<Json<Listed<Identity, IdentityId>>, Problem> {
    let Query(asked) = parameters?;
    let page = paging::page(asked.after, asked.limit)?;
    let filter = IdentityFilter { source: asked.source, key: asked.key, state: asked.state };
    let found = state.store.identities(filter, page).await?;
    Ok(Json(Listed::new(found, page.limit, |identity| identity.id)))
}
