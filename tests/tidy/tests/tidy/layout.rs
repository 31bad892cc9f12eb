//! What lies where: the top level, and what every crate has.

use purser_tidy::{TextFile, files_in, hold, root, text_files, top_level};
use toml::Table;

/// What may lie at the top level beside dot files.
const TOP_LEVEL: [&str; 13] = [
    "CHANGELOG.md",
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE",
    "README.md",
    "clippy.toml",
    "deny.toml",
    "host",
    "plugins",
    "rust-toolchain.toml",
    "rustfmt.toml",
    "sdk",
    "tests",
];
/// The package that only a fuzzer builds.
const OF_THE_FUZZER: &str = "tests/fuzz/libfuzzer/Cargo.toml";
const CONTRACT: &str = "wit";

/// What a crate takes from the workspace, so that it is said once.
const INHERITED: [&str; 5] = ["version", "edition", "rust-version", "license", "publish"];

fn parse(file: &TextFile) -> Table {
    file.text.parse().unwrap_or_else(|error| panic!("{}: {error}", file.path))
}

fn root_manifest() -> Table {
    parse(&TextFile::new("Cargo.toml", &std::fs::read_to_string(root().join("Cargo.toml")).unwrap()))
}

/// The manifests of all crates of the workspace. What needs a compiler with unstable options is a workspace of its own.
fn manifests() -> Vec<TextFile> {
    let all = files_in("", "/Cargo.toml").unwrap();
    all.into_iter().filter(|manifest| manifest.path != OF_THE_FUZZER).collect()
}

fn members() -> Vec<String> {
    let manifest = root_manifest();
    let members = manifest["workspace"]["members"].as_array().unwrap();
    members.iter().map(|member| member.as_str().unwrap().to_owned()).collect()
}

fn top_level_findings(names: &[String]) -> Vec<String> {
    let expected = |name: &str| name.starts_with('.') || name == CONTRACT || TOP_LEVEL.contains(&name);
    let strange = names.iter().filter(|name| !expected(name));
    strange
        .map(|name| format!("{name}: put it into one of the folders; what a tool makes goes to .gitignore"))
        .collect()
}

/// Every crate is built and checked with all others.
fn member_findings(manifest: &TextFile, members: &[String]) -> Vec<String> {
    let folder = manifest.path.trim_end_matches("/Cargo.toml");
    if members.iter().any(|member| member == folder) {
        return Vec::new();
    }
    vec![format!("{folder}: add it to [workspace] members of Cargo.toml, or nothing builds it")]
}

fn manifest_findings(manifest: &TextFile) -> Vec<String> {
    let table = parse(manifest);
    let mut findings = Vec::new();
    let inherits = |table: Option<&toml::Value>| {
        table.and_then(|value| value.get("workspace")).and_then(toml::Value::as_bool) == Some(true)
    };
    if !inherits(table.get("lints")) {
        findings.push(format!("{}: add `[lints]` with `workspace = true`", manifest.path));
    }
    let package = table.get("package").and_then(toml::Value::as_table);
    for key in INHERITED {
        if !inherits(package.and_then(|package| package.get(key))) {
            findings.push(format!("{}: write `{key}.workspace = true` in [package]", manifest.path));
        }
    }
    let description = package.and_then(|package| package.get("description")).and_then(toml::Value::as_str);
    if description.is_none_or(|text| text.split_whitespace().count() < 3) {
        findings.push(format!("{}: say in `description` what the crate is for", manifest.path));
    }
    findings
}

/// A path dependency is ours; anything else is named once, in the workspace, so that there is one version of it.
fn dependency_findings(manifest: &TextFile) -> Vec<String> {
    let table = parse(manifest);
    let of_targets =
        table.get("target").and_then(toml::Value::as_table).into_iter().flatten().map(|(_, target)| target);
    let sections = of_targets.filter_map(toml::Value::as_table).chain([&table]);
    let mut findings = Vec::new();
    for section in sections {
        for kind in ["dependencies", "dev-dependencies", "build-dependencies"] {
            let named = section.get(kind).and_then(toml::Value::as_table).into_iter().flatten();
            let loose = named.filter(|(_, value)| value.get("workspace").and_then(toml::Value::as_bool) != Some(true));
            findings.extend(loose.map(|(name, _)| {
                format!("{}: name {name} in [workspace.dependencies] and take it from there", manifest.path)
            }));
        }
    }
    findings
}

#[test]
fn the_top_level_is_fixed() {
    hold(
        "The top level holds what host/docs/architecture.md names, and nothing else.",
        &top_level_findings(&top_level().unwrap()),
    );
}

#[test]
fn every_crate_is_a_member_of_the_workspace() {
    let members = members();
    let findings: Vec<_> = manifests().iter().flat_map(|manifest| member_findings(manifest, &members)).collect();
    hold("A crate lies outside the workspace.", &findings);
}

#[test]
fn every_crate_has_the_lints_and_figures_of_the_workspace() {
    let findings: Vec<_> = manifests().iter().flat_map(manifest_findings).collect();
    hold("A crate says for itself what the workspace says for all.", &findings);
}

#[test]
fn every_dependency_is_named_once_in_the_workspace() {
    let findings: Vec<_> = manifests().iter().flat_map(dependency_findings).collect();
    hold("A dependency is named beside the workspace.", &findings);
}

/// Its warnings are errors in `cargo xtask check`; a lint that is taken out of the list would go unseen.
#[test]
fn the_workspace_keeps_its_lints() {
    let manifest = root_manifest();
    let lints = &manifest["workspace"]["lints"];
    assert_eq!(lints["rust"]["unsafe_code"].as_str(), Some("deny"));
    for lint in ["unwrap_used", "todo", "unimplemented", "dbg_macro", "disallowed_methods"] {
        assert!(lints["clippy"].get(lint).is_some(), "put the lint {lint} back into [workspace.lints.clippy]");
    }
    let clippy = text_files().unwrap().into_iter().find(|file| file.path == "clippy.toml").unwrap();
    for clock in ["std::time::SystemTime::now", "std::time::Instant::now", "jiff::Timestamp::now"] {
        assert!(clippy.text.contains(clock), "time is a parameter: put {clock} back into clippy.toml");
    }
}

#[test]
fn the_rules_find_what_they_are_for() {
    let manifest = |text: &str| TextFile::new("host/sample/Cargo.toml", text);
    assert_eq!(top_level_findings(&["docs".into(), ".github".into(), "wit".into()]).len(), 1);
    assert_eq!(member_findings(&manifest(""), &["host/model".into()]).len(), 1);
    assert_eq!(manifest_findings(&manifest("[package]\nname = \"sample\"")).len(), 7);
    assert_eq!(dependency_findings(&manifest("[dependencies]\nserde = \"1\"\ntoml.workspace = true")).len(), 1);
    let in_target = "[target.'cfg(unix)'.dependencies]\nserde = { version = \"1\" }";
    assert_eq!(dependency_findings(&manifest(in_target)).len(), 1);
}
