//! Which groups and roles are declared, and who has them.
//!
//! Who has a role follows from rules over every identity, so that it is found by going through identities in order of id. A page looks at
//! a bounded number of them: it may hold less than was asked for, and goes on where it stopped.

use crate::engine::{Engine, EngineError, not_declared};
use jiff::Timestamp;
use purser_model::configuration::{Group, Role, RoleGrant};
use purser_model::id::{GroupName, IdentityId, RoleName, TargetName};
use purser_model::identity::{Identity, LifecycleState};
use purser_plan::{ListedAssignment, ListedOrigin};
use purser_store::{AddedFilter, IdentityFilter, PageRequest};
use serde::{Deserialize, Serialize};

/// A page looks at so many identities at most.
const LOOKED_AT: usize = 2_000;
/// So many at a time.
const AT_ONCE: u32 = 200;

/// A declared group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct DeclaredGroup {
    /// Its name.
    pub name: GroupName,
    /// Whether its members are named one by one, or follow from its rule.
    pub kind: GroupKind,
    /// The rule.
    pub rule: Option<String>,
    /// How many members the declaration names.
    pub declared_members: usize,
    /// The roles that its members have.
    pub roles: Vec<RoleName>,
}

/// How a group gets its members.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum GroupKind {
    /// They are named, in the declaration or over the API.
    Static,
    /// They follow from a rule, beside those that the declaration names.
    Rule,
}

/// A declared role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct DeclaredRole {
    /// Its name.
    pub name: RoleName,
    /// What it grants.
    pub grants: Vec<Granted>,
    /// The roles that it contains.
    pub contains: Vec<RoleName>,
    /// The roles that contain it.
    pub contained_in: Vec<RoleName>,
    /// The roles that nobody has together with it, whichever of the two declares that.
    pub excludes: Vec<RoleName>,
    /// Decides where only one of two can be had.
    pub priority: i64,
    /// Groups whose members have it.
    pub groups: Vec<GroupName>,
    /// Its rule.
    pub rule: Option<String>,
    /// How many identities the declaration names.
    pub declared_members: usize,
    /// From when on anybody has it.
    pub from: Option<Timestamp>,
    /// Until when.
    pub until: Option<Timestamp>,
}

/// What a role grants in one target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Granted {
    /// An account there.
    pub target: TargetName,
    /// Entitlements, by the names that the target declares.
    pub entitlements: Vec<String>,
}

/// Somebody who is in a group or has a role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Holder {
    /// The identity.
    pub identity: IdentityId,
    /// `source/key`
    pub reference: String,
    /// How people call it.
    pub label: String,
    /// Where it is in its life now.
    pub state: LifecycleState,
    /// Every reason why: `direct`, `assigned by WHOM until WHEN`, `added by WHOM`, `group NAME`, `role NAME`, `rule`.
    pub because: Vec<String>,
}

/// An assignment of somebody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct AssignmentOf {
    /// The identity.
    pub identity: IdentityId,
    /// `source/key`
    pub reference: String,
    /// How people call it.
    pub label: String,
    /// The assignment.
    #[serde(flatten)]
    pub assignment: ListedAssignment,
}

/// Where assignments come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum OriginKind {
    /// A declaration names the identity.
    Declared,
    /// Somebody made it over the API.
    Api,
    /// By a group.
    Group,
    /// By a rule.
    Rule,
    /// By a role that contains it.
    Role,
}

impl OriginKind {
    fn is_of(self, origin: &ListedOrigin) -> bool {
        match origin {
            ListedOrigin::Declared => self == Self::Declared,
            ListedOrigin::Api { .. } => self == Self::Api,
            ListedOrigin::Group { .. } => self == Self::Group,
            ListedOrigin::Rule => self == Self::Rule,
            ListedOrigin::Role { .. } => self == Self::Role,
        }
    }
}

/// Which assignments.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AssignmentQuestion {
    /// Of this identity.
    pub identity: Option<IdentityId>,
    /// Of this role.
    pub role: Option<RoleName>,
    /// Of this origin.
    pub origin: Option<OriginKind>,
}

