//! What one application holds.

use super::dialect::Dialect;
use super::schema::{Kind, Schemas};
use super::values::{Attributes, each, member};
use crate::limit::Limit;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

/// One resource.
#[derive(Debug, Clone, PartialEq)]
pub struct Resource {
    /// The resource type.
    pub kind: String,
    /// What clients wrote.
    pub attributes: Attributes,
    /// When it was made.
    pub created: String,
    /// When it was changed.
    pub modified: String,
    /// How often it was written.
    pub version: u64,
}

/// Where a list goes on.
#[derive(Debug, Clone)]
pub struct Place {
    /// The list: its path and what was asked.
    pub list: String,
    /// The page starts after so many resources of `ids`.
    pub from: usize,
    /// All of the list, as it was when it was begun.
    pub ids: Vec<String>,
    /// Until when the cursor is known.
    pub until: Option<Instant>,
}

/// What one application holds.
pub struct State {
    /// The dialect.
    pub dialect: Dialect,
    /// What is known.
    pub schemas: Schemas,
    /// By id; ids are in the order of their making.
    pub resources: BTreeMap<String, Resource>,
    /// Names of users that can never be used again.
    pub kept_names: BTreeSet<String>,
    /// The cursors that were given.
    pub cursors: BTreeMap<String, Place>,
    /// So many cursors are too old when they are shown, whatever their age.
    pub expiring: u32,
    /// What did not fit.
    pub violations: Vec<String>,
    /// How often something was asked, by method and path without ids.
    pub calls: BTreeMap<String, u64>,
    /// How often something was refused, by status.
    pub refused: BTreeMap<u16, u64>,
    /// Each rate of the dialect, and how far it is used.
    pub limits: Vec<Limit>,
    /// The time.
    pub now: Instant,
    /// The time of day, as resources show it.
    pub moment: String,
    /// `http://HOST:PORT` and the base path.
    pub base: String,
    made: u64,
}

impl State {
    /// Nothing yet, in a dialect.
    pub fn new(dialect: Dialect, now: Instant) -> Self {
        let limit = |rate: &super::dialect::Rate| {
            let mut limit = Limit::default();
            limit.allow(rate.requests, Duration::from_millis(rate.window_ms));
            limit
        };
        Self {
            schemas: Schemas::of(&dialect),
            limits: dialect.rate.iter().map(limit).collect(),
            dialect,
            resources: BTreeMap::new(),
            kept_names: BTreeSet::new(),
            cursors: BTreeMap::new(),
            expiring: 0,
            violations: Vec::new(),
            calls: BTreeMap::new(),
            refused: BTreeMap::new(),
            now,
            moment: String::new(),
            base: String::new(),
            made: 0,
        }
    }

    /// An id that nobody has.
    pub fn next_id(&mut self) -> String {
        self.made += 1;
        format!("2819c223-7f76-453a-919d-{:012x}", self.made)
    }

    /// All resources of a type.
    pub fn all<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = (&'a String, &'a Resource)> {
        self.resources.iter().filter(move |(_, resource)| resource.kind == kind)
    }

    /// Whether another resource of this type has the same value of this attribute.
    pub fn is_taken(&self, kind: &Kind, name: &str, resource: &Attributes, but: Option<&str>) -> bool {
        let Some(attribute) = self.schemas.attribute(kind, None, name) else { return false };
        let values = |resource: &Attributes| -> Vec<String> {
            let found = member(resource, &attribute.name).map(each).unwrap_or_default();
            let text = |value: &Value| {
                let text = value.as_str().or_else(|| value["value"].as_str())?;
                Some(if attribute.case_exact { text.to_owned() } else { text.to_lowercase() })
            };
            found.iter().filter_map(text).collect()
        };
        let wanted = values(resource);
        let mut others = self.all(&kind.name).filter(|(id, _)| Some(id.as_str()) != but);
        others.any(|(_, other)| values(&other.attributes).iter().any(|value| wanted.contains(value)))
    }

    /// The groups that a user is a member of: id and name.
    pub fn groups_of(&self, user: &str) -> Vec<(String, String)> {
        let is_in = |group: &Resource| {
            let members = group.attributes.get("members").map(each).unwrap_or_default();
            members.iter().any(|member| member["value"] == user)
        };
        let groups = self.all("Group").filter(|(_, group)| is_in(group));
        groups.map(|(id, group)| (id.clone(), name_of(&group.attributes, "displayName"))).collect()
    }

    /// A resource with all that is never asked for: as a filter sees it and the server shows it.
    pub fn shown(&self, kind: &Kind, id: &str, resource: &Resource) -> Attributes {
        let mut shown = Attributes::new();
        let extensions = kind.extensions.iter().filter(|urn| resource.attributes.contains_key(*urn));
        let schemas: Vec<&String> = std::iter::once(&kind.core).chain(extensions).collect();
        shown.insert("schemas".into(), json!(schemas));
        shown.insert("id".into(), id.into());
        for (name, value) in &resource.attributes {
            shown.insert(name.clone(), value.clone());
        }
        let location = self.location(kind, id);
        let mut meta = json!({
            "resourceType": kind.name, "created": resource.created, "lastModified": resource.modified,
            "location": location,
        });
        if self.dialect.etag {
            meta["version"] = version_text(resource.version).into();
        }
        shown.insert("meta".into(), meta);
        if kind.name == "User" {
            let groups = self.groups_of(id).into_iter().map(|(group, name)| {
                json!({"value": group, "display": name, "$ref": format!("{}/Groups/{group}", self.base)})
            });
            let groups: Vec<Value> = groups.collect();
            shown.extend((!groups.is_empty()).then(|| ("groups".to_owned(), Value::Array(groups))));
        }
        if let Some(Value::Array(members)) = shown.get_mut("members").filter(|_| kind.name == "Group") {
            members.iter_mut().for_each(|member| self.refer(member));
        }
        shown
    }

    /// Says of a member what it is and where.
    fn refer(&self, member: &mut Value) {
        let id = member["value"].as_str().unwrap_or_default().to_owned();
        let kind = self.resources.get(&id).map_or("User", |resource| resource.kind.as_str()).to_owned();
        member["$ref"] = format!("{}/{kind}s/{id}", self.base).into();
        member["type"] = kind.into();
    }

    /// Where a resource is.
    pub fn location(&self, kind: &Kind, id: &str) -> String {
        format!("{}/{}/{id}", self.base, kind.path)
    }
}

/// A version as it is shown.
pub fn version_text(version: u64) -> String {
    format!("W/\"{version}\"")
}

/// The name in an attribute.
pub fn name_of(resource: &Attributes, attribute: &str) -> String {
    resource.get(attribute).and_then(Value::as_str).unwrap_or_default().to_owned()
}
