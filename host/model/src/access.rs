//! Who may use the API, and what for.

use crate::id::TargetName;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

/// What a request does, as far as permission goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Permission {
    /// It only reads.
    Read,
    /// It sets work going, or answers a question of the engine: runs, provisioning, cases, releases.
    Operate,
    /// It says yes or no to what is held or planned.
    Approve,
    /// It says who may do what.
    Administer,
}

impl Permission {
    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Operate => "operate",
            Self::Approve => "approve",
            Self::Administer => "administer",
        }
    }
}

/// What the holder of a token may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum ApiRole {
    /// Look.
    Viewer,
    /// Look and operate, but not approve: who sets work going does not wave it through.
    Operator,
    /// Look and approve, but not operate.
    Approver,
    /// Look, operate and approve, in the targets that the token names and nowhere else.
    Owner,
    /// Everything.
    Admin,
}

/// A word is no role of the API.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no role of the API: it is one of viewer, operator, approver, owner, admin")]
pub struct NotAnApiRole(String);

impl ApiRole {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Viewer, Self::Operator, Self::Approver, Self::Owner, Self::Admin];

    /// Whether it may; an owner may in its own targets, and only what is open to owners.
    pub fn may(self, permission: Permission) -> bool {
        match (self, permission) {
            (Self::Admin, _)
            | (_, Permission::Read)
            | (Self::Operator | Self::Owner, Permission::Operate)
            | (Self::Owner, Permission::Approve)
            | (Self::Approver, Permission::Approve) => true,
            (_, Permission::Operate | Permission::Approve | Permission::Administer) => false,
        }
    }

    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Operator => "operator",
            Self::Approver => "approver",
            Self::Owner => "owner",
            Self::Admin => "admin",
        }
    }
}

impl fmt::Display for ApiRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for ApiRole {
    type Err = NotAnApiRole;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|role| role.as_str() == text).ok_or_else(|| NotAnApiRole(text.to_owned()))
    }
}

/// Which targets somebody sees and works with.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Reach {
    /// All of them, and what belongs to none.
    #[default]
    Everything,
    /// Only what belongs to these.
    Targets(BTreeSet<TargetName>),
}

impl Reach {
    /// Whether what belongs to this target is within.
    pub fn covers(&self, target: &TargetName) -> bool {
        match self {
            Self::Everything => true,
            Self::Targets(targets) => targets.contains(target),
        }
    }

    /// Whether what belongs to all of these targets is within; what belongs to none is not within some targets.
    pub fn covers_all(&self, targets: &BTreeSet<TargetName>) -> bool {
        match self {
            Self::Everything => true,
            Self::Targets(own) => !targets.is_empty() && targets.is_subset(own),
        }
    }

    /// The part of it that this target is, where one is named: nothing where it is not within.
    #[must_use]
    pub fn narrowed_to(&self, target: Option<&TargetName>) -> Self {
        match target {
            None => self.clone(),
            Some(target) => Self::Targets(self.covers(target).then(|| target.clone()).into_iter().collect()),
        }
    }

    /// The targets, where there are only some.
    pub fn targets(&self) -> Option<&BTreeSet<TargetName>> {
        match self {
            Self::Everything => None,
            Self::Targets(targets) => Some(targets),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_but_admins_both_operates_and_approves_everywhere() {
        for role in ApiRole::ALL {
            assert!(role.may(Permission::Read), "{role}");
            assert_eq!(
                role.may(Permission::Operate) && role.may(Permission::Approve),
                matches!(role, ApiRole::Admin | ApiRole::Owner)
            );
            assert_eq!(role.may(Permission::Administer), role == ApiRole::Admin);
            assert_eq!(role.as_str().parse(), Ok(role));
        }
        let (crm, erp): (TargetName, TargetName) = ("crm".parse().unwrap(), "erp".parse().unwrap());
        let own = Reach::Targets([crm.clone()].into());
        assert!(own.covers(&crm) && !own.covers(&erp) && Reach::Everything.covers(&erp));
        assert!(own.covers_all(&BTreeSet::from([crm.clone()])) && !own.covers_all(&BTreeSet::from([crm, erp])));
        assert!(!own.covers_all(&BTreeSet::new()), "what belongs to no target is nobody's own");
        assert!(
            "root".parse::<ApiRole>().unwrap_err().to_string().contains("viewer, operator, approver, owner, admin")
        );
    }

    #[test]
    fn a_reach_is_narrowed_to_what_is_within_it() {
        let [crm, mail]: [TargetName; 2] = ["crm", "mail"].map(|name| name.parse().unwrap());
        let only = |name: &TargetName| Reach::Targets(BTreeSet::from([name.clone()]));
        assert_eq!(Reach::Everything.narrowed_to(None), Reach::Everything);
        assert_eq!(Reach::Everything.narrowed_to(Some(&crm)), only(&crm));
        assert_eq!(only(&crm).narrowed_to(None), only(&crm));
        assert_eq!(only(&crm).narrowed_to(Some(&crm)), only(&crm));
        assert_eq!(only(&crm).narrowed_to(Some(&mail)), Reach::Targets(BTreeSet::new()));
    }
}
