//! Files that are no connector, and connectors that cannot be loaded.

use crate::environment::{assert_others_go_on, component, load, runtime};
use purser_connector::{Fault, Limit};
use purser_runtime::{CallLimits, LoadError, NotAConnector, Runtime, RuntimeSettings};
use std::fs;
use std::path::PathBuf;
use std::time::Duration;
use wit_component::{ComponentEncoder, StringEncoding, dummy_module, embed_component_metadata};
use wit_parser::{LiftLowerAbi, ManglingAndAbi, Resolve};

struct File {
    _folder: tempfile::TempDir,
    path: PathBuf,
}

fn file(bytes: &[u8]) -> File {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("suspect.wasm");
    fs::write(&path, bytes).unwrap();
    File { _folder: folder, path }
}

/// A component of the world `suspect` in this WIT; its functions trap.
fn component_of(wit: &str) -> Vec<u8> {
    let mut resolve = Resolve::default();
    let package = resolve.push_str("suspect.wit", wit).unwrap();
    let world = resolve.select_world(&[package], Some("suspect")).unwrap();
    let mut module = dummy_module(&resolve, world, ManglingAndAbi::Legacy(LiftLowerAbi::Sync));
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).unwrap();
    ComponentEncoder::default().module(&module).unwrap().validate(true).encode().unwrap()
}

