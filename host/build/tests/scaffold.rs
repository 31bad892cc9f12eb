//! A new connector passes its own tests and becomes a component that imports only what it uses.

use purser_build::scaffold::new_connector;
use purser_build::{BuildRequest, Progress, build};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Beside the test's own artefacts, so that the dependencies are compiled once and not for every run.
fn target_directory() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("scaffold")
}

#[test]
fn a_new_connector_passes_its_tests_and_becomes_a_component() {
    let parent = tempfile::tempdir().unwrap();
    let directory = parent.path().join("acme-crm");
    let sdk = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../sdk/rust");
    new_connector("acme-crm", &directory, &sdk).unwrap();

    let mut test = Command::new(env!("CARGO"));
    test.args(["test", "--quiet"]).current_dir(&directory).env("CARGO_TARGET_DIR", target_directory());
    let output = test.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}");
    assert!(text.contains("4 passed"), "{text}");

    let request = BuildRequest {
        target_directory: Some(target_directory()),
        progress: Progress::Quiet,
        ..BuildRequest::new(&directory, &directory)
    };
    let built = build(&request).unwrap();
    assert_eq!(built.path, directory.join("acme-crm.wasm"));
    let interfaces = imports(&std::fs::read(&built.path).unwrap());
    let expected = ["clock", "config", "http", "log", "types"];
    assert_eq!(interfaces, expected.map(|name| format!("purser:connector/{name}@0.1.0")));
}

/// The names of a component's imports, sorted.
fn imports(component: &[u8]) -> Vec<String> {
    let mut names = Vec::new();
    let mut depth = 0_usize;
    for payload in wasmparser::Parser::new(0).parse_all(component) {
        match payload.expect("the component is valid") {
            wasmparser::Payload::ModuleSection { .. } | wasmparser::Payload::ComponentSection { .. } => depth += 1,
            wasmparser::Payload::End(_) => depth = depth.saturating_sub(1),
            wasmparser::Payload::ComponentImportSection(section) if depth == 0 => {
                names.extend(
                    section.into_iter().map(|import| import.expect("the section is valid").name.name.to_owned()),
                );
            }
            _ => {}
        }
    }
    names.sort();
    names
}
