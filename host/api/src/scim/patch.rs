//! PATCH: a resource is changed in part.

use super::answer::Answer;
use super::body::{Parameters, ScimBody};
use super::client::Client;
use super::preconditions::IfMatch;
use super::problem::ScimProblem;
use super::replace::change;
use super::views::{member_id, resource_id};
use axum::extract::Path;
use axum::http::{HeaderMap, StatusCode};
use purser_scim_server::patch::{PatchRequest, apply};
use purser_scim_server::{ErrorKind, MemberEdit, Projection, ResourceKind, ScimError, member_edits};
use purser_store::{KeptScim, Relations, ScimMemberEdit};
use serde_json::Value;

/// `PATCH /Users/{id}`, `PATCH /Groups/{id}`
pub(super) async fn handle(
    client: Client,
    kind: ResourceKind,
    (Path(id), Parameters(query)): (Path<String>, Parameters),
    headers: HeaderMap,
    ScimBody(body): ScimBody,
) -> Result<Answer, ScimProblem> {
    let says_what = query.projection != Projection::default();
    let kept = patch(&client, kind, &id, &body, &IfMatch::of(&headers)).await?;
    if kind == ResourceKind::Group && !says_what {
        // A group may have very many members, and no client wants to see them all after each change.
        let version = Some(super::views::entity_tag(kept.version));
        return Ok(Answer { version, ..Answer::no_content() });
    }
    client.written(StatusCode::OK, kept, &query.projection).await
}

/// Changes a resource in part.
pub(super) async fn patch(
    client: &Client,
    kind: ResourceKind,
    id: &str,
    body: &Value,
    wanted: &IfMatch,
) -> Result<KeptScim, ScimProblem> {
    let request = PatchRequest::parse(body)?;
    if kind == ResourceKind::Group
        && let Some(edits) = member_edits(&request)
    {
        return edit_members(client, id, edits, wanted).await;
    }
    change(client, kind, id, wanted, |before| apply(client.resource_type(kind), before, &request)).await
}

/// Members come and go without the others being read.
async fn edit_members(
    client: &Client,
    id: &str,
    edits: Vec<MemberEdit>,
    wanted: &IfMatch,
) -> Result<KeptScim, ScimProblem> {
    if edits.len() > client.limits.members {
        let detail = format!("more than {} members at once: send them in several requests", client.limits.members);
        return Err(ScimError::new(ErrorKind::TooMany, detail).into());
    }
    let id = resource_id(id)?;
    let mut version = None;
    if wanted.is_said() {
        let kind = ResourceKind::Group;
        let kept = client.store.scim_resource(&client.source, kind, id, Relations::LeftOut).await?;
        let kept = kept.ok_or_else(|| ScimError::new(ErrorKind::NotFound, "there is no such resource"))?;
        wanted.check(kept.version)?;
        version = Some(kept.version);
    }
    let mut known = Vec::with_capacity(edits.len());
    for edit in edits {
        match edit {
            MemberEdit::Add(id) => known.push(ScimMemberEdit { member: member_id(&id)?, comes: true }),
            // Whoever is none of the client's is no member either.
            MemberEdit::Remove(id) => {
                known.extend(id.parse().ok().map(|member| ScimMemberEdit { member, comes: false }));
            }
        }
    }
    let kept = client.store.edit_scim_members(&client.source, id, known, version, client.now()).await?;
    client.engine.look_again();
    Ok(kept)
}
