//! POST: a resource is created.

use super::answer::Answer;
use super::body::{Parameters, ScimBody};
use super::client::Client;
use super::problem::ScimProblem;
use axum::http::StatusCode;
use purser_scim_server::{Projection, ResourceKind, normalise};
use purser_store::{ScimGroup, ScimUser};
use serde_json::Value;

/// `POST /Users`, `POST /Groups`
pub(super) async fn handle(
    client: Client,
    kind: ResourceKind,
    Parameters(query): Parameters,
    ScimBody(body): ScimBody,
) -> Result<Answer, ScimProblem> {
    create(&client, kind, &body, &query.projection).await
}

/// Creates a resource, and for a user its identity.
pub(super) async fn create(
    client: &Client,
    kind: ResourceKind,
    body: &Value,
    projection: &Projection,
) -> Result<Answer, ScimProblem> {
    let now = client.now();
    let mut resource = normalise(client.resource_type(kind), body, None)?;
    let id = client.store.next_scim_id(now);
    let kept = match kind {
        ResourceKind::User => {
            let record = client.record(id, &resource)?;
            let user = ScimUser { id, attributes: resource.0, record };
            client.store.create_scim_user(&client.source, user, now).await?
        }
        ResourceKind::Group => {
            let members = Some(client.take_members(&mut resource)?);
            let group = ScimGroup { id, attributes: resource.0, members };
            client.store.create_scim_group(&client.source, group, now).await?
        }
    };
    client.engine.look_again();
    client.written(StatusCode::CREATED, kept, projection).await
}
