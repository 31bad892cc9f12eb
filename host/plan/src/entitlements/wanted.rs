//! What an identity should hold in a target: what roles grant, what that needs, and only one where only one can be held.

use crate::memberships::Granted;
use crate::outcome::TargetView;
use purser_model::configuration::Target;
use purser_model::id::RoleName;
use purser_model::manifest::Cardinality;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// What is wanted in one target.
#[derive(Debug)]
pub(crate) struct Wanted<'a> {
    /// The roles that grant an account there.
    pub(crate) roles: BTreeSet<&'a RoleName>,
    /// Declared names of entitlements, each with the reason.
    pub(crate) entitlements: BTreeMap<&'a str, Why<'a>>,
    /// What roles grant and what cannot be held.
    pub(crate) left_out: Vec<LeftOut>,
}

/// Why an entitlement is wanted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Why<'a> {
    /// The role that grants it, or what needs it.
    role: &'a RoleName,
    needed_by: Option<&'a str>,
}

impl fmt::Display for Why<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.needed_by {
            None => write!(f, "role {} grants it", self.role),
            Some(name) => write!(f, "{name} needs it, which role {} grants", self.role),
        }
    }
}

/// Something that is granted and not wanted.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum LeftOut {
    /// Only one of its class can be held, and another one ranks higher.
    OneOnly { name: String, role: String, class: String, instead: String },
    /// It needs something that was left out.
    Needs { name: String, needs: String },
}

impl fmt::Display for LeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OneOnly { name, role, class, instead } => write!(
                f,
                "entitlement {name} of role {role} is not granted: an account holds one {class}, and {instead} ranks higher"
            ),
            Self::Needs { name, needs } => {
                write!(f, "entitlement {name} is not granted: it needs {needs}, which is not granted")
            }
        }
    }
}

impl<'a> Wanted<'a> {
    /// What follows from the grants.
    pub(crate) fn of(granted: &Granted<'a>, target: &'a Target, view: &TargetView) -> Self {
        let mut wanted = Self { roles: granted.roles.clone(), entitlements: BTreeMap::new(), left_out: Vec::new() };
        for (name, role) in &granted.entitlements {
            wanted.entitlements.insert(name, Why { role, needed_by: None });
        }
        for (name, role) in &granted.entitlements {
            wanted.add_needs(name, role, target);
        }
        for class in &view.classes {
            let holding = class.holding.as_ref();
            if holding.is_some_and(|holding| holding.cardinality != Cardinality::Many) {
                wanted.keep_one(&class.name, granted, target);
            }
        }
        wanted
    }

    fn add_needs(&mut self, name: &'a str, role: &'a RoleName, target: &'a Target) {
        for needed in target.entitlements.get(name).map_or(&[][..], |entitlement| &entitlement.needs) {
            if !self.entitlements.contains_key(needed.as_str()) {
                self.entitlements.insert(needed, Why { role, needed_by: Some(name) });
                self.add_needs(needed, role, target);
            }
        }
    }

    /// Of a class of which an account holds only one, the one stays whose role ranks highest, then the first by name.
    fn keep_one(&mut self, class: &str, granted: &Granted<'a>, target: &'a Target) {
        let of_class = |name: &str| target.entitlements.get(name).is_some_and(|known| known.class == class);
        let rank = |why: &Why<'_>| granted.ranked.iter().position(|role| *role == why.role);
        let mut rivals: Vec<(&'a str, Why<'a>)> =
            self.entitlements.iter().filter(|(name, _)| of_class(name)).map(|(name, why)| (*name, *why)).collect();
        rivals.sort_by_key(|(name, why)| (rank(why), *name));
        let Some(((winner, _), losers)) = rivals.split_first() else { return };
        for (loser, why) in losers {
            self.entitlements.remove(loser);
            self.left_out.push(LeftOut::OneOnly {
                name: (*loser).to_owned(),
                role: why.role.to_string(),
                class: class.to_owned(),
                instead: (*winner).to_owned(),
            });
            self.leave_out_what_needs(loser, target);
        }
    }

    fn leave_out_what_needs(&mut self, missing: &str, target: &'a Target) {
        let needs_it =
            |name: &str| target.entitlements.get(name).is_some_and(|known| known.needs.iter().any(|n| n == missing));
        let dependents: Vec<&str> = self.entitlements.keys().copied().filter(|name| needs_it(name)).collect();
        for dependent in dependents {
            if self.entitlements.remove(dependent).is_some() {
                let left_out = LeftOut::Needs { name: dependent.to_owned(), needs: missing.to_owned() };
                self.left_out.push(left_out);
                self.leave_out_what_needs(dependent, target);
            }
        }
    }
}

/// How many steps of needs are below an entitlement. Declarations have no circle; should one be there, it ends.
pub(crate) fn depth(target: &Target, name: &str) -> usize {
    fn below(target: &Target, name: &str, left: usize) -> usize {
        let needs = target.entitlements.get(name).map_or(&[][..], |entitlement| &entitlement.needs);
        if left == 0 {
            return 0;
        }
        needs.iter().map(|needed| 1 + below(target, needed, left - 1)).max().unwrap_or(0)
    }
    below(target, name, target.entitlements.len())
}
