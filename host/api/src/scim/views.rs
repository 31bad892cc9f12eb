//! Between what is kept and what clients see.

use super::answer::Answer;
use super::client::Client;
use super::problem::ScimProblem;
use axum::http::StatusCode;
use purser_model::id::ScimResourceId;
use purser_model::identity::IdentityRecord;
use purser_scim_server::{ErrorKind, Projection, Resource, ResourceKind, ResourceType, ScimError};
use purser_store::{KeptScim, Relations, ScimRelation};
use serde_json::{Map, Value, json};

/// The attribute of a kind that is kept apart: who belongs to whom.
pub(super) fn relation_name(kind: ResourceKind) -> &'static str {
    match kind {
        ResourceKind::User => "groups",
        ResourceKind::Group => "members",
    }
}

/// An id as clients write it; one that is none is an unknown resource.
pub(super) fn resource_id(text: &str) -> Result<ScimResourceId, ScimError> {
    text.parse().map_err(|_| ScimError::new(ErrorKind::NotFound, "there is no such resource"))
}

/// The entity tag of a version.
pub(super) fn entity_tag(version: u64) -> String {
    format!("W/\"{version}\"")
}

impl Client {
    pub(super) fn resource_type(&self, kind: ResourceKind) -> &ResourceType {
        self.types.of(kind)
    }

    pub(super) fn location(&self, kind: ResourceKind, id: ScimResourceId) -> String {
        format!("{}{}/{id}", self.base, kind.endpoint())
    }

    /// Whether members or groups must be read for this projection.
    pub(super) fn relations(&self, kind: ResourceKind, projection: &Projection) -> Relations {
        let wanted = projection.wants(self.resource_type(kind), relation_name(kind));
        if wanted { Relations::Read } else { Relations::LeftOut }
    }

    /// The resource with everything that clients see of it.
    pub(super) fn shown(&self, kept: KeptScim) -> Map<String, Value> {
        let meta = json!({
            "resourceType": kept.kind.as_str(),
            "created": format!("{:.3}", kept.created_at),
            "lastModified": format!("{:.3}", kept.modified_at),
            "location": self.location(kept.kind, kept.id),
            "version": entity_tag(kept.version),
        });
        let mut shown = Resource(kept.attributes).present(self.resource_type(kept.kind), &kept.id.to_string(), meta);
        let related = kept.relations.unwrap_or_default();
        let related: Vec<_> = related.into_iter().map(|relation| self.relation(kept.kind, relation)).collect();
        if !related.is_empty() {
            shown.insert(relation_name(kept.kind).to_owned(), Value::Array(related));
        }
        shown
    }

    fn relation(&self, of: ResourceKind, relation: ScimRelation) -> Value {
        let kind = match (of, relation.direct) {
            (ResourceKind::Group, _) => relation.kind.as_str(),
            (ResourceKind::User, true) => "direct",
            (ResourceKind::User, false) => "indirect",
        };
        let mut shown = json!({
            "value": relation.id.to_string(),
            "$ref": self.location(relation.kind, relation.id),
            "type": kind,
        });
        if let Some(display) = relation.display {
            shown["display"] = display.into();
        }
        shown
    }

    /// The answer that shows a resource.
    pub(super) fn answer(&self, status: StatusCode, kept: KeptScim, projection: &Projection) -> Answer {
        let (kind, version, location) = (kept.kind, entity_tag(kept.version), self.location(kept.kind, kept.id));
        let resource = projection.apply(self.resource_type(kind), self.shown(kept));
        Answer { status, version: Some(version), location: Some(location), resource: Some(resource) }
    }

    /// The answer to a write: the resource is read again only where members or groups are wanted.
    pub(super) async fn written(
        &self,
        status: StatusCode,
        kept: KeptScim,
        projection: &Projection,
    ) -> Result<Answer, ScimProblem> {
        let kept = match self.relations(kept.kind, projection) {
            Relations::LeftOut => kept,
            // Whoever was just created is in no group.
            Relations::Read if kept.kind == ResourceKind::User && kept.version == 1 => kept,
            Relations::Read => {
                let again = self.store.scim_resource(&self.source, kept.kind, kept.id, Relations::Read).await?;
                again.unwrap_or(kept)
            }
        };
        Ok(self.answer(status, kept, projection))
    }

    /// The identity that a user stands for.
    pub(super) fn record(&self, id: ScimResourceId, user: &Resource) -> Result<IdentityRecord, ScimError> {
        self.engine.identity_of_user(&self.source, id, &user.0).map_err(|error| {
            ScimError::new(ErrorKind::InvalidValue, format!("no identity follows from this user: {error}"))
        })
    }

    /// Takes the members out of a group's normal form.
    pub(super) fn take_members(&self, group: &mut Resource) -> Result<Vec<ScimResourceId>, ScimError> {
        let Some(Value::Array(members)) = group.0.remove("members") else { return Ok(Vec::new()) };
        if members.len() > self.limits.members {
            let detail = format!("more than {} members at once: send them in several requests", self.limits.members);
            return Err(ScimError::new(ErrorKind::TooMany, detail));
        }
        members.iter().map(|member| member_id(member["value"].as_str().unwrap_or_default())).collect()
    }
}

/// The id of a member.
pub(super) fn member_id(text: &str) -> Result<ScimResourceId, ScimError> {
    text.parse().map_err(|_| {
        ScimError::new(ErrorKind::InvalidValue, "the `value` of a member is no id of a resource: create it first")
    })
}
