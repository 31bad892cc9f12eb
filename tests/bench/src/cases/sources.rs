//! Components and folders for the benches.

use purser_build::{BuildRequest, Progress, build, build_examples};
use purser_runtime::{
    CallLimits, Connector, Grant, InMemoryState, Runtime, RuntimeSettings, SessionSettings, WasmSession,
};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The top of the project.
fn project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn request(directory: &str, output: &Path) -> BuildRequest {
    let mut request = BuildRequest::new(project().join(directory), output);
    request.progress = Progress::Quiet;
    request
}

/// The bench's guest, built.
pub fn built_catalogue(folder: &Path) -> anyhow::Result<PathBuf> {
    let mut built = build_examples(&request("tests/bench", folder), &["catalogue"])?;
    Ok(built.remove(0).path)
}

/// The bench's guest, loaded.
pub async fn catalogue(folder: &Path) -> anyhow::Result<Arc<Connector>> {
    let built = built_catalogue(folder)?;
    let runtime = Runtime::new(RuntimeSettings::new(folder.join("compiled")))?;
    Ok(runtime.load(&built).await?)
}

/// The connector `flatfile`, loaded.
pub async fn flatfile(folder: &Path) -> anyhow::Result<Arc<Connector>> {
    let built = build(&request("plugins/flatfile", folder))?;
    let runtime = Runtime::new(RuntimeSettings::new(folder.join("compiled")))?;
    Ok(runtime.load(&built.path).await?)
}

/// A session with this configuration and grant.
pub fn session(
    connector: &Arc<Connector>,
    subject: &str,
    config: serde_json::Value,
    grant: Grant,
) -> anyhow::Result<WasmSession> {
    let settings = SessionSettings {
        subject: subject.to_owned(),
        config,
        grant,
        limits: CallLimits::default(),
        state: Arc::new(InMemoryState::default()),
    };
    Ok(connector.session(settings)?)
}
