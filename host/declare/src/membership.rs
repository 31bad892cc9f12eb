//! `[group.NAME]` and `[role.NAME]`: who belongs together, and what is granted.

use crate::check::Reference;
use crate::problems::Place;
use crate::reading::Reading;
use crate::section::{DayEnd, Node, Section};
use purser_model::configuration::{Group, Member, Role, RoleGrant};
use purser_model::id::{GroupName, RoleName};
use purser_model::identity::Validity;
use purser_plan::RulePlace;
use std::str::FromStr;

/// Reads a group.
pub(crate) fn group(reading: &mut Reading, name: &GroupName, mut section: Section<'_>) -> Group {
    let members = members(reading, &mut section);
    let rule = rule(reading, &mut section, RulePlace::GroupRule { group: name.clone() });
    section.finish(&mut reading.problems);
    Group { members, rule }
}

/// Reads a role.
pub(crate) fn role(reading: &mut Reading, name: &RoleName, mut section: Section<'_>) -> Role {
    let members = members(reading, &mut section);
    let validity = validity(reading, &mut section);
    let priority = section.optional("priority").and_then(|node| node.integer(&mut reading.problems));
    let roles = roles(reading, &mut section, "roles");
    let excludes = roles_excluded(reading, name, &mut section);
    let groups = section.texts("groups", &mut reading.problems);
    let groups = groups.into_iter().filter_map(|(text, place)| {
        let group = name_or_report(reading, &text, &place)?;
        reading.references.push(Reference::Group { name: text, place });
        Some(group)
    });
    let groups = groups.collect();
    let rule = rule(reading, &mut section, RulePlace::RoleRule { role: name.clone() });
    let grants = section.optional("grant").map(|node| node.list(&mut reading.problems)).unwrap_or_default();
    let grants = grants.iter().filter_map(|node| grant(reading, node)).collect();
    section.finish(&mut reading.problems);
    Role { members, groups, rule, roles, priority: priority.unwrap_or(0), excludes, validity, grants }
}

/// Reads names of roles, which may be declared in a later file.
fn roles(reading: &mut Reading, section: &mut Section<'_>, key: &'static str) -> Vec<RoleName> {
    let texts = section.texts(key, &mut reading.problems).into_iter();
    let roles = texts.filter_map(|(text, place)| {
        let role = name_or_report(reading, &text, &place)?;
        reading.references.push(Reference::Role { name: text, place });
        Some(role)
    });
    roles.collect()
}

fn roles_excluded(reading: &mut Reading, name: &RoleName, section: &mut Section<'_>) -> Vec<RoleName> {
    let excludes = roles(reading, section, "excludes");
    if excludes.contains(name) {
        let place = section.place.clone();
        reading.problems.report(&place, "a role cannot exclude itself: nobody could have it");
    }
    excludes
}

/// Reads `from` and `until`: days in UTC, or moments.
fn validity(reading: &mut Reading, section: &mut Section<'_>) -> Validity {
    let problems = &mut reading.problems;
    let from = section.optional("from").and_then(|node| node.moment(DayEnd::Start, problems));
    let until = section.optional("until").and_then(|node| Some((node.moment(DayEnd::End, problems)?, node.place)));
    if let (Some(from), Some((until, place))) = (from, &until)
        && *until <= from
    {
        problems.report(place, "it ends before it begins");
    }
    Validity { from, until: until.map(|(until, _)| until) }
}

fn rule(reading: &mut Reading, section: &mut Section<'_>, place: RulePlace) -> Option<String> {
    section.optional("rule").and_then(|node| reading.expression(&node, place))
}

/// Reads members, each as `source/key`, or as `{ identity = "source/key", from = ..., until = ... }`.
fn members(reading: &mut Reading, section: &mut Section<'_>) -> Vec<Member> {
    let nodes = section.optional("members").map(|node| node.list(&mut reading.problems)).unwrap_or_default();
    nodes.iter().filter_map(|node| member(reading, node)).collect()
}

fn member(reading: &mut Reading, node: &Node<'_>) -> Option<Member> {
    if !node.value.is_table() {
        let text = node.filled_text(&mut reading.problems)?;
        return Some(Member { identity: identity(reading, text, &node.place)?, validity: Validity::ALWAYS });
    }
    let mut section = node.section(&mut reading.problems)?;
    let named = section.required("identity", "\"hr/E0001\"", &mut reading.problems);
    let named = named.and_then(|node| Some((node.filled_text(&mut reading.problems)?, node.place)));
    let validity = validity(reading, &mut section);
    section.finish(&mut reading.problems);
    let (text, place) = named?;
    Some(Member { identity: identity(reading, text, &place)?, validity })
}

/// Checks `source/key`. A key may hold slashes itself; a source's name holds none.
fn identity(reading: &mut Reading, text: String, place: &Place) -> Option<String> {
    match text.split_once('/') {
        Some((source, key)) if !source.is_empty() && !key.is_empty() => {
            reading.references.push(Reference::Source { name: source.to_owned(), place: place.clone() });
            Some(text)
        }
        _ => {
            let message = format!("`{text}` names no identity: write `source/key`, such as \"hr/E0001\"");
            reading.problems.report(place, message);
            None
        }
    }
}

fn grant(reading: &mut Reading, node: &Node<'_>) -> Option<RoleGrant> {
    let mut section = node.section(&mut reading.problems)?;
    let target = section.required("target", "\"crm\"", &mut reading.problems);
    let target = target.and_then(|node| Some((node.filled_text(&mut reading.problems)?, node.place)));
    let entitlements = section.texts("entitlements", &mut reading.problems);
    section.finish(&mut reading.problems);
    let (text, place) = target?;
    let target = name_or_report(reading, &text, &place)?;
    for (name, place) in &entitlements {
        let reference = Reference::Entitlement { target: text.clone(), name: name.clone(), place: place.clone() };
        reading.references.push(reference);
    }
    reading.references.push(Reference::Target { name: text, place });
    Some(RoleGrant { target, entitlements: entitlements.into_iter().map(|(name, _)| name).collect() })
}

fn name_or_report<N: FromStr>(reading: &mut Reading, text: &str, place: &Place) -> Option<N>
where
    N::Err: std::fmt::Display,
{
    text.parse().map_err(|error: N::Err| reading.problems.report(place, error.to_string())).ok()
}
