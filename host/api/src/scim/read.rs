//! GET of one resource.

use super::answer::Answer;
use super::body::Parameters;
use super::client::Client;
use super::preconditions::is_known;
use super::problem::ScimProblem;
use super::views::{entity_tag, resource_id};
use axum::extract::Path;
use axum::http::{HeaderMap, StatusCode};
use purser_scim_server::{ErrorKind, ResourceKind, ScimError};

/// `GET /Users/{id}`, `GET /Groups/{id}`
pub(super) async fn handle(
    client: Client,
    kind: ResourceKind,
    Path(id): Path<String>,
    Parameters(query): Parameters,
    headers: HeaderMap,
) -> Result<Answer, ScimProblem> {
    let relations = client.relations(kind, &query.projection);
    let kept = client.store.scim_resource(&client.source, kind, resource_id(&id)?, relations).await?;
    let kept = kept.ok_or_else(|| ScimError::new(ErrorKind::NotFound, "there is no such resource"))?;
    if is_known(&headers, kept.version) {
        let version = Some(entity_tag(kept.version));
        return Ok(Answer { status: StatusCode::NOT_MODIFIED, version, location: None, resource: None });
    }
    Ok(client.answer(StatusCode::OK, kept, &query.projection))
}
