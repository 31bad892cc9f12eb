//! Which groups and roles an identity has, and what they grant.

use crate::outcome::{Memberships, Origin, RuleFault};
use crate::rules::{MemberRule, RulePlace, Rules};
use crate::subject::Subject;
use jiff::Timestamp;
use purser_model::configuration::Role;
use purser_model::id::{GroupName, RoleName, TargetName};
use purser_model::identity::{LifecycleState, Moment, Validity};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// What roles grant an identity in one target.
#[derive(Debug, Default)]
pub(crate) struct Granted<'a> {
    /// The roles that grant an account there.
    pub(crate) roles: BTreeSet<&'a RoleName>,
    /// Declared names of entitlements, each with the role of highest rank that grants it.
    pub(crate) entitlements: BTreeMap<&'a str, &'a RoleName>,
    /// The roles that grant entitlements, by rank.
    pub(crate) ranked: Vec<&'a RoleName>,
}

/// What roles grant an identity, by target.
pub(crate) fn granted<'a>(rules: &'a Rules, memberships: &Memberships) -> BTreeMap<&'a TargetName, Granted<'a>> {
    let had = rules.configuration().roles.iter().filter(|(name, _)| memberships.roles.contains_key(*name));
    let mut had: Vec<(&RoleName, &Role)> = had.collect();
    had.sort_by_key(|(name, _)| rank(rules, name));
    let mut targets: BTreeMap<&TargetName, Granted<'_>> = BTreeMap::new();
    for (name, role) in had {
        add_grants(&mut targets, name, role);
    }
    targets
}

fn add_grants<'a>(targets: &mut BTreeMap<&'a TargetName, Granted<'a>>, name: &'a RoleName, role: &'a Role) {
    for grant in &role.grants {
        let granted = targets.entry(&grant.target).or_default();
        granted.roles.insert(name);
        granted.ranked.push(name);
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
    let own = decide_roles(rules, subject, &undecided_groups, &mut found);
    contain_and_exclude(rules, &own, subject.now, &mut found);
    spread_faults(rules, &mut found);
    found
}

