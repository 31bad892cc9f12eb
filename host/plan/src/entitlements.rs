//! Which entitlements an account holds, by declared name, and what is granted or revoked.

mod wanted;

use crate::outcome::TargetView;
use purser_model::Attributes;
use purser_model::account::EntitlementKey;
use purser_model::configuration::Target;
use purser_model::manifest::Cardinality;
use purser_model::operation::{EntitlementReference, Intent};
use purser_model::plan::PlannedOperation;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
pub(crate) use wanted::Wanted;

/// The ids in a target of the entitlements that its declaration names.
pub(crate) struct Declared<'a> {
    target: &'a Target,
    view: &'a TargetView,
    names: BTreeMap<(&'a str, &'a str), BTreeSet<&'a str>>,
}

impl<'a> Declared<'a> {
    pub(crate) fn new(target: &'a Target, view: &'a TargetView) -> Self {
        let mut names: BTreeMap<_, BTreeSet<&str>> = BTreeMap::new();
        for entitlement in &view.entitlements {
            if let (Some(name), Some(id)) = (&entitlement.name, &entitlement.remote_id)
                && target.entitlements.contains_key(name)
            {
                names.entry((entitlement.class.as_str(), id.as_str())).or_default().insert(name);
            }
        }
        Self { target, view, names }
    }

    /// The declared names of an entitlement; none for what only the target knows.
    fn names_of<'b>(&'b self, key: &'b EntitlementKey) -> Option<&'b BTreeSet<&'a str>> {
        self.names.get(&(key.class.as_str(), key.id.as_str()))
    }

    fn reference(&self, key: &EntitlementKey) -> EntitlementReference {
        match self.names_of(key).and_then(BTreeSet::first) {
            Some(name) => EntitlementReference::Declared((*name).to_owned()),
            None => EntitlementReference::Remote(key.clone()),
        }
    }

    /// Grants for what is wanted and not held, what others need first. What has no id in the target yet is granted by name
    /// as well.
    pub(crate) fn grants(&self, wanted: &Wanted<'_>, held: &BTreeSet<EntitlementKey>) -> Vec<PlannedOperation> {
        let held_names: BTreeSet<&str> = held.iter().filter_map(|key| self.names_of(key)).flatten().copied().collect();
        let mut missing: Vec<_> = wanted.entitlements.iter().filter(|(name, _)| !held_names.contains(*name)).collect();
        missing.sort_by_key(|(name, _)| (wanted::depth(self.target, name), **name));
        missing
            .into_iter()
            .map(|(name, why)| {
                let entitlement = EntitlementReference::Declared((*name).to_owned());
                operation(Intent::Grant { entitlement }, why.to_string())
            })
            .collect()
    }

    /// Whether a revocation must come before one of the grants, since only one of the class can be held.
    pub(crate) fn makes_room(&self, revocation: &PlannedOperation, grants: &[PlannedOperation]) -> bool {
        let Some(class) = self.class_of(&revocation.intent) else { return false };
        let holding = self.view.class(class).and_then(|class| class.holding.as_ref());
        holding.is_some_and(|holding| holding.cardinality == Cardinality::AtMostOne)
            && grants.iter().any(|grant| self.class_of(&grant.intent) == Some(class))
    }

    fn class_of<'b>(&'b self, intent: &'b Intent) -> Option<&'b str> {
        let (Intent::Grant { entitlement } | Intent::Revoke { entitlement }) = intent else { return None };
        match entitlement {
            EntitlementReference::Declared(name) => {
                self.target.entitlements.get(name).map(|known| known.class.as_str())
            }
            EntitlementReference::Remote(key) => Some(&key.class),
        }
    }

    /// Revocations of what is held, declared and not desired. What people added in the target by hand stays.
    pub(crate) fn revocations(
        &self,
        wanted: Option<&Wanted<'_>>,
        held: &BTreeSet<EntitlementKey>,
        why: &str,
    ) -> Vec<PlannedOperation> {
        let is_desired = |name: &&str| wanted.is_some_and(|wanted| wanted.entitlements.contains_key(*name));
        let surplus = held.iter().filter(|key| self.names_of(key).is_some_and(|names| !names.iter().any(is_desired)));
        self.revoke(surplus, why)
    }

    /// Revocations of everything that is held.
    pub(crate) fn revoke_all(&self, held: &BTreeSet<EntitlementKey>, why: &str) -> Vec<PlannedOperation> {
        self.revoke(held.iter(), why)
    }

    /// What needs others goes before them.
    fn revoke<'k>(&self, surplus: impl Iterator<Item = &'k EntitlementKey>, why: &str) -> Vec<PlannedOperation> {
        let mut surplus: Vec<_> = surplus.filter(|key| self.can_be_taken_away(key)).collect();
        let depth = |key: &EntitlementKey| {
            let names = self.names_of(key).into_iter().flatten();
            names.map(|name| wanted::depth(self.target, name)).max().unwrap_or(0)
        };
        surplus.sort_by_key(|key| (Reverse(depth(key)), *key));
        surplus.into_iter().map(|key| self.revocation(key, why)).collect()
    }

    fn revocation(&self, key: &EntitlementKey, why: &str) -> PlannedOperation {
        operation(Intent::Revoke { entitlement: self.reference(key) }, why.to_owned())
    }

    /// An account always holds one entitlement of a class with cardinality `exactly-one`; only a grant replaces it.
    fn can_be_taken_away(&self, key: &EntitlementKey) -> bool {
        let holding = self.view.class(&key.class).and_then(|class| class.holding.as_ref());
        holding.is_none_or(|holding| holding.cardinality != Cardinality::ExactlyOne)
    }
}

fn operation(intent: Intent, reason: String) -> PlannedOperation {
    PlannedOperation { intent, reason, before: Attributes::new() }
}
