//! What the sandbox costs: a warm call, and a page of 1,000 accounts, beside a native trait object.

use super::native::Native;
use super::{Figure, figure, sources};
use purser_connector::Session;
use purser_model::object::SearchRequest;
use purser_runtime::{Grant, Runtime, RuntimeSettings};
use std::hint::black_box;
use std::time::Instant;

const ACCOUNTS: u64 = 1_000;

async fn pair(folder: &std::path::Path) -> anyhow::Result<(Box<dyn Session>, Box<dyn Session>)> {
    let connector = sources::catalogue(folder).await?;
    let config = serde_json::json!({"accounts": ACCOUNTS});
    let component = sources::session(&connector, "bench", config, Grant::default())?;
    let native = Native { manifest: component.manifest().clone(), accounts: ACCOUNTS };
    Ok((Box::new(component), Box::new(native)))
}

/// A warm `get`, instance made and dropped included.
pub async fn get() -> anyhow::Result<Vec<Figure>> {
    let folder = tempfile::tempdir()?;
    let (component, native) = pair(folder.path()).await?;
    let sandboxed = micros_per_get(component.as_ref(), 20_000).await?;
    let unsandboxed = micros_per_get(native.as_ref(), 200_000).await?;
    Ok(vec![figure("call", "warm get, fresh instance", sandboxed, "us/call", unsandboxed)])
}

/// The first `get` of a host that has just started: the component is loaded from the cache of compiled code, a session is
/// opened, and an instance is made. Beside it a warm one.
#[expect(clippy::disallowed_methods, reason = "a bench measures time")]
pub async fn cold() -> anyhow::Result<Vec<Figure>> {
    let folder = tempfile::tempdir()?;
    let path = sources::built_catalogue(folder.path())?;
    let cache = folder.path().join("compiled");
    let (mut cold, mut warm) = (f64::MAX, f64::MAX);
    for _ in 0..20 {
        let runtime = Runtime::new(RuntimeSettings::new(&cache))?;
        let begun = Instant::now();
        let connector = runtime.load(&path).await?;
        let config = serde_json::json!({"accounts": ACCOUNTS});
        let session = sources::session(&connector, "bench", config, Grant::default())?;
        black_box(session.get("account", "00000007").await?);
        cold = cold.min(begun.elapsed().as_secs_f64() * 1e6);
        warm = warm.min(micros_per_get(&session, 1_000).await?);
    }
    Ok(vec![figure("call", "the first get after a start, beside a warm one", cold, "us/call", warm)])
}

#[expect(clippy::disallowed_methods, reason = "a bench measures time")]
async fn micros_per_get(session: &dyn Session, calls: u32) -> anyhow::Result<f64> {
    for _ in 0..calls / 10 {
        black_box(session.get("account", "00000007").await?);
    }
    let begun = Instant::now();
    for _ in 0..calls {
        black_box(session.get("account", "00000007").await?);
    }
    Ok(begun.elapsed().as_secs_f64() * 1e6 / f64::from(calls))
}

/// A page of 1,000 accounts with 12 attributes.
pub async fn page() -> anyhow::Result<Vec<Figure>> {
    let folder = tempfile::tempdir()?;
    let (component, native) = pair(folder.path()).await?;
    let sandboxed = millis_per_page(component.as_ref(), 200).await?;
    let unsandboxed = millis_per_page(native.as_ref(), 200).await?;
    Ok(vec![figure("page", "1,000 accounts, 12 attributes", sandboxed, "ms/page", unsandboxed)])
}

#[expect(clippy::disallowed_methods, reason = "a bench measures time")]
async fn millis_per_page(session: &dyn Session, pages: u32) -> anyhow::Result<f64> {
    let request = SearchRequest {
        class: "account".into(),
        conditions: Vec::new(),
        extra_attributes: Vec::new(),
        page_size: 1_000,
        cursor: None,
    };
    for _ in 0..pages / 10 {
        black_box(session.search(request.clone()).await?);
    }
    let begun = Instant::now();
    for _ in 0..pages {
        black_box(session.search(request.clone()).await?);
    }
    Ok(begun.elapsed().as_secs_f64() * 1e3 / f64::from(pages))
}
