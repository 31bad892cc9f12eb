//! Licences of dependencies: none but those that `deny.toml` allows.

use cargo_metadata::{Metadata, MetadataCommand};
use purser_tidy::{hold, root};
use std::collections::BTreeSet;
use std::fs;

const CONFIGURATION: &str = "deny.toml";

fn allowed() -> BTreeSet<String> {
    let table: toml::Table = fs::read_to_string(root().join(CONFIGURATION)).unwrap().parse().unwrap();
    let licences = table["licenses"]["allow"].as_array().unwrap();
    licences.iter().map(|licence| licence.as_str().unwrap().to_owned()).collect()
}

/// Everything that is compiled where Purser runs.
fn dependencies() -> Metadata {
    let platform = ["--filter-platform", "x86_64-unknown-linux-gnu"].map(str::to_owned).to_vec();
    MetadataCommand::new().manifest_path(root().join("Cargo.toml")).other_options(platform).exec().unwrap()
}

/// Whether the allowed licences suffice for an SPDX expression. `/` is how old crates write `OR`.
fn suffice(allowed: &BTreeSet<String>, expression: &str) -> bool {
    let words = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let words: Vec<&str> = words.split_whitespace().collect();
    any_of(&words, allowed) == (true, &[])
}

/// Whether the beginning suffices, and what is left behind it. So do the two below.
fn any_of<'a, 'b>(words: &'a [&'b str], allowed: &BTreeSet<String>) -> (bool, &'a [&'b str]) {
    let (mut suffices, mut rest) = all_of(words, allowed);
    while let ["OR", after @ ..] = rest {
        let (other, remaining) = all_of(after, allowed);
        suffices |= other;
        rest = remaining;
    }
    (suffices, rest)
}

fn all_of<'a, 'b>(words: &'a [&'b str], allowed: &BTreeSet<String>) -> (bool, &'a [&'b str]) {
    let (mut suffices, mut rest) = one(words, allowed);
    while let ["AND", after @ ..] = rest {
        let (other, remaining) = one(after, allowed);
        suffices &= other;
        rest = remaining;
    }
    (suffices, rest)
}

fn one<'a, 'b>(words: &'a [&'b str], allowed: &BTreeSet<String>) -> (bool, &'a [&'b str]) {
    match words {
        ["(", inner @ ..] => {
            let (suffices, rest) = any_of(inner, allowed);
            (suffices, rest.strip_prefix(&[")"]).unwrap_or(rest))
        }
        [licence, "WITH", exception, rest @ ..] => (allowed.contains(&format!("{licence} WITH {exception}")), rest),
        [licence, rest @ ..] => (allowed.contains(*licence), rest),
        [] => (false, &[]),
    }
}

#[test]
fn every_dependency_has_an_allowed_licence() {
    let (allowed, metadata) = (allowed(), dependencies());
    let foreign: Vec<_> = metadata.packages.iter().filter(|package| package.source.is_some()).collect();
    assert!(foreign.len() > 100, "only {} dependencies were found", foreign.len());
    let findings: Vec<_> = foreign
        .into_iter()
        .map(|package| (package, package.license.as_deref().unwrap_or_default()))
        .filter(|(_, licence)| !suffice(&allowed, licence))
        .map(|(package, licence)| format!("{} {}: its licence is `{licence}`", package.name, package.version))
        .collect();
    hold("Choose another crate, or allow the licence in deny.toml and say why in the commit.", &findings);
}

#[test]
fn an_expression_is_read_as_spdx_says() {
    let allowed = ["MIT", "ISC", "Apache-2.0 WITH LLVM-exception"].map(str::to_owned).into();
    for enough in
        ["MIT", "GPL-3.0 OR MIT", "MIT/Apache-2.0", "ISC AND (GPL-3.0 OR MIT)", "Apache-2.0 WITH LLVM-exception"]
    {
        assert!(suffice(&allowed, enough), "{enough}");
    }
    for too_little in ["", "GPL-3.0", "MIT AND GPL-3.0", "Apache-2.0", "(MIT OR ISC) AND GPL-3.0", "MIT ISC"] {
        assert!(!suffice(&allowed, too_little), "{too_little}");
    }
}