/// Decides the groups. Returns where the fault of each undecided group stands in `found.faults`.
fn decide_groups(rules: &Rules, subject: &Subject<'_>, found: &mut Memberships) -> BTreeMap<GroupName, usize> {
    let mut undecided = BTreeMap::new();
    for (name, rule) in &rules.groups {
        let (mut origins, fault) = decide(rule, subject, &mut found.next_change);
        let added = subject.added.groups.iter().filter(|added| added.group == *name);
        origins.extend(added.map(|added| Origin::Added { by: added.by.clone() }));
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

/// Decides which roles are given directly, by group or by rule.
fn decide_roles(
    rules: &Rules,
    subject: &Subject<'_>,
    undecided_groups: &BTreeMap<GroupName, usize>,
    found: &mut Memberships,
) -> BTreeMap<RoleName, BTreeSet<Origin>> {
    let mut own = BTreeMap::new();
    for (name, rule) in &rules.roles {
        let Some(role) = rules.configuration().roles.get(name) else { continue };
        note_change(&mut found.next_change, &role.validity, subject.now);
        if role.validity.at(subject.now) != Moment::Within {
            continue;
        }
        let (mut origins, fault) = decide(rule, subject, &mut found.next_change);
        assigned(name, subject, &mut origins, &mut found.next_change);
        origins
            .extend(role.groups.iter().filter(|group| found.groups.contains_key(*group)).cloned().map(Origin::Group));
        if !origins.is_empty() {
            own.insert(name.clone(), origins);
            continue;
        }
        if let Some((expression, cause)) = fault {
            let place = RulePlace::RoleRule { role: name.clone() };
            found.faults.push(RuleFault { place, expression, cause, roles: BTreeSet::from([name.clone()]) });
        }
        for group in &role.groups {
            if let Some(&index) = undecided_groups.get(group) {
                found.faults[index].roles.insert(name.clone());
            }
        }
    }
    own
}

/// Why the identity is a member, and the rule with its fault where the rule cannot be decided.
fn decide(
    rule: &MemberRule,
    subject: &Subject<'_>,
    next_change: &mut Option<Timestamp>,
) -> (BTreeSet<Origin>, Option<(String, String)>) {
    let mut origins = BTreeSet::new();
    for validity in rule.members.get(&subject.reference).into_iter().flatten() {
        note_change(next_change, validity, subject.now);
        origins.extend((validity.at(subject.now) == Moment::Within).then_some(Origin::Direct));
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

/// Adds what operators assigned, as far as it holds now.
fn assigned(
    role: &RoleName,
    subject: &Subject<'_>,
    origins: &mut BTreeSet<Origin>,
    next_change: &mut Option<Timestamp>,
) {
    for one in subject.added.assignments.iter().filter(|one| one.role == *role) {
        note_change(next_change, &one.validity, subject.now);
        if one.validity.at(subject.now) == Moment::Within {
            let (assignment, by, until) = (one.id, one.by.clone(), one.validity.until);
            origins.insert(Origin::Assigned { assignment, by, until });
        }
    }
}

fn note_change(next_change: &mut Option<Timestamp>, validity: &Validity, now: Timestamp) {
    *next_change = [*next_change, validity.next_change(now)].into_iter().flatten().min();
}

/// Adds the roles that others contain, and takes out those that a role of higher rank excludes, with what only they
/// contain. Only a role that is had in the end keeps another one out.
fn contain_and_exclude(
    rules: &Rules,
    own: &BTreeMap<RoleName, BTreeSet<Origin>>,
    now: Timestamp,
    found: &mut Memberships,
) {
    // Exclusions that undo each other in a circle could go on for ever: then the last answer, with less access, holds.
    for _ in 0..=rules.roles.len() {
        found.roles = exclude(rules, own, now, &mut found.excluded);
        let had = &found.roles;
        let before = found.excluded.len();
        found.excluded.retain(|_, winner| had.contains_key(winner));
        if found.excluded.len() == before {
            return;
        }
    }
    found.roles = exclude(rules, own, now, &mut found.excluded);
}

/// The roles that are had when everything in `excluded` and every loser of a conflict stays out.
fn exclude(
    rules: &Rules,
    own: &BTreeMap<RoleName, BTreeSet<Origin>>,
    now: Timestamp,
    excluded: &mut BTreeMap<RoleName, RoleName>,
) -> BTreeMap<RoleName, BTreeSet<Origin>> {
    loop {
        let had = contain(rules, own, excluded, now);
        match first_conflict(rules, had.keys()) {
            Some((loser, winner)) => excluded.insert(loser, winner),
            None => return had,
        };
    }
}

fn contain(
    rules: &Rules,
    own: &BTreeMap<RoleName, BTreeSet<Origin>>,
    excluded: &BTreeMap<RoleName, RoleName>,
    now: Timestamp,
) -> BTreeMap<RoleName, BTreeSet<Origin>> {
    let mut had: BTreeMap<_, _> =
        own.iter().filter(|(name, _)| !excluded.contains_key(*name)).map(|(n, o)| (n.clone(), o.clone())).collect();
    let mut open: Vec<RoleName> = had.keys().cloned().collect();
    while let Some(outer) = open.pop() {
        let contained = rules.configuration().roles.get(&outer).map_or(&[][..], |role| &role.roles);
        for inner in contained {
            let holds =
                rules.configuration().roles.get(inner).is_some_and(|role| role.validity.at(now) == Moment::Within);
            if !holds || excluded.contains_key(inner) {
                continue;
            }
            if !had.contains_key(inner) {
                open.push(inner.clone());
            }
            had.entry(inner.clone()).or_default().insert(Origin::Role(outer.clone()));
        }
    }
    had
}

/// The first two roles, by rank, that nobody may have together: who loses, and who stays.
fn first_conflict<'a>(rules: &Rules, roles: impl Iterator<Item = &'a RoleName>) -> Option<(RoleName, RoleName)> {
    let mut ranked: Vec<&RoleName> = roles.collect();
    ranked.sort_by_key(|name| rank(rules, name));
    ranked.iter().enumerate().find_map(|(place, winner)| {
        let loser = ranked[place + 1..].iter().find(|other| exclude_each_other(rules, winner, other))?;
        Some(((*loser).clone(), (*winner).clone()))
    })
}

fn exclude_each_other(rules: &Rules, left: &RoleName, right: &RoleName) -> bool {
    let excludes = |one: &RoleName, other: &RoleName| {
        rules.configuration().roles.get(one).is_some_and(|role| role.excludes.contains(other))
    };
    excludes(left, right) || excludes(right, left)
}

/// Where a role stands when only one of several can be had: the least wins.
pub(crate) fn rank<'a>(rules: &Rules, name: &'a RoleName) -> (Reverse<i64>, &'a RoleName) {
    (Reverse(rules.configuration().roles.get(name).map_or(0, |role| role.priority)), name)
}

/// What hangs on a rule that cannot be decided: the roles that an undecided one contains, and those of lower rank that it
/// would exclude.
fn spread_faults(rules: &Rules, found: &mut Memberships) {
    for fault in &mut found.faults {
        let mut open: Vec<RoleName> = fault.roles.iter().cloned().collect();
        while let Some(undecided) = open.pop() {
            let contained = rules.configuration().roles.get(&undecided).map_or(&[][..], |role| &role.roles);
            let new = contained.iter().filter(|inner| !found.roles.contains_key(*inner));
            let new: Vec<RoleName> = new.filter(|inner| fault.roles.insert((*inner).clone())).cloned().collect();
            open.extend(new);
        }
        let would_lose = found.roles.keys().filter(|had| {
            let beats = |undecided: &&RoleName| rank(rules, undecided) < rank(rules, had);
            fault.roles.iter().filter(beats).any(|undecided| exclude_each_other(rules, undecided, had))
        });
        let would_lose: Vec<RoleName> = would_lose.cloned().collect();
        fault.roles.extend(would_lose);
    }
}
