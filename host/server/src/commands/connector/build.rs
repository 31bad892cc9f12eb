//! `purser connector build`: compiles a connector to a component.

use crate::Ending;
use crate::cli::BuildConnector;
use crate::home::Home;
use crate::output::Output;
use purser_build::BuildRequest;
use std::path::Path;

/// Runs the command.
pub fn run(home: &Home, arguments: &BuildConnector, output: &Output) -> anyhow::Result<Ending> {
    let out = arguments.out.clone().unwrap_or_else(|| home.connectors());
    let mut request = BuildRequest::new(&arguments.directory, &out);
    if out.extension().is_some_and(|extension| extension == "wasm") {
        request.output_directory = out.parent().unwrap_or(Path::new(".")).to_owned();
        request.name = out.file_stem().and_then(|name| name.to_str()).map(str::to_owned);
    }
    let built = purser_build::build(&request)?;
    output.answer(&serde_json::json!({"name": built.name, "path": built.path, "bytes": built.bytes}), || {
        format!("{} ({} KiB)", built.path.display(), built.bytes / 1024)
    })?;
    Ok(Ending::Done)
}
