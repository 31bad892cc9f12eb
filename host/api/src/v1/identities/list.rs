//! `GET /v1/identities`: identities in order of id, by source, key, state and what they say of themselves.

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
use utoipa::IntoParams;

/// Nobody looks for more.
const LONGEST_SEARCH: usize = 100;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Parameters {
    /// Only of this source.
    source: Option<SourceName>,
    /// Only with this key in its source.
    key: Option<String>,
    /// Only in this state.
    state: Option<LifecycleState>,
    /// Only with this text in the key or in a value of an attribute; ASCII letters in any case.
    #[param(max_length = 100)]
    search: Option<String>,
    /// `next` of the former page.
    after: Option<IdentityId>,
    /// How many entries the page has; 100 where it is not given.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<u32>,
}

/// Lists identities in order of id, by source, key and state.
#[utoipa::path(
    get,
    path = "/identities",
    operation_id = "listIdentities",
    tag = "identities",
    params(Parameters),
    responses(
        (status = 200, description = "A page of identities", body = Listed<Identity, IdentityId>),
    )
)]
pub(crate) async fn handle(
    State(state): State<ApiState>,
    parameters: Result<Query<Parameters>, QueryRejection>,
) -> Result<Json<Listed<Identity, IdentityId>>, Problem> {
    let Query(asked) = parameters?;
    let page = paging::page(asked.after, asked.limit)?;
    let search = asked.search.filter(|text| !text.is_empty());
    if search.as_ref().is_some_and(|text| text.chars().count() > LONGEST_SEARCH) {
        return Err(Problem::bad_parameter(format!("`search` is longer than {LONGEST_SEARCH} characters")));
    }
    let filter = IdentityFilter { source: asked.source, key: asked.key, state: asked.state, search };
    let found = state.store.identities(filter, page).await?;
    Ok(Json(Listed::new(found, page.limit, |identity| identity.id)))
}
