//! The emulated organisation, judged by the clients that others wrote for Salesforce.

use purser_peers::salesforce::Salesforce;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Something that `cargo xtask test` prepares.
fn prepared(name: &str) -> PathBuf {
    let value = std::env::var_os(name);
    PathBuf::from(value.unwrap_or_else(|| panic!("{name} is not set: run `cargo xtask test`, which prepares it")))
}

#[track_caller]
fn judge(program: &Path, script: &str, salesforce: &Salesforce) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("clients").join(script);
    let mut command = Command::new(program);
    command.arg(script).env("BASE", salesforce.url()).env("SESSION", salesforce.session());
    command.env("PURSER_CLIENTS", prepared("PURSER_CLIENTS"));
    let ended = command.output().unwrap_or_else(|error| panic!("{}: {error}", program.display()));
    let said = String::from_utf8_lossy(&ended.stderr);
    assert!(ended.status.success(), "the client is not content:\n{said}");
}

#[test]
fn jsforce_is_content() {
    let salesforce = Salesforce::start();
    salesforce.page_by(2);
    judge(Path::new("node"), "salesforce.mjs", &salesforce);
    let wrong = salesforce.violations();
    // The client was made to name a field that there is not.
    assert_eq!(wrong, ["a request names User.Nothing, which there is not"]);
}

#[test]
fn simple_salesforce_is_content() {
    let salesforce = Salesforce::start();
    judge(&prepared("PURSER_CLIENTS_PYTHON"), "salesforce.py", &salesforce);
    assert_eq!(salesforce.violations(), Vec::<String>::new());
}