/// Why this file is no connector. The message must name the file; other connectors must go on.
async fn refusal(bytes: &[u8]) -> NotAConnector {
    let file = file(bytes);
    let error = runtime().load(&file.path).await.unwrap_err();
    assert!(error.to_string().contains(file.path.to_str().unwrap()), "{error}");
    assert_others_go_on().await;
    match error {
        LoadError::NotAConnector { reason, .. } => reason,
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn what_is_no_component_is_refused() {
    assert_eq!(refusal(b"").await, NotAConnector::NotWebAssembly);
    assert_eq!(refusal(b"#!/bin/sh\nrm -rf /\n").await, NotAConnector::NotWebAssembly);
    assert_eq!(refusal(b"\0asm\x01\0\0\0").await, NotAConnector::CoreModule);
}

#[tokio::test]
async fn half_a_component_is_refused() {
    let whole = fs::read(component("well_behaved")).unwrap();
    let file = file(&whole[..whole.len() / 2]);
    let error = runtime().load(&file.path).await.unwrap_err();
    assert!(matches!(error, LoadError::NotAConnector { reason: NotAConnector::Broken(_), .. }), "{error}");
    assert_others_go_on().await;
}

#[tokio::test]
async fn a_component_of_another_world_is_refused() {
    let other = component_of("package acme:billing; interface bills { pay: func(); } world suspect { export bills; }");
    assert_eq!(refusal(&other).await, NotAConnector::OtherWorld(vec!["acme:billing/bills".into()]));
    let nothing = component_of("package acme:billing; world suspect {}");
    assert_eq!(refusal(&nothing).await, NotAConnector::OtherWorld(vec![]));
}

#[tokio::test]
async fn an_unknown_version_of_the_contract_is_named() {
    let later = component_of(
        "package purser:connector@0.2.0; interface provisioning { describe: func(); } world suspect { export provisioning; }",
    );
    assert_eq!(refusal(&later).await, NotAConnector::UnknownVersion { found: "0.2.0".into() });
}

#[tokio::test]
async fn an_export_of_the_right_name_and_the_wrong_type_is_refused() {
    let wrong = file(&component_of(
        "package purser:connector@0.1.0; interface provisioning { describe: func() -> u32; } \
         world suspect { export provisioning; }",
    ));
    let error = runtime().load(&wrong.path).await.unwrap_err();
    assert!(matches!(error, LoadError::Contract { .. }), "{error}");
    assert_others_go_on().await;
}

#[tokio::test]
async fn an_import_that_the_host_does_not_provide_is_named() {
    let wit = |import: &str, package: &str| {
        format!(
            "package purser:connector@0.1.0; \
             interface provisioning {{ describe: func(); }} interface quantum {{ search: func(); }} \
             world suspect {{ import {import}; export provisioning; }} {package}"
        )
    };
    let wasi = "package wasi:http@0.2.0 { interface handler { handle: func(); } }";
    for (import, package, full_name) in [
        ("quantum", "", "purser:connector/quantum@0.1.0"),
        ("wasi:http/handler@0.2.0", wasi, "wasi:http/handler@0.2.0"),
        ("anything: func()", "", "anything"),
    ] {
        match refusal(&component_of(&wit(import, package))).await {
            NotAConnector::RefusedImport { import, .. } => assert_eq!(import, full_name),
            other => panic!("{full_name}: {other}"),
        }
    }
}

#[tokio::test]
async fn a_file_that_is_too_large_or_not_there_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let mut settings = RuntimeSettings::new(folder.path());
    settings.max_component_bytes = 1000;
    settings.max_concurrent_calls = 1;
    let runtime = Runtime::new(settings).unwrap();
    let error = runtime.load(&component("well_behaved")).await.unwrap_err();
    assert!(matches!(error, LoadError::TooLarge { limit: 1000, .. }), "{error}");
    let error = runtime.load(&folder.path().join("missing.wasm")).await.unwrap_err();
    assert!(matches!(error, LoadError::File { .. }), "{error}");
}

#[tokio::test]
async fn a_connector_that_traps_in_describe_is_refused_with_its_message() {
    let error = load("traps_in_describe").await.unwrap_err();
    let text = error.to_string();
    assert!(matches!(error, LoadError::Describe { fault: Fault::Trapped(_), .. }), "{text}");
    assert!(text.contains("traps_in_describe.wasm") && text.contains("no idea who I am"), "{text}");
    assert_others_go_on().await;
}

#[tokio::test]
async fn a_connector_that_loops_in_describe_is_stopped() {
    let error = load("loops_in_describe").await.unwrap_err();
    let LoadError::Describe { fault, .. } = &error else { panic!("{error}") };
    assert_eq!(*fault, Fault::TimedOut { limit: Limit::Cpu, after: Duration::from_millis(500) });
    assert_others_go_on().await;
}

#[tokio::test]
async fn a_manifest_that_makes_no_sense_is_refused_with_everything_that_is_wrong() {
    let error = load("breaks_manifest").await.unwrap_err();
    let LoadError::Manifest { path, problems } = error else { panic!("{error}") };
    assert_eq!(path, component("breaks_manifest"));
    assert_eq!(problems.len(), 2, "{problems:?}");
    assert_others_go_on().await;
}

#[tokio::test]
async fn a_connector_says_what_it_can_reach() {
    let connector = load("writes_while_reading").await.unwrap();
    let interfaces: Vec<_> = connector.reach().interfaces.iter().map(|interface| interface.name.to_owned()).collect();
    assert_eq!(interfaces, connector.imports());
    let mut names = interfaces.clone();
    names.sort();
    let expected = ["files", "http", "ldap"].map(|name| format!("purser:connector/{name}@0.1.0"));
    assert_eq!(names, expected);
    assert_eq!(connector.digest().to_string(), blake3_of(connector.path()));
    assert_eq!(connector.file_bytes(), fs::metadata(connector.path()).unwrap().len());
    assert_eq!(connector.manifest().egress[0].endpoint, "api");
}

fn blake3_of(path: &std::path::Path) -> String {
    blake3::hash(&fs::read(path).unwrap()).to_hex().to_string()
}

#[tokio::test]
async fn compiled_code_that_somebody_changed_is_not_loaded() {
    let folder = tempfile::tempdir().unwrap();
    let settings = || RuntimeSettings { max_concurrent_calls: 1, ..RuntimeSettings::new(folder.path()) };
    let path = component("well_behaved");
    Runtime::new(settings()).unwrap().load(&path).await.unwrap();
    let artefacts = walk(folder.path()).into_iter().filter(|file| fs::metadata(file).unwrap().len() > 1000);
    let [artefact] = artefacts.collect::<Vec<_>>().try_into().unwrap();
    let compiled = fs::read(&artefact).unwrap();
    let mut changed = compiled.clone();
    changed[compiled.len() / 2] ^= 0xff;
    fs::write(&artefact, &changed).unwrap();
    let connector = Runtime::new(settings()).unwrap().load(&path).await.unwrap();
    assert_eq!(connector.manifest().name, "guest");
    assert!(fs::read(&artefact).unwrap() != changed, "what was changed has been compiled again");
}

fn walk(folder: &std::path::Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { walk(&path) } else { vec![path] }).collect()
}

#[test]
fn the_limits_of_describe_are_tighter_than_those_of_a_call() {
    let describe = RuntimeSettings::new("unused").describe_limits;
    let call = CallLimits::default();
    assert!(describe.cpu_time < call.cpu_time && describe.wall_time < call.wall_time);
    assert!(describe.output_bytes < call.output_bytes);
}
