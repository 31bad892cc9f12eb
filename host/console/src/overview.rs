//! The overview: what is where, what waits, what fails, what waits for a person.

use crate::answers::{
    Case, Drift, Failure, Held, Latency, Listed, Quarantine, SituationCount, Target, Unreadable, read,
};
use crate::chart::{Part, layered, stacked};
use crate::frame::Frame;
use crate::words::{badge, duration, nothing, table, time};
use maud::{Markup, html};
use serde_json::Value;

/// The answers that the page is made of.
#[derive(Debug)]
pub struct OverviewAnswers {
    /// `GET /v1/targets`
    pub targets: Value,
    /// `GET /v1/held`, those that are pending
    pub held: Value,
    /// `GET /v1/cases`, those that are open
    pub cases: Value,
    /// `GET /v1/quarantine`
    pub quarantine: Value,
    /// `GET /v1/insight/latency` of a day
    pub latency: Value,
    /// `GET /v1/insight/failures` of a day
    pub failures: Value,
    /// `GET /v1/insight/drift`
    pub drift: Value,
}

/// Every situation with the class of its colour, in the order of the bars.
const SITUATIONS: [(&str, &str); 6] = [
    ("linked", "c1"),
    ("protected", "c2"),
    ("unlinked", "c3"),
    ("unmatched", "c4"),
    ("disputed", "c5"),
    ("missing", "c6"),
];

