//! Which groups and roles an identity has, and what they grant.

use crate::outcome::{Memberships, Origin, RuleFault};
use crate::rules::{MemberRule, RulePlace, Rules};
use crate::subject::Subject;
use purser_model::configuration::Role;
use purser_model::id::{GroupName, RoleName, TargetName};
use purser_model::identity::LifecycleState;
use std::collections::{BTreeMap, BTreeSet};

/// What roles grant an identity in one target.
#[derive(Debug, Default)]
pub(crate) struct Granted<'a> {
    /// The roles that grant an account there.
    pub(crate) roles: BTreeSet<&'a RoleName>,
    /// Declared names of entitlements, each with a role that grants it.
    pub(crate) entitlements: BTreeMap<&'a str, &'a RoleName>,
}

/// What roles grant an identity, by target.
pub(crate) fn granted<'a>(rules: &'a Rules, memberships: &Memberships) -> BTreeMap<&'a TargetName, Granted<'a>> {
    let mut targets: BTreeMap<&TargetName, Granted<'_>> = BTreeMap::new();
    for (name, role) in &rules.configuration().roles {
        if memberships.roles.contains_key(name) {
            add_grants(&mut targets, name, role);
        }
    }
    targets
}

fn add_grants<'a>(targets: &mut BTreeMap<&'a TargetName, Granted<'a>>, name: &'a RoleName, role: &'a Role) {
    for grant in &role.grants {
        let granted = targets.entry(&grant.target).or_default();
        granted.roles.insert(name);
        for entitlement in &grant.entitlements {
            granted.entitlements.entry(entitlement).or_insert(name);
        }
    }
}

/// The targets in which it cannot be said what the identity should have, each with the rules that could not be decided.
pub(crate) fn undecided<'a, 'b>(
    rules: &'a Rules,
    memberships: &'b Memberships,
) -> BTreeMap<&'a TargetName, Vec<&'b RuleFault>> {
    let mut targets: BTreeMap<&TargetName, Vec<&RuleFault>> = BTreeMap::new();
    for fault in &memberships.faults {
        let roles = fault.roles.iter().filter_map(|name| rules.configuration().roles.get(name));
        let touched: BTreeSet<&TargetName> = roles.flat_map(|role| &role.grants).map(|grant| &grant.target).collect();
        for target in touched {
            targets.entry(target).or_default().push(fault);
        }
    }
    targets
}

/// Groups and roles of an identity. Staged and departed identities have none.
pub(crate) fn memberships(rules: &Rules, subject: &Subject<'_>) -> Memberships {
    let mut found = Memberships::default();
    if matches!(subject.state, LifecycleState::Staged | LifecycleState::Departed) {
        return found;
    }
    let undecided_groups = decide_groups(rules, subject, &mut found);
    for (name, rule) in &rules.roles {
        let groups = rules.configuration().roles.get(name).map_or(&[][..], |role| &role.groups);
        let (mut origins, fault) = decide(rule, subject);
        origins.extend(groups.iter().filter(|group| found.groups.contains_key(*group)).cloned().map(Origin::Group));
        if !origins.is_empty() {
            found.roles.insert(name.clone(), origins);
            continue;
        }
        if let Some((expression, cause)) = fault {
            let place = RulePlace::RoleRule { role: name.clone() };
            found.faults.push(RuleFault { place, expression, cause, roles: BTreeSet::from([name.clone()]) });
        }
        for group in groups {
            if let Some(&index) = undecided_groups.get(group) {
                found.faults[index].roles.insert(name.clone());
            }
        }
    }
    found
}

/// Decides the groups. Returns where the fault of each undecided group stands in `found.faults`.
fn decide_groups(rules: &Rules, subject: &Subject<'_>, found: &mut Memberships) -> BTreeMap<GroupName, usize> {
    let mut undecided = BTreeMap::new();
    for (name, rule) in &rules.groups {
        let (origins, fault) = decide(rule, subject);
        if !origins.is_empty() {
            found.groups.insert(name.clone(), origins);
        } else if let Some((expression, cause)) = fault {
            undecided.insert(name.clone(), found.faults.len());
            let place = RulePlace::GroupRule { group: name.clone() };
            found.faults.push(RuleFault { place, expression, cause, roles: BTreeSet::new() });
        }
    }
    undecided
}

/// Why the identity is a member, and the rule with its fault where the rule cannot be decided.
fn decide(rule: &MemberRule, subject: &Subject<'_>) -> (BTreeSet<Origin>, Option<(String, String)>) {
    let mut origins = BTreeSet::new();
    if rule.members.contains(&subject.reference) {
        origins.insert(Origin::Direct);
    }
    let fault = rule.rule.as_ref().and_then(|expression| match expression.holds(&subject.scope) {
        Ok(holds) => {
            origins.extend(holds.then_some(Origin::Rule));
            None
        }
        Err(error) => Some((expression.text().to_owned(), error.to_string())),
    });
    (origins, fault)
}
