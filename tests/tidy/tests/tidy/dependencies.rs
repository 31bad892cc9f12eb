//! The dependency law: who may know whom. `host/docs/architecture.md` says why.

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package};
use purser_tidy::{hold, root};
use std::collections::BTreeSet;

/// Each crate of the host with the crates of the project that it may depend on.
const LAW: [(&str, &[&str]); 21] = [
    ("purser-model", &[]),
    ("purser-plan", &["purser-model"]),
    ("purser-catalogue", &["purser-model"]),
    ("purser-connector", &["purser-model"]),
    ("purser-broker", &["purser-model"]),
    ("purser-sealing", &["purser-model"]),
    ("purser-ldap", &["purser-model"]),
    ("purser-scim-server", &["purser-model"]),
    ("purser-store", &["purser-model"]),
    ("purser-declare", &["purser-model", "purser-plan", "purser-scim-server"]),
    ("purser-store-sqlite", &["purser-model", "purser-store"]),
    ("purser-runtime", &["purser-model", "purser-connector", "purser-broker", "purser-ldap"]),
    ("purser-reconcile", &["purser-model", "purser-plan", "purser-connector", "purser-store"]),
    ("purser-webhook", &["purser-model", "purser-broker", "purser-store"]),
    ("purser-issuer", &["purser-model", "purser-broker"]),
    ("purser-backup", &["purser-store"]),
    ("purser-telemetry", &["purser-broker"]),
    ("purser-console", &[]),
    (
        "purser-api",
        &[
            "purser-model",
            "purser-store",
            "purser-reconcile",
            "purser-scim-server",
            "purser-console",
            "purser-webhook",
            "purser-backup",
            "purser-issuer",
        ],
    ),
    ("purser-build", &[]),
    ("xtask", &[]),
];

/// What only some crates may name, by the beginning of their names.
const OWNERS: [(&str, &[&str]); 7] = [
    ("wasmtime", &["purser-runtime"]),
    ("cap-std", &["purser-runtime"]),
    ("reqwest", &["purser-broker"]),
    ("rusqlite", &["purser-store-", "purser-e2e"]),
    ("rusqlite_migration", &["purser-store-"]),
    ("axum", &["purser-api", "purser-console", "purser-peers"]),
    ("cel", &["purser-plan"]),
];

/// What would let planning do IO, wait or look at a clock.
const NOT_BELOW: [&str; 8] =
    ["async-trait", "cap-std", "chrono", "futures", "rand", "reqwest", "tokio", "tracing-subscriber"];

/// What the law is about: a crate, where it lies, and what it names.
struct Crate {
    name: String,
    folder: String,
    /// Also what it is built with.
    dependencies: BTreeSet<String>,
    for_tests: BTreeSet<String>,
}

impl Crate {
    fn read(package: &Package, metadata: &Metadata) -> Self {
        let of = |wanted: fn(DependencyKind) -> bool| {
            let named = package.dependencies.iter().filter(|dependency| wanted(dependency.kind));
            named.map(|dependency| dependency.name.clone()).collect()
        };
        let folder = package.manifest_path.strip_prefix(&metadata.workspace_root).unwrap_or(&package.manifest_path);
        Self {
            name: package.name.to_string(),
            folder: folder.as_str().trim_end_matches("/Cargo.toml").to_owned(),
            dependencies: of(|kind| kind != DependencyKind::Development),
            for_tests: of(|kind| kind == DependencyKind::Development),
        }
    }

    fn is_in(&self, folder: &str) -> bool {
        self.folder.starts_with(folder)
    }
}

fn crates() -> Vec<Crate> {
    let metadata = MetadataCommand::new().manifest_path(root().join("Cargo.toml")).no_deps().exec().unwrap();
    metadata.workspace_packages().iter().map(|package| Crate::read(package, &metadata)).collect()
}

fn is_ours(name: &str) -> bool {
    name == "purser" || name == "xtask" || name.starts_with("purser-")
}

fn may_name(of: &Crate) -> Option<&'static [&'static str]> {
    if of.is_in("sdk/") {
        return Some(&[]);
    }
    if of.is_in("plugins/") {
        return Some(&["purser-sdk"]);
    }
    LAW.iter().find(|(name, _)| *name == of.name).map(|(_, allowed)| *allowed)
}

