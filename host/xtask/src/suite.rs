//! `cargo xtask test`: prepares what the tests need and runs them all.

use crate::root::Root;
use crate::steps::Steps;
use crate::{check, connectors, prepare, scim_server};

/// Runs the tests; `quick` leaves format and lints.
///
/// # Errors
/// The first step that fails is named. What a failing test says is above, in cargo's own words.
pub fn run(root: &Root, steps: &mut Steps, quick: bool) -> anyhow::Result<()> {
    prepare::run(root, steps)?;
    let scim_server = scim_server::prepare(root, steps)?;
    if !quick {
        check::format_and_lints(root, steps)?;
    }
    connectors::build(root, steps)?;
    let mut tests = root.cargo();
    tests.args(["test", "--workspace"]);
    tests.env("PURSER_BIN", root.purser());
    tests.env("PURSER_CONNECTORS", root.connectors());
    tests.env("PURSER_SCIM2_SERVER", scim_server);
    steps.program("tests", &mut tests)?;
    steps.done("cargo xtask test");
    Ok(())
}
