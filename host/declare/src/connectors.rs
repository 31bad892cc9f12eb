//! `[connectors]`, `connector = "name@range"`, `upgrade` and `limits`: which connectors run, and what they may use.

use crate::limits::number;
use crate::problems::Problems;
use crate::section::{Node, Section};
use crate::units;
use purser_model::connectors::{
    CompilingLimits, ConnectorReference, ConnectorRules, InstanceLimits, KeepingRules, MOST_INSTANCES, MOST_MEMORY,
    MOST_PAGE_OBJECTS, MOST_TABLE_ELEMENTS, NotADigest, SignaturePolicy, StagedRules, UpgradePolicy,
};
use semver::VersionReq;

const SIGNATURES: &[(&str, SignaturePolicy)] =
    &[("require", SignaturePolicy::Require), ("warn", SignaturePolicy::Warn), ("allow", SignaturePolicy::Allow)];

/// A public key in minisign's form: base64 of two letters, eight bytes of number and 32 bytes of key.
const KEY_LENGTH: usize = 56;
const KEY_START: &str = "RW";

/// A text names no connector.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotAConnector {
    #[error("`{0}` is no connector's name: write `name` or `name@range`, such as \"scim@^1\"")]
    Name(String),
    #[error("`{range}` is no version range ({cause}): write for example \"{name}@^1.2\"")]
    Range { name: String, range: String, cause: semver::Error },
    #[error("a build is named by its blake3 digest, as `purser connector list` shows it: write \"{0}@blake3:...\"")]
    OtherDigest(String),
    #[error(transparent)]
    Digest(#[from] NotADigest),
}

/// Reads `name`, `name@range` or `name@blake3:digest`.
pub(crate) fn reference(text: &str) -> Result<ConnectorReference, NotAConnector> {
    let (name, range) = text.split_once('@').unwrap_or((text, "*"));
    let name = name.to_owned();
    if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')) {
        return Err(NotAConnector::Name(name));
    }
    if let Some((kind, digest)) = range.split_once(':') {
        if kind != "blake3" {
            return Err(NotAConnector::OtherDigest(name));
        }
        return Ok(ConnectorReference { digest: Some(digest.parse()?), ..ConnectorReference::any(name) });
    }
    match VersionReq::parse(range) {
        Ok(version) => Ok(ConnectorReference { name, version, digest: None }),
        Err(cause) => Err(NotAConnector::Range { name, range: range.to_owned(), cause }),
    }
}

/// Reads `[connectors]`.
pub(crate) fn rules(mut section: Section<'_>, problems: &mut Problems) -> ConnectorRules {
    let signatures = section.optional("signatures");
    let policy = signatures.as_ref().and_then(|node| node.choice(SIGNATURES, problems)).unwrap_or_default();
    let mut rules = ConnectorRules { signatures: policy, ..ConnectorRules::default() };
    if let Some(publishers) = section.optional("publishers").and_then(|node| node.section(problems)) {
        for (name, node) in publishers.entries() {
            rules.publishers.extend(publisher(name, &node, problems));
        }
    }
    if let (SignaturePolicy::Require, true, Some(node)) = (policy, rules.publishers.is_empty(), &signatures) {
        problems.report(&node.place, "no connector can be used where nobody's signature counts: add `publishers`");
    }
    rules.compiling = section.optional("compile").map(|node| compiling(&node, problems)).unwrap_or_default();
    rules.keeping = section.optional("keep").map(|node| keeping(&node, problems)).unwrap_or_default();
    section.finish(problems);
    rules
}

fn keeping(node: &Node<'_>, problems: &mut Problems) -> KeepingRules {
    let mut rules = KeepingRules::default();
    let Some(mut section) = node.section(problems) else { return rules };
    rules.copies = number(&mut section, "copies", 0..=10_000, problems).unwrap_or(rules.copies);
    let age = section.optional("age").and_then(|node| node.parsed(units::duration, problems));
    rules.age = age.unwrap_or(rules.age);
    section.finish(problems);
    rules
}

