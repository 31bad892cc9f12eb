//! One host with many connectors and targets: what loading costs, what a target costs that nobody calls, and what calls into all
//! of them cost beside calls into one.

use super::{Figure, figure, sources};
use purser_connector::Session;
use purser_runtime::{Connector, Grant, Runtime, RuntimeSettings, WasmSession};
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;
use tokio::task::JoinSet;

const CONNECTORS: u8 = 20;
const TARGETS: usize = 1_000;
const CALLS_AT_ONCE: usize = 4;

/// Loading from the cache of compiled code, beside compiling.
#[expect(clippy::disallowed_methods, reason = "a bench measures time")]
pub async fn loading() -> anyhow::Result<Vec<Figure>> {
    let folder = tempfile::tempdir()?;
    let path = sources::built_catalogue(folder.path())?;
    let load = async |cache: &Path| -> anyhow::Result<f64> {
        let runtime = Runtime::new(RuntimeSettings::new(cache))?;
        let begun = Instant::now();
        runtime.load(&path).await?;
        Ok(begun.elapsed().as_secs_f64() * 1e3)
    };
    let cache = folder.path().join("compiled");
    let compiled = load(&cache).await?;
    let mut cached = f64::MAX;
    for _ in 0..20 {
        cached = cached.min(load(&cache).await?);
    }
    Ok(vec![figure("load", "from the cache, beside compiling", cached, "ms", compiled)])
}

/// A thousand targets of twenty connectors.
pub async fn targets() -> anyhow::Result<Vec<Figure>> {
    let folder = tempfile::tempdir()?;
    let connectors = connectors(folder.path()).await?;
    let one = sessions(&connectors[..1], 1)?;
    let alone = calls_per_second(&one, TARGETS).await?;
    let before = resident_kilobytes();
    let all = sessions(&connectors, TARGETS)?;
    let after = resident_kilobytes();
    let together = calls_per_second(&all, TARGETS).await?;
    #[expect(clippy::cast_precision_loss, reason = "a thousand fits")]
    let each = (after - before).max(0.0) / TARGETS as f64;
    let file = std::fs::metadata(connectors[0].path())?.len();
    #[expect(clippy::cast_precision_loss, reason = "a file of some megabytes fits")]
    let file = file as f64 / 1024.0;
    Ok(vec![
        figure("targets", "1000 of 20 connectors, calls", together, "calls/s", alone),
        figure("targets", "one that is idle, beside its file", each, "KiB", file),
    ])
}

/// The same connector twenty times, each with other bytes: the host takes them for twenty.
async fn connectors(folder: &Path) -> anyhow::Result<Vec<Arc<Connector>>> {
    let component = std::fs::read(sources::built_catalogue(folder)?)?;
    let runtime = Runtime::new(RuntimeSettings::new(folder.join("compiled")))?;
    let mut connectors = Vec::new();
    for number in 0..CONNECTORS {
        // A custom section of one byte, named `n`.
        let bytes = [component.as_slice(), &[0, 3, 1, b'n', number]].concat();
        let path = folder.join(format!("{number}.wasm"));
        std::fs::write(&path, bytes)?;
        connectors.push(runtime.load(&path).await?);
    }
    Ok(connectors)
}

fn sessions(connectors: &[Arc<Connector>], count: usize) -> anyhow::Result<Vec<Arc<WasmSession>>> {
    let taken = connectors.iter().cycle().take(count).enumerate();
    taken
        .map(|(number, connector)| {
            let config = serde_json::json!({"accounts": 1_000});
            Ok(Arc::new(sources::session(connector, &format!("target {number}"), config, Grant::default())?))
        })
        .collect()
}

/// So many calls, a few at once, into one session after the other.
#[expect(clippy::disallowed_methods, reason = "a bench measures time")]
async fn calls_per_second(sessions: &[Arc<WasmSession>], calls: usize) -> anyhow::Result<f64> {
    let mut under_way = JoinSet::new();
    let begun = Instant::now();
    for session in sessions.iter().cycle().take(calls) {
        if under_way.len() == CALLS_AT_ONCE
            && let Some(ended) = under_way.join_next().await
        {
            ended??;
        }
        let session = session.clone();
        under_way.spawn(async move { session.get("account", &purser_bench::id(7)).await.map(|_| ()) });
    }
    while let Some(ended) = under_way.join_next().await {
        ended??;
    }
    #[expect(clippy::cast_precision_loss, reason = "a thousand fits")]
    Ok(calls as f64 / begun.elapsed().as_secs_f64())
}

fn resident_kilobytes() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or("0");
    line.trim().trim_end_matches(" kB").trim().parse().unwrap_or(0.0)
}
