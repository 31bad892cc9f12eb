//! PUT: a resource is replaced.

use super::answer::Answer;
use super::body::{Parameters, ScimBody};
use super::client::Client;
use super::preconditions::IfMatch;
use super::problem::ScimProblem;
use super::views::resource_id;
use axum::extract::Path;
use axum::http::{HeaderMap, StatusCode};
use purser_model::id::ScimResourceId;
use purser_scim_server::{ErrorKind, Projection, Resource, ResourceKind, ScimError, normalise};
use purser_store::{KeptScim, Relations, ScimGroup, ScimRefusal, ScimUser, StoreError};
use serde_json::Value;
use std::collections::BTreeSet;

/// How often a write is tried that somebody else was faster than.
const TRIES: u32 = 8;

/// `PUT /Users/{id}`, `PUT /Groups/{id}`
pub(super) async fn handle(
    client: Client,
    kind: ResourceKind,
    (Path(id), Parameters(query)): (Path<String>, Parameters),
    headers: HeaderMap,
    ScimBody(body): ScimBody,
) -> Result<Answer, ScimProblem> {
    replace(&client, kind, &id, &body, &IfMatch::of(&headers), &query.projection).await
}

/// Replaces a resource.
pub(super) async fn replace(
    client: &Client,
    kind: ResourceKind,
    id: &str,
    body: &Value,
    wanted: &IfMatch,
    projection: &Projection,
) -> Result<Answer, ScimProblem> {
    let kept =
        change(client, kind, id, wanted, |before| normalise(client.resource_type(kind), body, Some(before))).await?;
    client.written(StatusCode::OK, kept, projection).await
}

/// Changes a resource to what follows from what it is; where somebody was faster, from what it is then. Where nothing
/// changes, nothing is written.
pub(super) async fn change(
    client: &Client,
    kind: ResourceKind,
    id: &str,
    wanted: &IfMatch,
    next: impl Fn(&Resource) -> Result<Resource, ScimError>,
) -> Result<KeptScim, ScimProblem> {
    let id = resource_id(id)?;
    let mut tries = 0;
    loop {
        tries += 1;
        let relations = if kind == ResourceKind::Group { Relations::Read } else { Relations::LeftOut };
        let kept = client.store.scim_resource(&client.source, kind, id, relations).await?;
        let kept = kept.ok_or_else(|| ScimError::new(ErrorKind::NotFound, "there is no such resource"))?;
        wanted.check(kept.version)?;
        let before = whole(&kept);
        let after = next(&before)?;
        if is_same(&before, &after) {
            return Ok(kept);
        }
        match write(client, id, &kept, after).await {
            Err(Failed::Store(StoreError::Scim(ScimRefusal::OtherVersion { .. })))
                if !wanted.is_said() && tries < TRIES => {}
            Err(Failed::Store(error)) => return Err(error.into()),
            Err(Failed::Refused(error)) => return Err(error.into()),
            Ok(kept) => {
                client.engine.look_again();
                return Ok(kept);
            }
        }
    }
}

enum Failed {
    Store(StoreError),
    Refused(ScimError),
}

impl From<StoreError> for Failed {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<ScimError> for Failed {
    fn from(error: ScimError) -> Self {
        Self::Refused(error)
    }
}

async fn write(client: &Client, id: ScimResourceId, kept: &KeptScim, mut after: Resource) -> Result<KeptScim, Failed> {
    let (source, version, now) = (&client.source, kept.version, client.now());
    match kept.kind {
        ResourceKind::User => {
            let record = client.record(id, &after)?;
            let user = ScimUser { id, attributes: after.0, record };
            Ok(client.store.replace_scim_user(source, user, version, now).await?)
        }
        ResourceKind::Group => {
            let members = Some(client.take_members(&mut after)?);
            let group = ScimGroup { id, attributes: after.0, members };
            Ok(client.store.replace_scim_group(source, group, version, now).await?)
        }
    }
}

/// The normal form with the members of a group.
fn whole(kept: &KeptScim) -> Resource {
    let mut resource = Resource(kept.attributes.clone());
    if kept.kind == ResourceKind::Group {
        let members = kept.relations.iter().flatten();
        let members: Vec<Value> = members
            .map(|member| serde_json::json!({"value": member.id.to_string(), "type": member.kind.as_str()}))
            .collect();
        if !members.is_empty() {
            resource.0.insert("members".to_owned(), Value::Array(members));
        }
    }
    resource
}

/// Whether two normal forms say the same; of members only who they are.
fn is_same(before: &Resource, after: &Resource) -> bool {
    let rest = |resource: &Resource| {
        let mut rest = resource.0.clone();
        rest.remove("members");
        rest
    };
    members(before) == members(after) && rest(before) == rest(after)
}

fn members(resource: &Resource) -> BTreeSet<&str> {
    let members = resource.0.get("members").and_then(Value::as_array);
    members.into_iter().flatten().filter_map(|member| member["value"].as_str()).collect()
}
