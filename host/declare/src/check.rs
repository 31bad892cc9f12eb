//! Checks that need every file: references to what is declared elsewhere, and expressions.

use crate::problems::{Place, Problems};
use crate::suggestion::suggest;
use purser_model::configuration::Configuration;
use purser_model::id::{GroupName, RoleName, SourceName, TargetName};
use purser_plan::{RuleError, RulePlace};
use std::collections::BTreeMap;

/// Something that is named where it is used and must be declared somewhere.
#[derive(Debug)]
pub(crate) enum Reference {
    /// A source, by a member `source/key`.
    Source { name: String, place: Place },
    /// A group, by a role.
    Group { name: String, place: Place },
    /// A role, by another.
    Role { name: String, place: Place },
    /// A target, by a role's grant.
    Target { name: String, place: Place },
    /// An entitlement of a target, by a role's grant.
    Entitlement { target: String, name: String, place: Place },
}

/// Reports references to what is not declared.
pub(crate) fn references(references: &[Reference], configuration: &Configuration, problems: &mut Problems) {
    for reference in references {
        match reference {
            Reference::Source { name, place } => {
                declared(
                    "source",
                    name,
                    configuration.sources.keys().chain(configuration.pushed.keys()).map(SourceName::as_str),
                    place,
                    problems,
                );
            }
            Reference::Group { name, place } => {
                declared("group", name, configuration.groups.keys().map(GroupName::as_str), place, problems);
            }
            Reference::Role { name, place } => {
                declared("role", name, configuration.roles.keys().map(RoleName::as_str), place, problems);
            }
            Reference::Target { name, place } => {
                declared("target", name, configuration.targets.keys().map(TargetName::as_str), place, problems);
            }
            Reference::Entitlement { target, name, place } => {
                // A target that is not declared is reported by its own reference.
                let target = configuration.targets.iter().find(|(known, _)| known.as_str() == target);
                if let Some((target, declaration)) = target {
                    let kind = format!("target.{target}.entitlement");
                    declared(&kind, name, declaration.entitlements.keys().map(String::as_str), place, problems);
                }
            }
        }
    }
}

fn declared<'a>(kind: &str, name: &str, known: impl Iterator<Item = &'a str>, place: &Place, problems: &mut Problems) {
    let known: Vec<&str> = known.collect();
    if !known.contains(&name) {
        problems.report(place, format!("[{kind}.{name}] is not declared{}", suggest(name, known)));
    }
}

/// Reports expressions that do not compile, each where it stands.
pub(crate) fn expressions(errors: Vec<RuleError>, places: &BTreeMap<RulePlace, Place>, problems: &mut Problems) {
    for error in errors {
        match places.get(&error.place) {
            Some(place) => problems.report(place, error.message),
            // Every expression was noted when it was read; should one not be, its error still stops the load.
            None => problems.report(&Place { file: 0, offset: 0, key: error.place.to_string() }, error.message),
        }
    }
}
