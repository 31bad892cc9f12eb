//! What the emulated tenant holds.

use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// An object's properties.
pub type Properties = Map<String, Value>;

/// The two kinds of objects that are made and deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A user.
    User,
    /// A group.
    Group,
}

/// One entry of the log that delta queries read.
#[derive(Debug, Clone)]
pub struct Logged {
    /// The kind of the object.
    pub kind: Kind,
    /// The object.
    pub id: String,
    /// Where a membership changed: the member, and whether it is one now.
    pub member: Option<(String, bool)>,
}

/// What stands behind an opaque link.
#[derive(Debug, Clone)]
pub enum Link {
    /// A list goes on behind this id.
    Page { query: BTreeMap<String, String>, after: String },
    /// A delta query goes on in the list of all objects behind this id; changes since the position come afterwards.
    DeltaPage { query: BTreeMap<String, String>, after: String, position: usize },
    /// Changes since the position.
    Delta { query: BTreeMap<String, String>, position: usize },
}

/// The tenant.
#[derive(Default)]
pub struct Directory {
    /// Users by id.
    pub users: BTreeMap<String, Properties>,
    /// Groups by id.
    pub groups: BTreeMap<String, Properties>,
    /// Members by group.
    pub members: BTreeMap<String, BTreeSet<String>>,
    /// Managers by user.
    pub managers: BTreeMap<String, String>,
    /// Soft-deleted objects by id.
    pub deleted: BTreeMap<String, (Kind, Properties)>,
    /// Passwords by user: what a person would sign in with.
    pub passwords: BTreeMap<String, String>,
    /// Users whose sessions were revoked, and how often.
    pub revoked_sessions: BTreeMap<String, u32>,
    /// Licences by id of the SKU: name, seats and plans.
    pub skus: BTreeMap<String, Sku>,
    /// SKUs that the members of a group inherit, by group.
    pub group_licences: BTreeMap<String, BTreeSet<String>>,
    /// Groups that a deleted user was a member of: a restored one is again.
    pub former_groups: BTreeMap<String, BTreeSet<String>>,
    /// Directory roles by id of the definition: the name.
    pub roles: BTreeMap<String, String>,
    /// Role assignments by id: principal and definition.
    pub role_assignments: BTreeMap<String, (String, String)>,
    /// Applications by id of the service principal: the name and the roles by id.
    pub applications: BTreeMap<String, (String, BTreeMap<String, String>)>,
    /// App role assignments by id: principal, application and role.
    pub app_roles: BTreeMap<String, (String, String, String)>,
    /// What changed, in order.
    pub log: Vec<Logged>,
    /// Links by token.
    pub links: BTreeMap<String, Link>,
    /// Delta tokens of positions below this are expired.
    pub expired_below: usize,
    /// Reads of a new object answer 404 so many times.
    pub lag: u32,
    /// How many reads are still answered 404, by id.
    pub unseen: BTreeMap<String, u32>,
    /// Every so many items of batches one is throttled; 0 is none.
    pub throttle_every: u64,
    /// Items of batches so far.
    pub items: u64,
    /// First parts of paths that the credential may not use.
    pub denied: BTreeSet<String>,
    /// Application permissions that were not granted to the application.
    pub missing_permissions: BTreeSet<String>,
    /// Most objects in one page.
    pub page: usize,
    next: u64,
}

/// A licence.
#[derive(Debug, Clone)]
pub struct Sku {
    /// Its part number.
    pub name: String,
    /// How many can be assigned.
    pub seats: usize,
    /// Its plans: the name by id.
    pub plans: BTreeMap<String, String>,
}

impl Directory {
    /// A new id. Ids are not in the order in which objects were made, so that a list moves while it is read.
    pub fn new_id(&mut self) -> String {
        self.next += 1;
        let mixed = (self.next as u32).wrapping_mul(2_654_435_761);
        format!("{mixed:08x}-0000-4000-8000-{:012x}", self.next)
    }

