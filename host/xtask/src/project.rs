//! The project's own builds and checks.

use crate::machine;
use crate::steps::{run, step};
use anyhow::Context;
use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

/// The top of the project.
pub fn top() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap_or(Path::new(".")).to_owned()
}

/// Where cargo builds.
pub fn target_folder() -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(|| top().join("target"), |folder| top().join(folder))
}

/// Where the built connectors lie.
pub fn connectors_folder() -> PathBuf {
    target_folder().join("connectors")
}

/// The built program.
pub fn purser_path() -> PathBuf {
    target_folder().join("debug/purser")
}

/// The program, ready to be given arguments.
pub fn purser() -> Command {
    Command::new(purser_path())
}

/// The cargo that runs this task, at the top of the project.
pub fn cargo() -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo")));
    command.current_dir(top());
    command
}

/// Builds the program.
///
/// # Errors
/// It does not compile.
pub fn program() -> anyhow::Result<()> {
    // With the features of the whole workspace, so that the tests do not compile everything anew.
    let build = ["build", "--workspace", "--bin", "purser"];
    step("the program (the first time takes some minutes)", || run(cargo().args(build)))
}

/// Builds an example of the end-to-end tests.
///
/// # Errors
/// It does not compile.
pub fn example(name: &str) -> anyhow::Result<PathBuf> {
    // As the program, with the features of the whole workspace.
    step(&format!("the example {name}"), || run(cargo().args(["build", "--workspace", "--example", name])))?;
    Ok(target_folder().join("debug/examples").join(name))
}

/// Builds the connectors whose sources changed.
///
/// # Errors
/// One does not compile.
pub fn connectors() -> anyhow::Result<()> {
    for name in connector_names()? {
        let source = top().join("plugins").join(&name);
        let component = connectors_folder().join(format!("{name}.wasm"));
        if is_newer(&component, &[&source, &top().join("sdk/rust"), &top().join("wit"), &top().join("Cargo.lock")]) {
            continue;
        }
        step(&format!("the connector {name}"), || {
            let mut command = purser();
            run(command.args(["connector", "build"]).arg(&source).arg("--out").arg(&component))
        })?;
    }
    Ok(())
}

/// The connectors of the project, by their folders.
fn connector_names() -> anyhow::Result<Vec<String>> {
    let plugins = top().join("plugins");
    let entries = fs::read_dir(&plugins).with_context(|| format!("cannot read {}", plugins.display()))?;
    let folders = entries.filter_map(Result::ok).filter(|entry| entry.path().join("Cargo.toml").is_file());
    let mut names: Vec<_> = folders.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    Ok(names)
}

/// Where the official clients of vendors are described, which judge the emulators.
pub fn clients_folder() -> PathBuf {
    top().join("tests/peers/clients")
}

/// The connectors in other languages than Rust, by name: the source and the folder of the SDK that builds it.
const IN_OTHER_LANGUAGES: [(&str, &str, &str); 4] = [
    ("rest-example", "sdk/javascript/example/rest.js", "sdk/javascript"),
    ("fetches", "tests/guests/javascript/fetches.js", "sdk/javascript"),
    ("ldif-example", "sdk/python/example/ldif.py", "sdk/python"),
    ("snoops", "tests/guests/python/snoops.py", "sdk/python"),
];

/// Where the connectors in other languages lie.
pub fn languages_folder() -> PathBuf {
    target_folder().join("languages")
}

/// Builds the connectors in JavaScript and Python whose sources changed.
///
/// # Errors
/// A toolchain cannot be installed, or a connector cannot be built.
pub fn connectors_in_other_languages() -> anyhow::Result<()> {
    for (name, source, sdk) in IN_OTHER_LANGUAGES {
        let (source, sdk) = (top().join(source), top().join(sdk));
        let component = languages_folder().join(name).with_extension("wasm");
        if is_newer(&component, &[&source, &sdk, &top().join("wit")]) {
            continue;
        }
        let (program, script) = if source.extension().is_some_and(|extension| extension == "js") {
            machine::node_modules(&sdk, "the compiler of JavaScript connectors")?;
            (PathBuf::from("node"), "build.mjs")
        } else {
            let requirements = sdk.join("requirements.txt");
            (machine::python("componentize-py", "the compiler of Python connectors", &requirements)?, "build.py")
        };
        step(&format!("the connector {name}"), || {
            run(Command::new(program).arg(sdk.join(script)).arg(&source).arg(&component).current_dir(top()))
        })?;
    }
    Ok(())
}

/// Whether a file is newer than everything below these.
fn is_newer(file: &Path, sources: &[&Path]) -> bool {
    let Ok(built) = fs::metadata(file).and_then(|metadata| metadata.modified()) else { return false };
    sources.iter().all(|source| newest(source).is_some_and(|changed| changed < built))
}

fn newest(path: &Path) -> Option<SystemTime> {
    let metadata = fs::metadata(path).ok()?;
    if !metadata.is_dir() {
        return metadata.modified().ok();
    }
    let entries = fs::read_dir(path).ok()?;
    entries
        .filter_map(Result::ok)
        .filter(|entry| entry.file_name() != "target" && entry.file_name() != "node_modules")
        .filter_map(|entry| newest(&entry.path()))
        .max()
}

/// Checks the formatting.
///
/// # Errors
/// Something is not formatted.
pub fn format() -> anyhow::Result<()> {
    step("formatting", || run(cargo().args(["fmt", "--all", "--check"])))
}

/// Checks the lints; a warning is an error.
///
/// # Errors
/// A lint complains.
pub fn lint() -> anyhow::Result<()> {
    step("lints", || run(cargo().args(["clippy", "--workspace", "--all-targets", "--", "--deny", "warnings"])))
}
