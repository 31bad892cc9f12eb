//! Nothing of one machine is committed: no path of it, and no registry that only it can reach.

use purser_tidy::{TextFile, hold, root, text_files};
use std::fs;

/// Where this rule itself lies; it has to name what it looks for.
const THIS_FILE: &str = "tests/tidy/tests/tidy/machine.rs";

/// What gives a machine away, and what to write instead.
const FORBIDDEN: [(&str, &str); 12] = [
    ("/root/", "a path of one machine; write it relative to the checkout"),
    ("/home/", "a path of one machine; write it relative to the checkout"),
    ("/work/", "a path of one machine; write it relative to the checkout"),
    ("C:\\Users", "a path of one machine; write it relative to the checkout"),
    ("index.crates.io", "a registry; cargo knows where crates come from"),
    ("static.crates.io", "a registry; cargo knows where crates come from"),
    ("pypi.org/simple", "a registry; pip knows where packages come from"),
    ("files.pythonhosted.org", "a registry; pip knows where packages come from"),
    ("registry.npmjs.org", "a registry; npm knows where packages come from"),
    ("--index-url", "a registry; whoever needs another sets it in their own configuration"),
    ("replace-with", "a registry; whoever needs another sets it in their own configuration"),
    ("[registries", "a registry; whoever needs another sets it in their own configuration"),
];

/// Where every dependency comes from.
const SOURCE: &str = "registry+https://github.com/rust-lang/crates.io-index";

fn machine_findings(file: &TextFile) -> Vec<String> {
    if file.path == THIS_FILE {
        return Vec::new();
    }
    let lines = file.text.lines().enumerate();
    lines
        .flat_map(|line| FORBIDDEN.iter().map(move |forbidden| (line, forbidden)))
        .filter(|((_, line), (forbidden, _))| line.contains(forbidden))
        .map(|((index, _), (forbidden, instead))| format!("{}:{}: `{forbidden}`: {instead}", file.path, index + 1))
        .collect()
}

fn source_findings(lock_file: &str) -> Vec<String> {
    let sources = lock_file.lines().filter_map(|line| line.strip_prefix("source = "));
    let strange = sources.filter(|source| source.trim_matches('"') != SOURCE);
    strange.map(|source| format!("Cargo.lock: {source}: take the crate from the registry")).collect()
}

#[test]
fn no_file_knows_the_machine_it_was_written_on() {
    let findings: Vec<_> = text_files().unwrap().iter().flat_map(machine_findings).collect();
    hold("A file holds something of one machine.", &findings);
}

#[test]
fn every_dependency_comes_from_the_registry() {
    let lock_file = fs::read_to_string(root().join("Cargo.lock")).unwrap();
    assert!(lock_file.contains(SOURCE));
    hold("A dependency comes from elsewhere.", &source_findings(&lock_file));
}

#[test]
fn the_rules_find_what_they_are_for() {
    assert_eq!(machine_findings(&TextFile::new("a.md", "see /home/anna/notes")).len(), 1);
    assert_eq!(machine_findings(&TextFile::new("a.rs", "get(\"/Users/1\")")).len(), 0);
    assert_eq!(source_findings("source = \"git+https://github.com/x/y\"\n").len(), 1);
}
