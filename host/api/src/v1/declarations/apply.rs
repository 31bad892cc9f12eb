//! `POST /v1/declarations`: other files of declarations are tried, or taken over by the running host.

use super::files::check;
use crate::ApiState;
use crate::auth::Acting;
use crate::body::Body;
use crate::description::problems::{BadValues, Declaring};
use crate::ports::{Applied, DeclarationFile, DeclarationMistake, DeclarationsError, Foreseen};
use crate::problem::Problem;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The largest set of files that is read.
pub(crate) const LARGEST: usize = 4 << 20;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ApplyDeclarations)]
pub(crate) struct Wanted {
    /// All files that are to be in force; those that are not named here are removed.
    #[schema(min_items = 1, max_items = 200)]
    files: Vec<DeclarationFile>,
    /// Whether they are only tried: the answer has the mistakes in them, or what they would lead to.
    #[serde(default)]
    dry_run: bool,
}

#[derive(Serialize, ToSchema)]
#[schema(as = DeclarationsAnswer)]
pub(crate) struct Answer {
    /// What followed; null where they were only tried.
    applied: Option<Applied>,
    /// What they would lead to; null where they are in force, or hold mistakes.
    foreseen: Option<Foreseen>,
    /// The mistakes in them.
    mistakes: Vec<DeclarationMistake>,
}

/// Tries other declarations, or takes them over: the host goes on by them without a restart.
///
/// Work by the former ones has ended when this answers. Where anything is wrong the former ones stay in force.
#[utoipa::path(
    post,
    path = "/declarations",
    operation_id = "applyDeclarations",
    tag = "declarations",
    params((
        "If-Match" = Option<String>,
        Header,
        description = "The `ETag` of the declarations that the change was made from; needed unless they are only tried"
    )),
    request_body = Wanted,
    responses(
        (status = 200, description = "What followed, or would follow", body = Answer),
        Declaring,
        BadValues,
    )
)]
pub(crate) async fn handle(
    State(state): State<ApiState>,
    acting: Acting,
    headers: HeaderMap,
    Body(wanted): Body<Wanted>,
) -> Result<Json<Answer>, Problem> {
    check(&wanted.files)?;
    if wanted.dry_run {
        return tried(&state, wanted.files).await;
    }
    let made_for = made_for(&headers)?;
    acting.store.note_request(&acting.request, (state.now)()).await?;
    let applied = state.declarations.apply(wanted.files, &made_for, acting.store).await?;
    Ok(Json(Answer { applied: Some(applied), foreseen: None, mistakes: Vec::new() }))
}

async fn tried(state: &ApiState, files: Vec<DeclarationFile>) -> Result<Json<Answer>, Problem> {
    let (foreseen, mistakes) = match state.declarations.foresee(files).await {
        Ok(foreseen) => (Some(foreseen), Vec::new()),
        Err(DeclarationsError::Mistakes(mistakes)) => (None, mistakes),
        Err(error) => return Err(error.into()),
    };
    Ok(Json(Answer { applied: None, foreseen, mistakes }))
}

/// The digest that `If-Match` names.
pub(crate) fn made_for(headers: &HeaderMap) -> Result<String, Problem> {
    let tag = headers.get(header::IF_MATCH).and_then(|tag| tag.to_str().ok()).ok_or_else(|| {
        Problem::precondition_required(
            "say with `If-Match` which declarations your change was made from: `GET /v1/declarations` answers with their `ETag`",
        )
    })?;
    Ok(tag.trim().trim_start_matches("W/").trim_matches('"').to_owned())
}