    /// Keeps a link and gives its token.
    pub fn keep_link(&mut self, link: Link) -> String {
        self.next += 1;
        let token = format!("t{:x}", self.next);
        self.links.insert(token.clone(), link);
        token
    }

    /// The objects of a kind.
    pub fn of(&mut self, kind: Kind) -> &mut BTreeMap<String, Properties> {
        match kind {
            Kind::User => &mut self.users,
            Kind::Group => &mut self.groups,
        }
    }

    /// Records a change for delta queries.
    pub fn touch(&mut self, kind: Kind, id: &str) {
        self.log.push(Logged { kind, id: id.to_owned(), member: None });
    }

    /// Adds or removes a member. Answers whether anything changed.
    pub fn set_member(&mut self, group: &str, member: &str, is: bool) -> bool {
        let members = self.members.entry(group.to_owned()).or_default();
        let changed = if is { members.insert(member.to_owned()) } else { members.remove(member) };
        if changed {
            let member = Some((member.to_owned(), is));
            self.log.push(Logged { kind: Kind::Group, id: group.to_owned(), member });
        }
        changed
    }

    /// Whether there is a user or group of this id.
    pub fn has(&self, id: &str) -> bool {
        self.users.contains_key(id) || self.groups.contains_key(id)
    }

    /// The id of the user that is named by id or by user principal name.
    pub fn user_id(&self, name: &str) -> Option<String> {
        if self.users.contains_key(name) {
            return Some(name.to_owned());
        }
        let named = |user: &&Properties| same(user.get("userPrincipalName"), name);
        self.users.values().find(named).and_then(|user| user["id"].as_str()).map(str::to_owned)
    }

    /// Whether a read of this object comes too early to see it.
    pub fn is_unseen(&mut self, id: &str) -> bool {
        match self.unseen.get_mut(id) {
            Some(left) if *left > 0 => {
                *left -= 1;
                true
            }
            _ => false,
        }
    }

    /// Seats of a licence that are taken.
    pub fn consumed(&self, sku: &str) -> usize {
        let holds = |user: &&Properties| self.licence_states(user).iter().any(|state| state["skuId"] == sku);
        self.users.values().filter(holds).count()
    }

    /// The licences of a user as states: its own, and those that come with groups.
    pub fn licence_states(&self, user: &Properties) -> Vec<Value> {
        let id = user.get("id").and_then(Value::as_str).unwrap_or_default();
        let state = |sku: &Value, plans: &Value, group: Value| {
            json!({
                "skuId": sku, "disabledPlans": plans, "assignedByGroup": group, "state": "Active", "error": "None",
                "lastUpdatedDateTime": "2026-01-01T00:00:00Z",
            })
        };
        let own = licences(user).into_iter();
        let own = own.map(|licence| state(&licence["skuId"], &licence["disabledPlans"], Value::Null));
        let groups = self.group_licences.iter();
        let groups = groups.filter(|(group, _)| self.members.get(*group).is_some_and(|members| members.contains(id)));
        let inherited = groups.flat_map(|(group, skus)| {
            skus.iter().map(|sku| state(&json!(sku), &json!([]), json!(group))).collect::<Vec<_>>()
        });
        own.chain(inherited).collect()
    }

    /// A user as a member of something.
    pub fn as_member(&self, id: &str) -> Value {
        let kind = if self.users.contains_key(id) { "#microsoft.graph.user" } else { "#microsoft.graph.group" };
        json!({"@odata.type": kind, "id": id})
    }
}

/// The licences that were assigned to a user itself.
pub fn licences(user: &Properties) -> Vec<Value> {
    user.get("assignedLicenses").and_then(Value::as_array).cloned().unwrap_or_default()
}

/// Whether a property is this text, without regard to case.
pub fn same(value: Option<&Value>, text: &str) -> bool {
    value.and_then(Value::as_str).is_some_and(|value| value.eq_ignore_ascii_case(text))
}