/// The page.
///
/// # Errors
/// An answer is not what the API gives.
pub fn overview(frame: &Frame, answers: &OverviewAnswers) -> Result<String, Unreadable> {
    let targets: Listed<Target> = read(&answers.targets)?;
    let held: Listed<Held> = read(&answers.held)?;
    let cases: Listed<Case> = read(&answers.cases)?;
    let quarantine: Quarantine = read(&answers.quarantine)?;
    let latencies: Listed<Latency> = read(&answers.latency)?;
    let failures: Listed<Failure> = read(&answers.failures)?;
    let drift: Listed<Drift> = read(&answers.drift)?;
    let queued: u64 = targets.items.iter().map(|target| target.queue.due + target.queue.later).sum();
    let unknown: u64 = targets.items.iter().map(|target| target.queue.unknown).sum();
    let resting = quarantine.targets.len() + quarantine.operations.len();
    let content = html! {
        div data-live="operation- run- account- plan-" {
            ul.tiles {
                (tile("/held", &at_least(&held), "held for a person", held.items.is_empty()))
                (tile("/cases", &at_least(&cases), "open cases", cases.items.is_empty()))
                (tile("/quarantine", &resting.to_string(), "in quarantine", resting == 0))
                (tile("/operations?state=waiting", &queued.to_string(), "operations queued", true))
                (tile("/operations?state=unknown", &unknown.to_string(), "with an unknown end", unknown == 0))
            }
            section.card aria-labelledby="by-situation" {
                h2 #by-situation { "Accounts by target and situation" }
                (situations(&targets.items))
            }
            section.card aria-labelledby="latency" { h2 #latency { "Time to effect, last 24 hours" } (times(&latencies.items)) }
            section.card aria-labelledby="failures" { h2 #failures { "Failures, last 24 hours" } (causes(&failures.items)) }
            section.card aria-labelledby="drift" { h2 #drift { "Drift" } (drifts(&drift.items)) }
        }
    };
    Ok(frame.page("/", "Overview", &content))
}

fn at_least<T>(listed: &Listed<T>) -> String {
    format!("{}{}", listed.items.len(), if listed.next().is_some() { "+" } else { "" })
}

fn tile(path: &str, number: &str, label: &str, calm: bool) -> Markup {
    html! { li { a href=(path) class={ "tile" @if !calm { " attention" } } { strong { (number) } span { (label) } } } }
}

fn count(target: &Target, situation: &str) -> u64 {
    let of = |count: &&SituationCount| count.situation == situation;
    target.accounts.iter().filter(of).map(|count| count.accounts).sum()
}

fn disabled(target: &Target) -> u64 {
    target.accounts.iter().filter(|count| count.active == Some(false)).map(|count| count.accounts).sum()
}

fn total(target: &Target) -> u64 {
    target.accounts.iter().map(|count| count.accounts).sum()
}

fn situations(targets: &[Target]) -> Markup {
    if targets.is_empty() {
        return nothing("No target is declared.");
    }
    let most = targets.iter().map(total).max().unwrap_or_default();
    let rows = html! {
        @for target in targets {
            tr {
                th scope="row" { a href={ "/targets#" (target.name) } { (target.name) } }
                td.wide { (bar(target, most)) }
                @for (situation, _) in SITUATIONS { td.number { (count(target, situation)) } }
                td.number { (disabled(target)) }
            }
        }
    };
    let head =
        ["Target", "Share", "#Linked", "#Protected", "#Unlinked", "#Unmatched", "#Disputed", "#Missing", "#Disabled"];
    html! {
        ul.legend aria-hidden="true" { @for (situation, class) in SITUATIONS { li { span class={ "swatch " (class) } {} (situation) } } }
        (table("Accounts by target and situation; disabled ones are among them", &head, &rows))
    }
}

fn bar(target: &Target, most: u64) -> Markup {
    let parts: Vec<Part<'_>> =
        SITUATIONS.iter().map(|(situation, class)| (*class, *situation, count(target, situation))).collect();
    stacked(&target.name, &parts, most)
}

fn times(latencies: &[Latency]) -> Markup {
    if latencies.is_empty() {
        return nothing("Nothing was done in this time.");
    }
    let most = latencies.iter().map(|latency| latency.p99_us).max().unwrap_or_default();
    let rows = html! {
        @for latency in latencies {
            tr {
                th scope="row" { (latency.target) }
                td { (latency.measured_from) }
                td.wide { (layered(
                    &format!("{}: half within {}, 99 % within {}", latency.target, duration(latency.p50_us), duration(latency.p99_us)),
                    &[("l1", "p50", latency.p50_us), ("l2", "p95", latency.p95_us), ("l3", "p99", latency.p99_us)],
                    most,
                )) }
                td.number { (duration(latency.p50_us)) }
                td.number { (duration(latency.p95_us)) }
                td.number { (duration(latency.p99_us)) }
                td.number { (duration(latency.max_us)) }
                td.number { (latency.operations) }
            }
        }
    };
    let head = ["Target", "From", "Spread", "#p50", "#p95", "#p99", "#Longest", "#Operations"];
    table("From the change, or the intent, to its effect", &head, &rows)
}

fn causes(failures: &[Failure]) -> Markup {
    if failures.is_empty() {
        return nothing("Nothing failed in this time.");
    }
    let rows = html! {
        @for failure in failures {
            tr {
                th scope="row" { (failure.target) }
                td { (failure.error_class) }
                td.number { (failure.operations) }
                td.number { (failure.open) }
                td.number { (failure.refused) }
                td.number { (failure.recovered) }
                td { (time(&failure.example_at)) @if let Some(detail) = &failure.example_detail { br; span.quiet { (detail) } } }
            }
        }
    };
    table("Failed operations by cause", &["Target", "Cause", "#All", "#Open", "#Refused", "#Recovered", "Last"], &rows)
}

fn drifts(drift: &[Drift]) -> Markup {
    if drift.is_empty() {
        return nothing("No target has been reconciled yet.");
    }
    let rows = html! {
        @for one in drift {
            tr {
                th scope="row" { (one.target) }
                td { (time(&one.started_at)) }
                td { (badge(&one.state)) }
                td.number { (one.listed) }
                td.number { (one.changed) }
                td.number { (one.gone) }
                td.number { (one.repaired) }
            }
        }
    };
    table("The last reconciliations", &["Target", "Began", "State", "#Listed", "#Changed", "#Gone", "#Repaired"], &rows)
}
