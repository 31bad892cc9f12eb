//! Writing a connector: `new`, its tests, `build`, `inspect`, and what the program says of a bad name or file.

use purser_e2e::environment;
use purser_e2e::home::Home;
use purser_e2e::people::{self, People, Policy};
use purser_e2e::program::Running;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Beside the test's own artefacts, so that the dependencies are compiled once and not for every run.
fn target_folder() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("scaffold")
}

#[test]
fn a_new_connector_passes_its_test_is_built_and_can_be_used() {
    let home = people::company(Policy::default());
    People::employed(1).export(&home);
    let folder = home.path("acme-crm");
    let folder = folder.to_str().expect("a temporary folder's path is text");
    home.purser(&["connector", "new", "acme-crm", "--directory", folder]).done();

    let mut tests = Command::new(env!("CARGO"));
    tests.args(["test", "--quiet"]).current_dir(folder).env("CARGO_TARGET_DIR", target_folder());
    let tests = tests.output().expect("cargo can be started");
    let said = String::from_utf8_lossy(&tests.stdout).into_owned() + &String::from_utf8_lossy(&tests.stderr);
    assert!(tests.status.success() && said.contains("4 passed"), "{said}");

    let mut build = home.command(&["connector", "build", folder]);
    let built = Running::start(build.env("CARGO_TARGET_DIR", target_folder()), &home.path("."), "build").wait();
    let built = built.ended_with(0);
    let file = home.path("connectors/acme-crm.wasm");
    assert_eq!(built["path"].as_str(), file.to_str(), "without --out it lands in the home's folder");
    assert_eq!(built["bytes"].as_u64(), file.metadata().ok().map(|metadata| metadata.len()));

    let inspected = home.purser(&["connector", "inspect", file.to_str().expect("its path is text")]).done();
    assert_eq!(inspected["manifest"]["name"], "acme-crm");
    assert_eq!(inspected["manifest"]["version"], "0.1.0");
    let reach = interfaces(&inspected);
    assert_eq!(reach, ["clock", "config", "http", "log"].map(|name| format!("purser:connector/{name}@0.1.0")));
    let checked = home.purser(&["check"]).done();
    assert!(!checked.to_string().contains("refused-file"), "the host takes it: {checked}");
}

#[test]
fn inspect_says_what_a_component_is_and_what_it_can_reach() {
    let home = Home::new();
    home.drop_in("flatfile");
    let inspected = home.purser(&["connector", "inspect", "connectors/flatfile.wasm"]).done();
    let manifest = &inspected["manifest"];
    assert_eq!((&manifest["name"], &manifest["version"]), (&"flatfile".into(), &"0.1.0".into()));
    assert!(manifest["limits"]["page_size"].as_u64() > Some(0) && manifest["limits"]["batch_size"].as_u64() > Some(0));
    assert_eq!(interfaces(&inspected), ["config", "files", "log"].map(|name| format!("purser:connector/{name}@0.1.0")));
    assert_eq!(inspected["reach"]["directories"][0]["directory"], "data");
    let digest = inspected["digest"].as_str().expect("the digest is text");
    assert!(digest.len() == 64 && digest.bytes().all(|digit| digit.is_ascii_hexdigit()), "{digest}");

    // The same bytes under another name are the same component; it is the same answer for people.
    std::fs::copy(home.path("connectors/flatfile.wasm"), home.path("copy.wasm")).expect("a file can be copied");
    let mut command = Command::new(environment::purser());
    let text = command.args(["connector", "inspect"]).arg(home.path("copy.wasm")).output().expect("it can be started");
    let text = String::from_utf8_lossy(&text.stdout);
    for part in ["flatfile 0.1.0", digest, "WHAT IT CAN REACH", "purser:connector/files@0.1.0", "LIMITS", "pages of"] {
        assert!(text.contains(part), "`{part}` must be in:\n{text}");
    }
}

#[test]
fn what_cannot_be_a_connector_is_refused_with_its_name() {
    let home = Home::new();
    home.write("garbage.wasm", b"this is no WebAssembly");
    let refused = home.purser(&["connector", "inspect", "garbage.wasm"]).complaint(1);
    assert!(refused.contains("garbage.wasm"), "{refused}");
    let refused = home.purser(&["connector", "inspect", "nowhere.wasm"]).complaint(1);
    assert!(refused.contains("nowhere.wasm"), "{refused}");

    let refused = home.purser(&["connector", "new", "Acme CRM"]).complaint(1);
    assert!(refused.contains("Acme CRM") && refused.contains("acme-crm"), "{refused}");
    assert!(!home.path("Acme CRM").exists());
    home.write("taken/notes.txt", b"mine");
    let refused = home.purser(&["connector", "new", "taken"]).complaint(1);
    assert!(refused.contains("is there already"), "{refused}");
    assert_eq!(home.read("taken/notes.txt"), "mine");
}

/// The interfaces that a component can reach, sorted.
fn interfaces(inspected: &Value) -> Vec<String> {
    let interfaces = inspected["reach"]["interfaces"].as_array().into_iter().flatten();
    let mut names: Vec<_> = interfaces.filter_map(|one| one["name"].as_str()).map(str::to_owned).collect();
    names.sort();
    names
}
