//! Pages of lists over HTTP where there are 100,000 people, and events for a thousand consumers; each beside the same with few.

use super::latency::percentile;
use super::listing::{DECLARATIONS, settled};
use super::served::{self, Served};
use super::{Figure, figure};
use anyhow::{Context, ensure};
use purser_model::api::ApiLimits;
use purser_model::identity::{IdentityRecord, LifecycleState, Validity};
use reqwest::Response;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

const FEW_PEOPLE: u64 = 1_000;
const PAGES: usize = 400;
const LISTS: [(&str, &str); 5] = [
    ("identities", "/identities?limit=100"),
    ("identities, last change first", "/identities?limit=100&sort=-changed_at"),
    ("identities, searched", "/identities?limit=100&search=Family7"),
    ("accounts of a target", "/accounts?limit=100&target=app"),
    ("accounts in a situation", "/accounts?limit=100&situation=linked"),
];
const CHANGES: usize = 50;

/// Pages of each list, one after the other to its end and anew, as a caller walks through them.
pub async fn pages(people: u64) -> anyhow::Result<Vec<Figure>> {
    let few = Walked::through(FEW_PEOPLE).await?;
    let many = Walked::through(people).await?;
    let mut figures = Vec::new();
    for ((list, _), (few, many)) in LISTS.iter().zip(few.0.iter().zip(&many.0)) {
        let case = format!("{list}, {people} people");
        figures.push(figure("api", &format!("{case}, median"), percentile(many, 50), "ms", percentile(few, 50)));
        figures.push(figure("api", &format!("{case}, p99"), percentile(many, 99), "ms", percentile(few, 99)));
    }
    Ok(figures)
}

/// How many milliseconds each page of each list took, in order.
struct Walked(Vec<Vec<f64>>);

impl Walked {
    async fn through(people: u64) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let engine = Arc::new(settled(folder.path(), DECLARATIONS, people).await?);
        let served = served::host(folder.path(), engine, served::unlimited()).await?;
        let mut walked = Vec::new();
        for (_, path) in LISTS {
            let mut millis = walk(&served, path).await?;
            millis.sort_by(f64::total_cmp);
            walked.push(millis);
        }
        Ok(Self(walked))
    }
}

#[expect(clippy::disallowed_methods, reason = "a bench measures time")]
async fn walk(served: &Served, path: &str) -> anyhow::Result<Vec<f64>> {
    let mut millis = Vec::with_capacity(PAGES);
    let mut after = String::new();
    while millis.len() < PAGES {
        let begun = Instant::now();
        let answer = served.get(&format!("{path}{after}")).await?;
        let page: Value = serde_json::from_slice(&answer.bytes().await?)?;
        let took = begun.elapsed().as_secs_f64() * 1e3;
        // Behind the last full page there may be an empty one, which is not measured.
        let is_empty = page["items"].as_array().is_none_or(Vec::is_empty);
        ensure!(!is_empty || !after.is_empty(), "{path} holds something");
        millis.extend((!is_empty).then_some(took));
        after = page["next"].as_str().map(|next| format!("&after={next}")).unwrap_or_default();
    }
    Ok(millis)
}

/// From an accepted change until the last of so many consumers was told of it.
pub async fn consumers(count: usize) -> anyhow::Result<Vec<Figure>> {
    let alone = told(1).await?;
    let many = told(count).await?;
    let case = |what: &str| format!("{count} consumers of events, {what}");
    Ok(vec![
        figure("events", &case("median"), percentile(&many, 50), "ms", percentile(&alone, 50)),
        figure("events", &case("p99"), percentile(&many, 99), "ms", percentile(&alone, 99)),
    ])
}

#[expect(clippy::disallowed_methods, reason = "a bench measures time")]
async fn told(count: usize) -> anyhow::Result<Vec<f64>> {
    let folder = tempfile::tempdir()?;
    let engine = Arc::new(settled(folder.path(), DECLARATIONS, 0).await?);
    let limits = ApiLimits { streams_per_token: u32::try_from(count)?, ..served::unlimited() };
    let served = served::host(folder.path(), engine.clone(), limits).await?;
    let (tell, mut heard) = unbounded_channel();
    for _ in 0..count {
        let stream = served.get("/events/stream").await?;
        tokio::spawn(follow(stream, tell.clone()));
    }
    let mut millis = Vec::with_capacity(CHANGES);
    for change in 0..CHANGES {
        let begun = Instant::now();
        engine.accept(&"hr".parse()?, person(change)).await?;
        let newest = engine.store().events_kept().await?.newest;
        everybody_heard(&mut heard, newest, count).await?;
        millis.push(begun.elapsed().as_secs_f64() * 1e3);
    }
    millis.sort_by(f64::total_cmp);
    Ok(millis)
}

fn person(place: usize) -> IdentityRecord {
    let attributes = json!({"userName": format!("person{place}"), "email": format!("person{place}@example.org")});
    IdentityRecord {
        key: format!("{place}"),
        state: LifecycleState::Active,
        attributes: attributes.as_object().cloned().unwrap_or_default(),
        validity: Validity::ALWAYS,
    }
}

async fn everybody_heard(heard: &mut UnboundedReceiver<u64>, newest: u64, count: usize) -> anyhow::Result<()> {
    let mut of_it = 0;
    while of_it < count {
        let sequence = heard.recv().await.context("all streams ended")?;
        of_it += usize::from(sequence == newest);
    }
    Ok(())
}

/// Tells the number of each event that a stream brings, until it ends.
async fn follow(mut stream: Response, tell: UnboundedSender<u64>) -> anyhow::Result<()> {
    let mut text = String::new();
    while let Some(chunk) = stream.chunk().await? {
        text.push_str(std::str::from_utf8(&chunk)?);
        while let Some((line, rest)) = text.split_once('\n') {
            if let Some(sequence) = line.strip_prefix("id:") {
                tell.send(sequence.trim().parse()?)?;
            }
            text = rest.to_owned();
        }
    }
    Ok(())
}
