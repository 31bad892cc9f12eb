//! The strict core of the SCIM emulator, judged by somebody else's code: PyPI's scim2-tester.

use purser_peers::scim::{Application, TOKEN};
use std::env;
use std::path::PathBuf;
use std::process::Command;

fn python() -> PathBuf {
    let prepared = env::var_os("PURSER_CLIENTS_PYTHON");
    PathBuf::from(prepared.expect("PURSER_CLIENTS_PYTHON: run `cargo xtask test`"))
}

/// Every check of PyPI's scim2-tester.
#[test]
fn the_strict_core_conforms() {
    let application = Application::speaking("rfc");
    let serving = application.serve();
    let judged = Command::new(python())
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/clients/scim_tester.py"))
        .args([format!("{}{}", serving.url(), application.base_path()), TOKEN.to_owned()])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&judged.stdout);
    assert!(judged.status.success(), "{}", String::from_utf8_lossy(&judged.stderr));
    let lines: Vec<&str> = said.lines().collect();
    let passed = lines.last().and_then(|line| line.strip_prefix("passed ")).and_then(|count| count.parse::<u32>().ok());
    assert!(lines.len() == 1 && passed.is_some_and(|passed| passed >= 130), "{said}");
}
