//! DELETE: the resource is gone, and the identity of a user has departed.

use super::answer::Answer;
use super::client::Client;
use super::preconditions::IfMatch;
use super::problem::ScimProblem;
use super::views::resource_id;
use axum::extract::Path;
use axum::http::HeaderMap;
use purser_scim_server::{ErrorKind, ResourceKind, ScimError};
use purser_store::Relations;

/// `DELETE /Users/{id}`, `DELETE /Groups/{id}`
pub(super) async fn handle(
    client: Client,
    kind: ResourceKind,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Answer, ScimProblem> {
    delete(&client, kind, &id, &IfMatch::of(&headers)).await
}

/// Deletes a resource.
pub(super) async fn delete(
    client: &Client,
    kind: ResourceKind,
    id: &str,
    wanted: &IfMatch,
) -> Result<Answer, ScimProblem> {
    let id = resource_id(id)?;
    let mut version = None;
    if wanted.is_said() {
        let kept = client.store.scim_resource(&client.source, kind, id, Relations::LeftOut).await?;
        let kept = kept.ok_or_else(|| ScimError::new(ErrorKind::NotFound, "there is no such resource"))?;
        wanted.check(kept.version)?;
        version = Some(kept.version);
    }
    client.store.delete_scim(&client.source, kind, id, version, client.now()).await?;
    client.engine.look_again();
    Ok(Answer::no_content())
}
