//! `POST /v1/assignments/bulk`: makes many assignments, each by itself.

use super::wanted::Wanted;
use crate::ApiState;
use crate::auth::Acting;
use crate::body::Body;
use crate::description::problems::BadValues;
use crate::problem::Problem;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use purser_model::assignment::Assignment;
use purser_reconcile::NotAssigned;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// More are made in several requests.
const MOST: usize = 500;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = MakeAssignments)]
pub(crate) struct Many {
    /// What is to be made.
    #[schema(min_items = 1, max_items = 500)]
    assignments: Vec<Wanted>,
}

/// What became of one.
#[derive(Serialize, ToSchema)]
#[schema(as = AssignmentResult)]
pub(crate) struct OneResult {
    /// As the answer to this one alone would have it.
    #[schema(minimum = 200, maximum = 599)]
    status: u16,
    /// Where it is made.
    #[serde(skip_serializing_if = "Option::is_none")]
    assignment: Option<Assignment>,
    /// Where it is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<Problem>,
}

/// What became of each, in the order asked.
#[derive(Serialize, ToSchema)]
#[schema(as = AssignmentResults)]
pub(crate) struct Results {
    results: Vec<OneResult>,
}

impl From<Result<Assignment, NotAssigned>> for OneResult {
    fn from(ended: Result<Assignment, NotAssigned>) -> Self {
        match ended {
            Ok(assignment) => {
                Self { status: StatusCode::CREATED.as_u16(), assignment: Some(assignment), problem: None }
            }
            Err(refusal) => {
                let problem = Problem::from(refusal);
                Self { status: problem.status().as_u16(), assignment: None, problem: Some(problem) }
            }
        }
    }
}

/// Makes many assignments, each by itself: one that cannot be made does not keep the others back.
#[utoipa::path(
    post,
    path = "/assignments/bulk",
    operation_id = "makeAssignments",
    tag = "roles",
    request_body = Many,
    responses(
        (status = 200, description = "What became of each, in the order asked", body = Results),
        BadValues,
    )
)]
pub(crate) async fn handle(
    State(state): State<ApiState>,
    acting: Acting,
    Body(many): Body<Many>,
) -> Result<Json<Results>, Problem> {
    let count = many.assignments.len();
    if !(1..=MOST).contains(&count) {
        return Err(Problem::bad_parameter(format!("`assignments` has {count}: it must have from 1 to {MOST}")));
    }
    let wanted = many.assignments.into_iter().map(Into::into).collect();
    let results = state.engine.assign(acting.store.as_ref(), wanted).await?;
    Ok(Json(Results { results: results.into_iter().map(Into::into).collect() }))
}
