//! Which entitlements an account holds, by declared name, and what is granted or revoked.

use crate::memberships::Granted;
use crate::outcome::TargetView;
use purser_model::Attributes;
use purser_model::account::EntitlementKey;
use purser_model::configuration::Target;
use purser_model::manifest::Cardinality;
use purser_model::operation::{EntitlementReference, Intent};
use purser_model::plan::PlannedOperation;
use std::collections::{BTreeMap, BTreeSet};

/// The ids in a target of the entitlements that its declaration names.
pub(crate) struct Declared<'a> {
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
        Self { view, names }
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

    /// Grants for what is desired and not held. What has no id in the target yet is granted by name as well.
    pub(crate) fn grants(&self, granted: &Granted<'_>, held: &BTreeSet<EntitlementKey>) -> Vec<PlannedOperation> {
        let held_names: BTreeSet<&str> = held.iter().filter_map(|key| self.names_of(key)).flatten().copied().collect();
        let missing = granted.entitlements.iter().filter(|(name, _)| !held_names.contains(*name));
        missing
            .map(|(name, role)| {
                let entitlement = EntitlementReference::Declared((*name).to_owned());
                operation(Intent::Grant { entitlement }, format!("role {role} grants it"))
            })
            .collect()
    }

    /// Revocations of what is held, declared and not desired. What people added in the target by hand stays.
    pub(crate) fn revocations(
        &self,
        granted: Option<&Granted<'_>>,
        held: &BTreeSet<EntitlementKey>,
        why: &str,
    ) -> Vec<PlannedOperation> {
        let is_desired = |name: &&str| granted.is_some_and(|granted| granted.entitlements.contains_key(*name));
        let surplus = held.iter().filter(|key| self.names_of(key).is_some_and(|names| !names.iter().any(is_desired)));
        surplus.filter(|key| self.can_be_taken_away(key)).map(|key| self.revocation(key, why)).collect()
    }

    /// Revocations of everything that is held.
    pub(crate) fn revoke_all(&self, held: &BTreeSet<EntitlementKey>, why: &str) -> Vec<PlannedOperation> {
        held.iter().filter(|key| self.can_be_taken_away(key)).map(|key| self.revocation(key, why)).collect()
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
