//! How a target's existing accounts are recognised, which are protected, and what happens in each situation.

use crate::problems::Problems;
use crate::reading::Reading;
use crate::section::{Node, Section};
use purser_model::configuration::{
    Correlation, FULL_WEIGHT, MatchThresholds, MissingReaction, Protection, UnlinkedReaction, UnmatchedReaction,
};
use purser_model::id::TargetName;
use purser_plan::RulePlace;
use toml::de::DeValue;

const UNLINKED: &[(&str, UnlinkedReaction)] = &[("show", UnlinkedReaction::Show), ("adopt", UnlinkedReaction::Adopt)];
const MISSING: &[(&str, MissingReaction)] =
    &[("create", MissingReaction::Create), ("show", MissingReaction::Show), ("forget", MissingReaction::Forget)];
const UNMATCHED: &[(&str, UnmatchedReaction)] = &[
    ("show", UnmatchedReaction::Show),
    ("disable", UnmatchedReaction::Disable),
    ("delete", UnmatchedReaction::Delete),
];
/// A dispute is always shown and never decided by the host.
const DISPUTED: &[(&str, ())] = &[("show", ())];

/// What happens in each situation.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reactions {
    pub(crate) unlinked: UnlinkedReaction,
    pub(crate) missing: MissingReaction,
    pub(crate) unmatched: UnmatchedReaction,
}

/// Reads `unlinked`, `missing`, `unmatched` and `disputed`.
pub(crate) fn reactions(section: &mut Section<'_>, problems: &mut Problems) -> Reactions {
    let unlinked = section.optional("unlinked").and_then(|node| node.choice(UNLINKED, problems));
    let missing = section.optional("missing").and_then(|node| node.choice(MISSING, problems));
    let unmatched = section.optional("unmatched").and_then(|node| node.choice(UNMATCHED, problems));
    section.optional("disputed").and_then(|node| node.choice(DISPUTED, problems));
    Reactions {
        unlinked: unlinked.unwrap_or(UnlinkedReaction::Show),
        missing: missing.unwrap_or_default(),
        unmatched: unmatched.unwrap_or_default(),
    }
}

/// Without a way to recognise accounts every account that Purser did not create would belong to nobody.
pub(crate) fn check_unmatched(
    section: &mut Section<'_>,
    reactions: Reactions,
    correlation: &[Correlation],
    problems: &mut Problems,
) {
    if reactions.unmatched == UnmatchedReaction::Show || !correlation.is_empty() {
        return;
    }
    if let Some(node) = section.optional("unmatched") {
        let advice = "without `correlation` no existing account is recognised, and all would count as nobody's: declare how \
                      accounts are recognised, or write \"show\"";
        problems.report(&node.place, advice);
    }
}

/// Reads the tables of `correlation`.
pub(crate) fn correlation(reading: &mut Reading, target: &TargetName, section: &mut Section<'_>) -> Vec<Correlation> {
    let nodes = section.optional("correlation").map(|node| node.list(&mut reading.problems)).unwrap_or_default();
    let mut correlation = Vec::with_capacity(nodes.len());
    for node in nodes {
        let Some(mut inner) = node.section(&mut reading.problems) else { continue };
        let attribute = inner.required_text("attribute", "\"userName\"", &mut reading.problems);
        let value = inner.required("value", "\"identity.userName\"", &mut reading.problems);
        let rule = RulePlace::Correlation { target: target.clone(), index: correlation.len() };
        let expression = value.and_then(|node| reading.expression(&node, rule));
        let weight = inner.optional("weight").and_then(|node| weight(&node, &mut reading.problems));
        inner.finish(&mut reading.problems);
        let weight = weight.unwrap_or(FULL_WEIGHT);
        correlation
            .extend(expression.map(|expression| Correlation { weight, ..Correlation::new(attribute, expression) }));
    }
    correlation
}

/// Reads `match = { definite = 100, possible = 40 }`.
pub(crate) fn thresholds(section: &mut Section<'_>, problems: &mut Problems) -> MatchThresholds {
    let usual = MatchThresholds::default();
    let Some(node) = section.optional("match") else { return usual };
    let Some(mut inner) = node.section(problems) else { return usual };
    let definite = inner.optional("definite").and_then(|node| weight(&node, problems));
    let possible = inner.optional("possible").and_then(|node| weight(&node, problems));
    inner.finish(problems);
    let read =
        MatchThresholds { definite: definite.unwrap_or(usual.definite), possible: possible.unwrap_or(usual.possible) };
    if read.possible > read.definite {
        let advice = format!(
            "`possible` is {} and above `definite`, {}: write a smaller `possible` or a larger `definite`",
            read.possible, read.definite
        );
        problems.report(&node.place, advice);
    }
    read
}

/// Reads `protected = { ids = ["..."], rule = "..." }`.
pub(crate) fn protection(reading: &mut Reading, target: &TargetName, section: &mut Section<'_>) -> Protection {
    let Some(node) = section.optional("protected") else { return Protection::default() };
    let Some(mut inner) = node.section(&mut reading.problems) else { return Protection::default() };
    let ids = inner.texts("ids", &mut reading.problems).into_iter().map(|(id, _)| id).collect();
    let place = RulePlace::Protection { target: target.clone() };
    let rule = inner.optional("rule").and_then(|node| reading.expression(&node, place));
    inner.finish(&mut reading.problems);
    let protection = Protection { ids, rule };
    if protection.is_empty() {
        let advice = "it protects nothing: write `ids`, `rule` or both, or leave it out";
        reading.problems.report(&node.place, advice);
    }
    protection
}

/// A whole number from 1 to 100.
fn weight(node: &Node<'_>, problems: &mut Problems) -> Option<u8> {
    let number = match node.value {
        DeValue::Integer(number) => u8::from_str_radix(number.as_str(), number.radix()).ok(),
        _ => None,
    };
    let weight = number.filter(|number| (1..=FULL_WEIGHT).contains(number));
    if weight.is_none() {
        problems.report(&node.place, "write a whole number from 1 to 100");
    }
    weight
}
