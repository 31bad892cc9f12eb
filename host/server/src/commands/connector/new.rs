//! `purser connector new`: writes a connector that compiles and has a passing test.

use crate::Ending;
use crate::cli::NewConnector;
use crate::output::Output;
use anyhow::bail;
use std::path::{Path, PathBuf};

/// Runs the command.
pub fn run(arguments: &NewConnector, output: &Output) -> anyhow::Result<Ending> {
    let directory = arguments.directory.clone().unwrap_or_else(|| PathBuf::from(&arguments.name));
    let sdk = match &arguments.sdk {
        Some(sdk) => sdk.clone(),
        None => sdk_of_this_checkout()?,
    };
    purser_build::scaffold::new_connector(&arguments.name, &directory, &sdk)?;
    output.answer(&serde_json::json!({"directory": directory}), || {
        let path = directory.display();
        format!("{path} is there. Next:\n  cd {path} && cargo test\n  purser connector build {path} --out connectors")
    })?;
    Ok(Ending::Done)
}

/// The SDK beside the sources that this program was built from, where they are still there.
fn sdk_of_this_checkout() -> anyhow::Result<PathBuf> {
    let sdk = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../sdk/rust");
    if !sdk.is_dir() {
        bail!("the Rust SDK is not where this program was built; give it with --sdk PATH (the folder `sdk/rust`)");
    }
    Ok(sdk)
}
