//! Pages of the console where there are 100,000 people, as a browser asks for them; each beside the same with few.

use super::latency::percentile;
use super::listing::{DECLARATIONS, settled};
use super::served::{self, Visitor};
use super::{Figure, figure};
use anyhow::Context;
use serde_json::Value;
use std::sync::Arc;
use std::time::Instant;

const FEW_PEOPLE: u64 = 1_000;
const LOOKS: usize = 100;

/// Each page, looked at again and again.
pub async fn pages(people: u64) -> anyhow::Result<Vec<Figure>> {
    let few = looked_at(FEW_PEOPLE).await?;
    let many = looked_at(people).await?;
    let mut figures = Vec::new();
    for ((page, few), (_, many)) in few.iter().zip(&many) {
        let case = format!("{page}, {people} people");
        figures.push(figure("console", &format!("{case}, median"), percentile(many, 50), "ms", percentile(few, 50)));
        figures.push(figure("console", &format!("{case}, p99"), percentile(many, 99), "ms", percentile(few, 99)));
    }
    Ok(figures)
}

/// What pages are called, and how many milliseconds each look at them took, in order.
async fn looked_at(people: u64) -> anyhow::Result<Vec<(&'static str, Vec<f64>)>> {
    let folder = tempfile::tempdir()?;
    let engine = Arc::new(settled(folder.path(), DECLARATIONS, people).await?);
    let served = served::host(folder.path(), engine, served::unlimited()).await?;
    let last: Value =
        serde_json::from_slice(&served.get("/identities?limit=1&sort=-changed_at").await?.bytes().await?)?;
    let person = last["items"][0]["id"].as_str().context("somebody is there")?;
    let visitor = served.visitor().await?;
    let pages = [
        ("overview", "/".to_owned()),
        ("identities", "/identities".to_owned()),
        ("identities, searched", "/identities?search=person7".to_owned()),
        ("a person", format!("/identities/{person}")),
        ("targets", "/targets".to_owned()),
        ("a target", "/targets/app".to_owned()),
        ("holders of a role", "/roles/everybody".to_owned()),
        ("operations", "/operations".to_owned()),
        ("runs", "/runs".to_owned()),
        ("audit", "/audit".to_owned()),
    ];
    let mut looks = Vec::new();
    for (name, path) in pages {
        looks.push((name, look(&visitor, &path).await?));
    }
    Ok(looks)
}

#[expect(clippy::disallowed_methods, reason = "a bench measures time")]
async fn look(visitor: &Visitor<'_>, path: &str) -> anyhow::Result<Vec<f64>> {
    let mut millis = Vec::with_capacity(LOOKS);
    for _ in 0..LOOKS {
        let begun = Instant::now();
        visitor.page(path).await?;
        millis.push(begun.elapsed().as_secs_f64() * 1e3);
    }
    millis.sort_by(f64::total_cmp);
    Ok(millis)
}