/// The program wires all and tests use all; nobody depends on those.
fn law_findings(of: &Crate) -> Vec<String> {
    let ours = of.dependencies.iter().filter(|name| is_ours(name));
    if of.name == "purser" || of.is_in("tests/") {
        let wrong = ours.filter(|name| matches!(name.as_str(), "purser" | "xtask"));
        return wrong.map(|name| format!("{}: depends on {name}, which is a program", of.folder)).collect();
    }
    let Some(allowed) = may_name(of) else {
        return vec![format!(
            "{}: the law does not know the crate {}. Say in LAW of tests/tidy/tests/tidy/dependencies.rs what it may \
             depend on, and in host/docs/architecture.md why it is there",
            of.folder, of.name
        )];
    };
    ours.filter(|name| !allowed.contains(&name.as_str()))
        .map(|name| {
            format!("{}: depends on {name}; it may depend on {allowed:?}. Move what is shared below both", of.folder)
        })
        .collect()
}

fn owner_findings(of: &Crate) -> Vec<String> {
    if of.is_in("tests/") {
        return Vec::new();
    }
    let named = |library: &&(&str, &[&str])| of.dependencies.contains(library.0) || of.for_tests.contains(library.0);
    let is_owner = |owners: &[&str]| owners.iter().any(|owner| of.name.starts_with(owner));
    OWNERS
        .iter()
        .filter(named)
        .filter(|(_, owners)| !is_owner(owners))
        .map(|(library, owners)| {
            format!("{}: names {library}, which only {owners:?} may name. Go through their interface", of.folder)
        })
        .collect()
}

fn purity_findings(of: &Crate) -> Vec<String> {
    if !["purser-model", "purser-plan", "purser-scim-server"].contains(&of.name.as_str()) {
        return Vec::new();
    }
    let named = NOT_BELOW.iter().filter(|library| of.dependencies.contains(**library));
    named
        .map(|library| {
            format!("{}: names {library}; it is pure. Do this in host/reconcile, and pass values in", of.folder)
        })
        .collect()
}

#[test]
fn crates_depend_on_nothing_but_what_the_law_allows() {
    let findings: Vec<_> = crates().iter().flat_map(law_findings).collect();
    hold("The dependency law is broken:", &findings);
}

#[test]
fn a_library_with_an_owner_is_named_by_nobody_else() {
    let findings: Vec<_> = crates().iter().flat_map(owner_findings).collect();
    hold("A library is named outside the crate that hides it:", &findings);
}

#[test]
fn model_and_plan_name_nothing_that_does_io() {
    let findings: Vec<_> = crates().iter().flat_map(purity_findings).collect();
    hold("Planning must stay pure:", &findings);
}

/// Connectors are tested with the SDK's own host in memory, so that a vendor can do the same.
#[test]
fn connectors_and_sdk_do_not_name_the_host_in_tests_either() {
    let outside: Vec<_> = crates().into_iter().filter(|one| one.is_in("sdk/") || one.is_in("plugins/")).collect();
    assert!(outside.len() >= 3, "the SDK and two connectors at least");
    for one in outside {
        let of_host: Vec<_> = one.for_tests.iter().filter(|name| is_ours(name) && *name != "purser-sdk").collect();
        assert!(of_host.is_empty(), "{}: its tests depend on {of_host:?}; use purser_sdk::testing", one.folder);
    }
}

#[test]
fn the_rules_find_what_they_are_for() {
    let with = |name: &str, folder: &str, dependency: &str| Crate {
        name: name.to_owned(),
        folder: folder.to_owned(),
        dependencies: BTreeSet::from([dependency.to_owned()]),
        for_tests: BTreeSet::new(),
    };
    assert_eq!(law_findings(&with("purser-model", "host/model", "purser-plan")).len(), 1);
    assert_eq!(law_findings(&with("purser-scim", "plugins/scim", "purser-model")).len(), 1);
    assert_eq!(law_findings(&with("purser-scim", "plugins/scim", "purser-sdk")).len(), 0);
    assert_eq!(law_findings(&with("purser-new", "host/new", "serde")).len(), 1);
    assert_eq!(law_findings(&with("purser-e2e", "tests/e2e", "xtask")).len(), 1);
    assert_eq!(owner_findings(&with("purser-api", "host/api", "wasmtime")).len(), 1);
    assert_eq!(owner_findings(&with("purser-store-sqlite", "host/store-sqlite", "rusqlite")).len(), 0);
    assert_eq!(purity_findings(&with("purser-plan", "host/plan", "tokio")).len(), 1);
}
