//! Brings what building needs: a C compiler (SQLite and TLS are compiled from C) and the target of connectors.

use crate::root::Root;
use crate::steps::{Steps, answers, first_line};
use anyhow::{Context, bail};
use std::process::Command;

const CONNECTOR_TARGET: &str = "wasm32-unknown-unknown";

/// Prepares the machine.
///
/// # Errors
/// Something is missing and cannot be brought; the error says what to install.
pub fn run(root: &Root, steps: &mut Steps) -> anyhow::Result<()> {
    c_compiler(steps)?;
    connector_target(root, steps)
}

fn c_compiler(steps: &mut Steps) -> anyhow::Result<()> {
    if answers(Command::new("cc").arg("--version")) {
        steps.nothing_to_do("C compiler", "is there");
        return Ok(());
    }
    debian_packages(steps, "C compiler", &["build-essential"])
}

/// Adds the target with rustup. Where that cannot be, `purser connector build` looks for Debian's packages, and says what
/// to install where it finds none; so this is no error yet.
fn connector_target(root: &Root, steps: &mut Steps) -> anyhow::Result<()> {
    let name = format!("target {CONNECTOR_TARGET} of connectors");
    if has_target(root) {
        steps.nothing_to_do(&name, "is there");
    } else if !answers(Command::new("rustup").arg("--version")) {
        steps.nothing_to_do(
            &name,
            "rustup is not there to add it; building a connector will look for Debian's packages",
        );
    } else {
        let added = steps.program(&name, root.command("rustup").args(["target", "add", CONNECTOR_TARGET]));
        if let Err(error) = added {
            steps.nothing_to_do(&name, &format!("{error:#}; building a connector will look for Debian's packages"));
        }
    }
    Ok(())
}

fn has_target(root: &Root) -> bool {
    let library = first_line(root.command("rustc").args(["--print", "target-libdir", "--target", CONNECTOR_TARGET]));
    library.and_then(|library| std::fs::read_dir(library).ok()).is_some_and(|mut entries| entries.next().is_some())
}

/// Installs Debian packages, and names them.
///
/// # Errors
/// This is not root or not Debian (the error says what to install), or apt-get fails.
pub fn debian_packages(steps: &mut Steps, purpose: &str, packages: &[&str]) -> anyhow::Result<()> {
    let wanted = packages.join(" ");
    if !answers(Command::new("apt-get").arg("--version")) {
        bail!("{purpose} is missing. Install what this system calls {wanted}, then try again");
    }
    if first_line(Command::new("id").arg("-u")).as_deref() != Some("0") {
        bail!("{purpose} is missing. Run `apt-get install {wanted}` as root, then try again");
    }
    steps.step(&format!("{purpose}: install the Debian packages {wanted}"), || {
        apt_get(&["update"], &[])?;
        apt_get(&["install", "--yes", "--no-install-recommends"], packages)
    })
}

fn apt_get(arguments: &[&str], packages: &[&str]) -> anyhow::Result<()> {
    let mut command = Command::new("apt-get");
    command.arg("--quiet").args(arguments).args(packages).env("DEBIAN_FRONTEND", "noninteractive");
    let status = command.status().context("cannot start apt-get")?;
    if !status.success() {
        bail!("`apt-get {}` ended with {status}; its own words are above", arguments[0]);
    }
    Ok(())
}
