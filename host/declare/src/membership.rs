//! `[group.NAME]` and `[role.NAME]`: who belongs together, and what is granted.

use crate::check::Reference;
use crate::problems::Place;
use crate::reading::Reading;
use crate::section::{Node, Section};
use purser_model::configuration::{Group, Role, RoleGrant};
use purser_model::id::{GroupName, RoleName};
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
    Role { members, groups, rule, grants }
}

fn rule(reading: &mut Reading, section: &mut Section<'_>, place: RulePlace) -> Option<String> {
    section.optional("rule").and_then(|node| reading.expression(&node, place))
}

/// Reads members, each as `source/key`. A key may hold slashes itself; a source's name holds none.
fn members(reading: &mut Reading, section: &mut Section<'_>) -> Vec<String> {
    let mut members = Vec::new();
    for (text, place) in section.texts("members", &mut reading.problems) {
        match text.split_once('/') {
            Some((source, key)) if !source.is_empty() && !key.is_empty() => {
                reading.references.push(Reference::Source { name: source.to_owned(), place });
                members.push(text);
            }
            _ => {
                let message = format!("`{text}` names no identity: write `source/key`, such as \"hr/E0001\"");
                reading.problems.report(&place, message);
            }
        }
    }
    members
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
