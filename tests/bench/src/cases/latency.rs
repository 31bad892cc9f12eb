//! From an accepted change to its effect in the application's own file, beside the durable writes that it needs.

use super::reconciliation::{Bench, bench};
use super::{Figure, figure};
use purser_model::identity::{IdentityRecord, LifecycleState, Validity};
use purser_reconcile::{ImportOptions, NoProgress, ReconcileMode};
use std::io::{Seek, SeekFrom, Write};
use std::time::Instant;

/// Small, so that the connector's rewriting of its file is not what is measured.
const PEOPLE: u32 = 100;
const CHANGES: u32 = 200;
/// Durable commits on the way: the change, the intent, the call's beginning, the outcome; and the file's own.
const DURABLE_WRITES: u32 = 5;

/// A changed e-mail.
pub async fn changed_email() -> anyhow::Result<Vec<Figure>> {
    let bench = settled().await?;
    let change = |round: u32| record(round % PEOPLE, &format!("changed{round}@example.org"));
    measure("changed e-mail to effect", &bench, change).await
}

/// Somebody new.
pub async fn new_person() -> anyhow::Result<Vec<Figure>> {
    let bench = settled().await?;
    let change = |round: u32| record(PEOPLE + round, &format!("new{round}@example.org"));
    measure("new person to account", &bench, change).await
}

async fn settled() -> anyhow::Result<Bench> {
    let bench = bench(PEOPLE).await?;
    bench.engine.import(&"hr".parse()?, ImportOptions::default(), &NoProgress).await?;
    bench.engine.reconcile(&"app".parse()?, ReconcileMode::Repair, &NoProgress).await?;
    Ok(bench)
}

fn record(place: u32, mail: &str) -> IdentityRecord {
    let attributes = serde_json::json!({
        "number": format!("{place:07}"),
        "name": format!("Given{place} Family{place}"),
        "mail": mail,
        "department": format!("Department {}", place % 40),
    });
    IdentityRecord {
        key: format!("{place:07}"),
        state: LifecycleState::Active,
        attributes: attributes.as_object().cloned().unwrap_or_default(),
        validity: Validity::ALWAYS,
    }
}

#[expect(clippy::disallowed_methods, reason = "a bench measures time")]
async fn measure(case: &str, bench: &Bench, change: impl Fn(u32) -> IdentityRecord) -> anyhow::Result<Vec<Figure>> {
    let source = "hr".parse()?;
    let mut millis = Vec::new();
    for round in 0..CHANGES {
        let begun = Instant::now();
        bench.engine.accept(&source, change(round)).await?;
        let report = bench.engine.work_off(&NoProgress).await?;
        millis.push(begun.elapsed().as_secs_f64() * 1e3);
        anyhow::ensure!(report.operations.applied == 1, "one operation: {report:?}");
    }
    millis.sort_by(f64::total_cmp);
    let durable = median_durable_write()? * f64::from(DURABLE_WRITES);
    Ok(vec![
        figure("latency", &format!("{case}, median"), percentile(&millis, 50), "ms", durable),
        figure("latency", &format!("{case}, p99"), percentile(&millis, 99), "ms", durable),
    ])
}

pub fn percentile(sorted: &[f64], percent: usize) -> f64 {
    sorted[(sorted.len() * percent / 100).min(sorted.len() - 1)]
}

/// What one durable write of a page costs on this disk, in milliseconds.
#[expect(clippy::disallowed_methods, reason = "a bench measures time")]
pub fn median_durable_write() -> anyhow::Result<f64> {
    let mut file = tempfile::tempfile()?;
    let mut millis = Vec::new();
    for _ in 0..200 {
        let begun = Instant::now();
        file.seek(SeekFrom::Start(0))?;
        file.write_all(&[7; 4096])?;
        file.sync_data()?;
        millis.push(begun.elapsed().as_secs_f64() * 1e3);
    }
    millis.sort_by(f64::total_cmp);
    Ok(percentile(&millis, 50))
}
