//! `guard`, `retry` and `quarantine`: the numbers that keep damage small.

use crate::problems::Problems;
use crate::section::{Node, Section};
use crate::units;
use purser_model::guard::{Guard, GuardLimit};
use purser_model::quarantine::{QuarantineRules, RetryRules};
use std::time::Duration;
use toml::de::DeValue;

/// Reads the guard of a target: `{ share = 20, floor = 20, count = 500, revoke = { share = 20 } }`.
pub(crate) fn guard(section: &mut Section<'_>, problems: &mut Problems) -> Guard {
    let mut guard = Guard::default();
    if let Some(mut inner) = section.optional("guard").and_then(|node| node.section(problems)) {
        guard.accounts = numbers(&mut inner, problems);
        if let Some(mut revoke) = inner.optional("revoke").and_then(|node| node.section(problems)) {
            guard.revokes = numbers(&mut revoke, problems);
            revoke.finish(problems);
        }
        inner.finish(problems);
    }
    guard
}

/// Reads the guard of a source: `{ share = 20, floor = 20, count = 500 }`.
pub(crate) fn departures(section: &mut Section<'_>, problems: &mut Problems) -> GuardLimit {
    let Some(mut inner) = section.optional("guard").and_then(|node| node.section(problems)) else {
        return GuardLimit::default();
    };
    let limit = numbers(&mut inner, problems);
    inner.finish(problems);
    limit
}

fn numbers(section: &mut Section<'_>, problems: &mut Problems) -> GuardLimit {
    let default = GuardLimit::default();
    GuardLimit {
        share: number(section, "share", 0..=100, problems).unwrap_or(default.share),
        floor: number(section, "floor", 0..=MOST, problems).unwrap_or(default.floor),
        count: number(section, "count", 0..=MOST, problems).unwrap_or(default.count),
    }
}

/// Reads `[target.NAME.retry]`.
pub(crate) fn retry(section: &mut Section<'_>, problems: &mut Problems) -> RetryRules {
    let mut rules = RetryRules::default();
    if let Some(mut inner) = section.optional("retry").and_then(|node| node.section(problems)) {
        (rules.base, rules.cap) = waits(&mut inner, ("base", "cap"), (rules.base, rules.cap), problems);
        let attempts =
            number(&mut inner, "attempts", 1..=1_000, problems).and_then(|number| u32::try_from(number).ok());
        rules.attempts = attempts.unwrap_or(rules.attempts);
        inner.finish(problems);
    }
    rules
}

/// Reads `[target.NAME.quarantine]`.
pub(crate) fn quarantine(section: &mut Section<'_>, problems: &mut Problems) -> QuarantineRules {
    let mut rules = QuarantineRules::default();
    if let Some(mut inner) = section.optional("quarantine").and_then(|node| node.section(problems)) {
        let failures =
            number(&mut inner, "failures", 1..=1_000, problems).and_then(|number| u32::try_from(number).ok());
        rules.failures = failures.unwrap_or(rules.failures);
        (rules.base, rules.cap) = waits(&mut inner, ("base", "cap"), (rules.base, rules.cap), problems);
        rules.share = number(&mut inner, "share", 0..=100, problems).unwrap_or(rules.share);
        rules.floor = number(&mut inner, "floor", 1..=MOST, problems).unwrap_or(rules.floor);
        let (base, cap) = (rules.operation_base, rules.operation_cap);
        (rules.operation_base, rules.operation_cap) =
            waits(&mut inner, ("operation_base", "operation_cap"), (base, cap), problems);
        inner.finish(problems);
    }
    rules
}

const MOST: u64 = 1_000_000_000;

/// Two waits of which the first is not the longer one.
fn waits(
    section: &mut Section<'_>,
    (base, cap): (&'static str, &'static str),
    defaults: (Duration, Duration),
    problems: &mut Problems,
) -> (Duration, Duration) {
    let shortest = section.optional(base);
    let longest = section.optional(cap);
    let mut read = |node: &Option<Node<'_>>, default| {
        node.as_ref().and_then(|node| node.parsed(units::duration, problems)).unwrap_or(default)
    };
    let found = (read(&shortest, defaults.0), read(&longest, defaults.1));
    if let (true, Some(node)) = (found.0 > found.1, longest.or(shortest)) {
        problems.report(&node.place, format!("`{base}` must not be longer than `{cap}`"));
    }
    found
}

pub(crate) fn number(
    section: &mut Section<'_>,
    key: &'static str,
    allowed: std::ops::RangeInclusive<u64>,
    problems: &mut Problems,
) -> Option<u64> {
    let node = section.optional(key)?;
    let written = match node.value {
        DeValue::Integer(number) => u64::from_str_radix(number.as_str(), number.radix()).ok(),
        _ => None,
    };
    let found = written.filter(|number| allowed.contains(number));
    if found.is_none() {
        let message = format!("write a whole number from {} to {}", allowed.start(), allowed.end());
        problems.report(&node.place, message);
    }
    found
}
