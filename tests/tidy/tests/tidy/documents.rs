//! What the documents promise: decisions have a number and a status, links lead somewhere, tests that are named exist.

use purser_tidy::{TextFile, files_in, hold, root, text_files};
use std::fs;
use std::path::Path;

const DECISIONS: &str = "host/docs/adr/";
const ARCHITECTURE: &str = "host/docs/architecture.md";

/// The commands with which a new user begins; more would be more than anybody reads.
const SET_UP: [&str; 2] = ["cargo xtask demo", "cargo xtask test"];

fn read(path: &str) -> TextFile {
    TextFile::new(path, &fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}")))
}

/// The number at the beginning of a decision's file name, where the whole name is `NNNN-in-kebab-case.md`.
fn number(file: &TextFile) -> Option<u32> {
    let (digits, title) = file.name().strip_suffix(".md")?.split_once('-')?;
    let is_kebab = title.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    if digits.len() == 4 && is_kebab { digits.parse().ok() } else { None }
}

fn decision_findings(file: &TextFile, expected: u32) -> Vec<String> {
    let mut findings = Vec::new();
    if number(file) != Some(expected) {
        findings.push(format!("{}: name it {expected:04}-in-kebab-case.md", file.path));
    }
    let heading = format!("# {expected:04}: ");
    let title = file.text.lines().next().and_then(|line| line.strip_prefix(&heading));
    if title.is_none_or(|title| title.trim().is_empty()) {
        findings.push(format!("{}: begin with the line `{heading}Title`", file.path));
    }
    let status = file.text.lines().find_map(|line| line.strip_prefix("Status: "));
    if !status.is_some_and(|status| status.starts_with("accepted") || status.starts_with("superseded by ")) {
        findings.push(format!("{}: write a line `Status: accepted` or `Status: superseded by NNNN`", file.path));
    }
    findings
}

/// The targets of `[text](target)` that are files here.
fn links(text: &str) -> impl Iterator<Item = &str> {
    let targets = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    targets
        .filter(|target| !target.contains("://") && !target.starts_with('#') && !target.contains(char::is_whitespace))
        .map(|target| target.split('#').next().unwrap_or(target))
}

fn link_findings(file: &TextFile, exists: &dyn Fn(&Path) -> bool) -> Vec<String> {
    let folder = Path::new(&file.path).parent().unwrap_or(Path::new(""));
    let broken = links(&file.text).filter(|target| !exists(&folder.join(target)));
    broken.map(|target| format!("{}: the link to {target} leads nowhere", file.path)).collect()
}

/// Tests named as `path/file.rs::test_name` in backticks.
fn named_tests(text: &str) -> Vec<(&str, &str)> {
    let quoted = text.split('`').skip(1).step_by(2);
    quoted.filter_map(|name| name.split_once("::")).filter(|(path, _)| path.ends_with(".rs")).collect()
}

fn test_findings(text: &str, read: &dyn Fn(&str) -> Option<String>) -> Vec<String> {
    let missing = named_tests(text).into_iter().filter(|(path, test)| {
        let found = read(path).is_some_and(|text| text.contains(&format!("fn {test}(")));
        !found
    });
    missing
        .map(|(path, test)| format!("{ARCHITECTURE}: no test `{test}` in {path}; name the one that holds it"))
        .collect()
}

/// A crate is named in backticks by its folder, or by that of its neighbours: `plugins/*`.
fn is_on_the_map(text: &str, folder: &str) -> bool {
    let neighbours = folder.rsplit_once('/').map(|(parent, _)| format!("`{parent}/*`"));
    text.contains(&format!("`{folder}`")) || neighbours.is_some_and(|neighbours| text.contains(&neighbours))
}

/// Commands that stand on a line of their own in a block of code.
fn commands(text: &str) -> Vec<&str> {
    let mut fenced = false;
    let mut found = Vec::new();
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        } else if (fenced || line.starts_with("    ")) && line.trim_start().starts_with("cargo ") {
            found.push(line.trim());
        }
    }
    found
}

#[test]
fn every_decision_has_a_number_a_title_and_a_status() {
    let decisions = files_in(DECISIONS, ".md").unwrap();
    let findings: Vec<_> =
        (1..).zip(&decisions).flat_map(|(expected, file)| decision_findings(file, expected)).collect();
    hold("A decision is not in order.", &findings);
}

#[test]
fn every_link_leads_somewhere() {
    let markdown = text_files().unwrap().into_iter().filter(|file| file.path.ends_with(".md"));
    let exists = |path: &Path| root().join(path).exists();
    let findings: Vec<_> = markdown.flat_map(|file| link_findings(&file, &exists)).collect();
    hold("A link is broken.", &findings);
}

#[test]
fn every_invariant_is_held_by_a_test_that_exists() {
    let text = read(ARCHITECTURE).text;
    assert!(named_tests(&text).len() >= 7, "{ARCHITECTURE} must name the tests that hold its invariants");
    hold(
        "An invariant is not held by what it says.",
        &test_findings(&text, &|path| fs::read_to_string(root().join(path)).ok()),
    );
}

#[test]
fn the_architecture_names_every_crate() {
    let text = read(ARCHITECTURE).text;
    let crates = files_in("", "/Cargo.toml").unwrap();
    let folders = crates.iter().filter_map(|manifest| manifest.path.strip_suffix("/Cargo.toml"));
    let missing: Vec<_> = folders.filter(|folder| !is_on_the_map(&text, folder)).map(str::to_owned).collect();
    hold("Say in host/docs/architecture.md what each of these crates is for.", &missing);
}

#[test]
fn the_readme_has_two_commands_to_set_up() {
    assert_eq!(commands(&read("README.md").text), SET_UP, "README.md shows exactly these two as blocks");
    let ci = read(".ci/run").text;
    assert_eq!(ci.lines().last(), Some(SET_UP[1]), "continuous integration runs what the README says");
}

#[test]
fn the_rules_find_what_they_are_for() {
    let decision = |name: &str, text: &str| decision_findings(&TextFile::new(&format!("{DECISIONS}{name}"), text), 1);
    assert_eq!(decision("0001-a-thing.md", "# 0001: A thing\n\nStatus: accepted\n").len(), 0);
    assert_eq!(decision("0002-A thing.md", "# A thing\n").len(), 3);
    let linked = TextFile::new("host/docs/a.md", "[b](b.md) [c](https://example.org) [d](../x.md#part) [e](#here)");
    assert_eq!(link_findings(&linked, &|path| path == Path::new("host/docs/b.md")).len(), 1);
    let text = "held by `host/a.rs::holds` and `host/a.rs::gone`, see `Store::record`";
    assert_eq!(test_findings(text, &|_| Some("fn holds() {}".to_owned())).len(), 1);
    assert!(is_on_the_map("`host/plan`", "host/plan") && is_on_the_map("`plugins/*`", "plugins/scim"));
    assert!(!is_on_the_map("`host/plan`", "host/planet") && !is_on_the_map("`plugins/*`", "host/plan"));
    assert_eq!(commands("    cargo a\ntext `cargo b`\n```sh\ncargo c\n```\ncargo d"), ["cargo a", "cargo c"]);
}
