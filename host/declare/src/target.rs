//! `[target.NAME]`: one application.

use crate::check::Reference;
use crate::limits;
use crate::matching;
use crate::problems::Problems;
use crate::reading::Reading;
use crate::section::{Node, Section};
use crate::timing;
use crate::units;
use crate::{insight, instance, mapping, password};
use purser_model::configuration::{Approval, DeclaredEntitlement, Deprovisioning, Leaving, Target};
use purser_model::id::TargetName;
use std::collections::BTreeMap;
use std::path::Path;

const APPROVALS: [(&str, Approval); 2] = [("anybody", Approval::Anybody), ("another-person", Approval::AnotherPerson)];

const LEAVING: &[(&str, Deprovisioning)] =
    &[("keep", Deprovisioning::Keep), ("disable", Deprovisioning::Disable), ("delete", Deprovisioning::Delete)];

/// Reads a target.
pub(crate) fn read(reading: &mut Reading, name: &TargetName, mut section: Section<'_>, base: &Path) -> Target {
    let instance = instance::read(&mut section, base, &mut reading.problems);
    let class = section.required_text("class", "\"User\"", &mut reading.problems);
    let reactions = matching::reactions(&mut section, &mut reading.problems);
    let leaving = section.optional("leaving").and_then(|node| leaving(&node, &mut reading.problems));
    let timing = timing::read(&mut section, &mut reading.problems);
    let correlation = matching::correlation(reading, name, &mut section);
    let thresholds = matching::thresholds(&mut section, &mut reading.problems);
    let protected = matching::protection(reading, name, &mut section);
    matching::check_unmatched(&mut section, reactions, &correlation, &mut reading.problems);
    let mappings = mapping::read(reading, name, &mut section, !correlation.is_empty());
    let password = password::read(&mut section, &mut reading.problems);
    let entitlements = entitlements(reading, name, &mut section);
    let insight = section.optional("insight").and_then(|node| insight::read(&node, &mut reading.problems));
    let guard = limits::guard(&mut section, &mut reading.problems);
    let retry = limits::retry(&mut section, &mut reading.problems);
    let quarantine = limits::quarantine(&mut section, &mut reading.problems);
    let approval = section.optional("approval").and_then(|node| node.choice(&APPROVALS, &mut reading.problems));
    section.finish(&mut reading.problems);
    Target {
        correlation,
        matching: thresholds,
        protected,
        unlinked: reactions.unlinked,
        missing: reactions.missing,
        unmatched: reactions.unmatched,
        mappings,
        password,
        leaving: leaving.unwrap_or(Deprovisioning::Disable.into()),
        entitlements,
        reconcile: timing.reconcile,
        windows: timing.windows,
        rate: timing.rate,
        insight,
        guard,
        retry,
        quarantine,
        approval: approval.unwrap_or_default(),
        ..Target::new(instance, class)
    }
}

/// Reads `"disable"` or `{ action = "disable", grace = "7d", delete_after = "30d" }`.
fn leaving(node: &Node<'_>, problems: &mut Problems) -> Option<Leaving> {
    if !node.value.is_table() {
        return node.choice(LEAVING, problems).map(Leaving::from);
    }
    let mut section = node.section(problems)?;
    let action = section.required("action", "\"disable\"", problems);
    let action = action.and_then(|node| node.choice(LEAVING, problems)).unwrap_or(Deprovisioning::Disable);
    let grace = section.optional("grace").and_then(|node| node.parsed(units::duration, problems));
    let delete_after = section.optional("delete_after").map(|node| {
        if action != Deprovisioning::Disable {
            problems.report(&node.place, "only what is disabled is deleted later: write `action = \"disable\"`");
        }
        node.parsed(units::duration, problems)
    });
    section.finish(problems);
    Some(Leaving { action, grace: grace.unwrap_or_default(), delete_after: delete_after.flatten() })
}

fn entitlements(
    reading: &mut Reading,
    target: &TargetName,
    section: &mut Section<'_>,
) -> BTreeMap<String, DeclaredEntitlement> {
    let sections = section.sections("entitlement", &mut reading.problems).into_iter();
    sections.map(|(name, inner)| (name.to_owned(), entitlement(reading, target, inner))).collect()
}

fn entitlement(reading: &mut Reading, target: &TargetName, mut section: Section<'_>) -> DeclaredEntitlement {
    let needs = section.texts("needs", &mut reading.problems);
    for (name, place) in &needs {
        let reference = Reference::Entitlement { target: target.to_string(), name: name.clone(), place: place.clone() };
        reading.references.push(reference);
    }
    let problems = &mut reading.problems;
    let class = section.required_text("class", "\"Group\"", problems);
    let attribute = section.required_text("attribute", "\"displayName\"", problems);
    let value = section.required_text("value", "\"Engineers\"", problems);
    let create = section.optional("create").and_then(|node| node.flag(problems));
    section.finish(problems);
    let needs = needs.into_iter().map(|(name, _)| name).collect();
    DeclaredEntitlement { class, attribute, value, create: create.unwrap_or(false), needs }
}
