//! `GET /v1/identities`: identities in order of id, by source, key, state and what they say of themselves.

use crate::ApiState;
use crate::auth::Seen;
use crate::description::problems::NotFound;
use crate::problem::Problem;
use crate::v1::paging::{self, Listed};
use crate::v1::sorting::IdentityOrder;
use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use purser_model::id::SourceName;
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
    /// Only in this state, as the source says.
    state: Option<LifecycleState>,
    /// Only with this text in the key or in a value of an attribute; ASCII letters in any case.
    #[param(max_length = 100)]
    search: Option<String>,
    /// `id` where it is not given; with `-` the other way round. `key` is by source and key.
    #[param(inline)]
    sort: Option<IdentityOrder>,
    /// `next` of the former page; in the same order.
    after: Option<String>,
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
        (status = 200, description = "A page of identities", body = Listed<Identity, String>),
        NotFound,
    )
)]
pub(crate) async fn handle(
    State(state): State<ApiState>,
    seen: Seen,
    parameters: Result<Query<Parameters>, QueryRejection>,
) -> Result<Json<Listed<Identity, String>>, Problem> {
    let Query(asked) = parameters?;
    let sort = asked.sort.unwrap_or_default();
    let after = asked.after.map(|next| sort.place(&next)).transpose()?;
    let page = paging::turned(after, asked.limit, sort.is_backwards())?;
    let limit = page.limit;
    let search = asked.search.filter(|text| !text.is_empty());
    if search.as_ref().is_some_and(|text| text.chars().count() > LONGEST_SEARCH) {
        return Err(Problem::bad_parameter(format!("`search` is longer than {LONGEST_SEARCH} characters")));
    }
    let filter = IdentityFilter { source: asked.source, key: asked.key, state: asked.state, search, reach: seen.0 };
    let found = state.store.sorted_identities(filter, sort.by(), page).await?;
    Ok(Json(Listed::new(found, limit, |identity| sort.place_of(identity))))
}