fn publisher(name: &str, node: &Node<'_>, problems: &mut Problems) -> Option<(String, String)> {
    let key = node.filled_text(problems)?.trim().to_owned();
    let is_base64 = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'+' | b'/' | b'=');
    if key.len() == KEY_LENGTH && key.starts_with(KEY_START) && key.bytes().all(is_base64) {
        return Some((name.to_owned(), key));
    }
    problems.report(&node.place, "this is no public key: write the second line of the file that `minisign -G` makes");
    None
}

fn compiling(node: &Node<'_>, problems: &mut Problems) -> CompilingLimits {
    let Some(mut section) = node.section(problems) else { return CompilingLimits::default() };
    let limits = CompilingLimits {
        memory: section.optional("memory").and_then(|node| node.parsed(units::size, problems)),
        cpu: section.optional("cpu").and_then(|node| node.parsed(units::duration, problems)),
        wall: section.optional("wall").and_then(|node| node.parsed(units::duration, problems)),
    };
    section.finish(problems);
    limits
}

/// Reads `upgrade`: a word, or `{ mode = "staged", share = 10, ... }`.
pub(crate) fn upgrade(section: &mut Section<'_>, problems: &mut Problems) -> UpgradePolicy {
    let Some(node) = section.optional("upgrade") else { return UpgradePolicy::default() };
    let words = [("direct", UpgradePolicy::Direct), ("staged", UpgradePolicy::Staged(StagedRules::default()))];
    if !node.value.is_table() {
        return node.choice(&words, problems).unwrap_or_default();
    }
    let Some(mut inner) = node.section(problems) else { return UpgradePolicy::default() };
    let mode = inner.required("mode", "\"staged\"", problems);
    let mode = mode.and_then(|node| node.choice(&words, problems)).unwrap_or_default();
    let UpgradePolicy::Staged(default) = mode else {
        inner.finish(problems);
        return mode;
    };
    let percent = |number: Option<u64>, default| number.and_then(|n| u8::try_from(n).ok()).unwrap_or(default);
    let rules = StagedRules {
        compare: number(&mut inner, "compare", 0..=1_000_000_000, problems).unwrap_or(default.compare),
        share: percent(number(&mut inner, "share", 1..=100, problems), default.share),
        operations: number(&mut inner, "operations", 0..=1_000_000_000, problems).unwrap_or(default.operations),
        errors: percent(number(&mut inner, "errors", 0..=100, problems), default.errors),
    };
    inner.finish(problems);
    UpgradePolicy::Staged(rules)
}

/// Reads `limits`: what one call may use.
pub(crate) fn limits(section: &mut Section<'_>, problems: &mut Problems) -> InstanceLimits {
    let Some(mut inner) = section.optional("limits").and_then(|node| node.section(problems)) else {
        return InstanceLimits::default();
    };
    let memory = inner.optional("memory").and_then(|node| {
        let memory = node.parsed(units::size, problems)?;
        if memory > MOST_MEMORY {
            let most = MOST_MEMORY >> 20;
            problems.report(&node.place, format!("the runtime gives a call at most {most} MiB of memory"));
        }
        Some(memory)
    });
    let limits = InstanceLimits {
        memory,
        table: number(&mut inner, "table", 1..=MOST_TABLE_ELEMENTS, problems),
        instances: number(&mut inner, "instances", 1..=MOST_INSTANCES, problems),
        cpu: inner.optional("cpu").and_then(|node| node.parsed(units::duration, problems)),
        wall: inner.optional("wall").and_then(|node| node.parsed(units::duration, problems)),
        host_calls: number(&mut inner, "host_calls", 1..=1_000_000_000, problems),
        traffic: inner.optional("traffic").and_then(|node| node.parsed(units::size, problems)),
        log_lines: number(&mut inner, "log_lines", 0..=1_000_000, problems).and_then(|n| u32::try_from(n).ok()),
        log_bytes: inner.optional("log_bytes").and_then(|node| node.parsed(units::size, problems)),
        output: inner.optional("output").and_then(|node| node.parsed(units::size, problems)),
        page: number(&mut inner, "page", 1..=MOST_PAGE_OBJECTS, problems).and_then(|n| u32::try_from(n).ok()),
        value: inner.optional("value").and_then(|node| node.parsed(units::size, problems)),
    };
    inner.finish(problems);
    limits
}