/// Which identities are gone through.
enum Among {
    Everybody,
    Those(AddedFilter),
    One(IdentityId),
}

/// A page, and where the next one begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageOf<T, C = IdentityId> {
    /// What was found.
    pub items: Vec<T>,
    /// After which identity, or what else the list is of, the next page begins; none at the end.
    pub next: Option<C>,
}

impl Engine {
    /// The declared groups in order of name.
    pub fn groups(&self) -> impl Iterator<Item = DeclaredGroup> + '_ {
        self.rules.configuration().groups.iter().map(|(name, group)| self.group_of(name, group))
    }

    /// One declared group.
    ///
    /// # Errors
    /// [`EngineError::NotDeclared`]
    pub fn group(&self, name: &GroupName) -> Result<DeclaredGroup, EngineError> {
        Ok(self.group_of(name, self.declared_group(name)?))
    }

    pub(crate) fn declared_group(&self, name: &GroupName) -> Result<&Group, EngineError> {
        let groups = &self.rules.configuration().groups;
        groups.get(name).ok_or_else(|| not_declared("group", name.as_str(), groups.keys().map(GroupName::as_str)))
    }

    fn group_of(&self, name: &GroupName, group: &Group) -> DeclaredGroup {
        let roles = self.rules.configuration().roles.iter();
        DeclaredGroup {
            name: name.clone(),
            kind: if group.rule.is_some() { GroupKind::Rule } else { GroupKind::Static },
            rule: group.rule.clone(),
            declared_members: group.members.len(),
            roles: roles.filter(|(_, role)| role.groups.contains(name)).map(|(role, _)| role.clone()).collect(),
        }
    }

    /// The declared roles in order of name.
    pub fn roles(&self) -> impl Iterator<Item = DeclaredRole> + '_ {
        self.rules.configuration().roles.iter().map(|(name, role)| self.role_of(name, role))
    }

    /// One declared role.
    ///
    /// # Errors
    /// [`EngineError::NotDeclared`]
    pub fn role(&self, name: &RoleName) -> Result<DeclaredRole, EngineError> {
        Ok(self.role_of(name, self.declared_role(name)?))
    }

    fn declared_role(&self, name: &RoleName) -> Result<&Role, EngineError> {
        let roles = &self.rules.configuration().roles;
        roles.get(name).ok_or_else(|| not_declared("role", name.as_str(), roles.keys().map(RoleName::as_str)))
    }

    fn role_of(&self, name: &RoleName, role: &Role) -> DeclaredRole {
        let all = || self.rules.configuration().roles.iter();
        let excluded = |(other, declared): &(&RoleName, &Role)| {
            role.excludes.contains(*other) || (*other != name && declared.excludes.contains(name))
        };
        let granted =
            |grant: &RoleGrant| Granted { target: grant.target.clone(), entitlements: grant.entitlements.clone() };
        DeclaredRole {
            name: name.clone(),
            grants: role.grants.iter().map(granted).collect(),
            contains: role.roles.clone(),
            contained_in: all()
                .filter(|(_, outer)| outer.roles.contains(name))
                .map(|(outer, _)| outer.clone())
                .collect(),
            excludes: all().filter(excluded).map(|(other, _)| other.clone()).collect(),
            priority: role.priority,
            groups: role.groups.clone(),
            rule: role.rule.clone(),
            declared_members: role.members.len(),
            from: role.validity.from,
            until: role.validity.until,
        }
    }

    /// Who is in a group, in order of id.
    ///
    /// # Errors
    /// The group is not declared, or the store fails.
    pub async fn members_of(
        &self,
        name: &GroupName,
        page: PageRequest<IdentityId>,
    ) -> Result<PageOf<Holder>, EngineError> {
        let group = self.declared_group(name)?;
        let all_are_added = group.rule.is_none() && group.members.is_empty();
        let among = if all_are_added { Among::Those(AddedFilter::Group(name.clone())) } else { Among::Everybody };
        self.go_through(&among, page, |identity, now| {
            let because = self.rules.memberships(identity, now).groups.remove(name)?;
            Some(holder(identity, now, because.iter().map(ToString::to_string).collect()))
        })
        .await
    }

    /// Who has a role, in order of id.
    ///
    /// # Errors
    /// The role is not declared, or the store fails.
    pub async fn holders_of(
        &self,
        name: &RoleName,
        page: PageRequest<IdentityId>,
    ) -> Result<PageOf<Holder>, EngineError> {
        self.declared_role(name)?;
        self.go_through(&Among::Everybody, page, |identity, now| {
            let because = self.rules.memberships(identity, now).roles.remove(name)?;
            Some(holder(identity, now, because.iter().map(ToString::to_string).collect()))
        })
        .await
    }

    /// Assignments in order of their identities' ids, whatever their windows. All those of an identity stand on one page, which
    /// may hold some more than its limit by that.
    ///
    /// # Errors
    /// There is no such identity, or the store fails.
    pub async fn assignments_of(
        &self,
        question: &AssignmentQuestion,
        page: PageRequest<IdentityId>,
    ) -> Result<PageOf<AssignmentOf>, EngineError> {
        let among = match (question.identity, question.origin, &question.role) {
            (Some(id), ..) => Among::One(id),
            (None, Some(OriginKind::Api), Some(role)) => Among::Those(AddedFilter::Role(role.clone())),
            (None, Some(OriginKind::Api), None) => Among::Those(AddedFilter::Assigned),
            (None, ..) => Among::Everybody,
        };
        self.go_through(&among, page, |identity, now| {
            let wanted = self.rules.assignments(identity, now).into_iter().filter(|one| question.is_about(one));
            wanted.map(|assignment| assignment_of(identity, assignment)).collect::<Vec<_>>()
        })
        .await
    }

    /// Goes through identities in order of id until the page is full or enough were looked at.
    async fn go_through<T, Found: IntoIterator<Item = T>>(
        &self,
        among: &Among,
        page: PageRequest<IdentityId>,
        pick: impl Fn(&Identity, Timestamp) -> Found,
    ) -> Result<PageOf<T>, EngineError> {
        let now = self.clock.now();
        let (mut items, mut after, mut looked_at) = (Vec::new(), page.after, 0);
        loop {
            let identities = self.next_of(among, after).await?;
            if identities.is_empty() {
                return Ok(PageOf { items, next: None });
            }
            for identity in &identities {
                items.extend(pick(identity, now));
                after = Some(identity.id);
                if items.len() >= page.limit as usize {
                    return Ok(PageOf { items, next: after });
                }
            }
            looked_at += identities.len();
            if looked_at >= LOOKED_AT {
                return Ok(PageOf { items, next: after });
            }
            tokio::task::yield_now().await;
        }
    }

    async fn next_of(&self, among: &Among, after: Option<IdentityId>) -> Result<Vec<Identity>, EngineError> {
        let page = PageRequest { after, ..PageRequest::first(AT_ONCE) };
        Ok(match among {
            Among::Everybody => self.store.identities(IdentityFilter::default(), page).await?,
            Among::Those(filter) => self.store.identities_with(filter.clone(), page).await?,
            Among::One(id) if after.is_none_or(|after| after < *id) => vec![self.store.identity(*id).await?],
            Among::One(_) => Vec::new(),
        })
    }
}

impl AssignmentQuestion {
    fn is_about(&self, one: &ListedAssignment) -> bool {
        let role = self.role.as_ref().is_none_or(|role| *role == one.role);
        role && self.origin.is_none_or(|origin| origin.is_of(&one.origin))
    }
}

fn assignment_of(identity: &Identity, assignment: ListedAssignment) -> AssignmentOf {
    let (reference, label) = (identity.reference(), identity.label().to_owned());
    AssignmentOf { identity: identity.id, reference, label, assignment }
}

fn holder(identity: &Identity, now: Timestamp, because: Vec<String>) -> Holder {
    Holder {
        identity: identity.id,
        reference: identity.reference(),
        label: identity.label().to_owned(),
        state: identity.state_at(now),
        because,
    }
}
