//! `schedule`, `reconcile`, `window`, `writes` and `rate`: when and how fast a source or target is worked with.

use crate::problems::Problems;
use crate::section::{Node, Section};
use crate::units;
use jiff::tz::TimeZone;
use purser_model::configuration::{Rate, ReconcileSchedules};
use purser_model::schedule::Schedule;
use purser_model::window::{Window, Windows, days_of_week, time_of_day};
use std::time::Duration;

const MOST_CALLS: u32 = 1_000_000;
const MOST_AT_ONCE: u32 = 64;

/// When and how fast a target is worked with.
#[derive(Debug, Default)]
pub(crate) struct Timing {
    pub(crate) reconcile: ReconcileSchedules,
    pub(crate) windows: Windows,
    pub(crate) rate: Option<Rate>,
}

/// Reads the keys of a target.
pub(crate) fn read(section: &mut Section<'_>, problems: &mut Problems) -> Timing {
    let time_zone = zone(section, &TimeZone::UTC, problems);
    let reconcile = section.optional("reconcile").map(|node| reconcile(&node, &time_zone, problems));
    let windows = windows(section, time_zone, problems);
    let rate = section.optional("rate").and_then(|node| rate(&node, problems));
    Timing { reconcile: reconcile.unwrap_or_default(), windows, rate }
}

fn zone(section: &mut Section<'_>, usual: &TimeZone, problems: &mut Problems) -> TimeZone {
    let zone = section.optional("time_zone").and_then(|node| node.parsed(units::time_zone, problems));
    zone.unwrap_or_else(|| usual.clone())
}

/// Reads `{ full = "0 2 * * *", delta = "*/15 * * * *", jitter = "10m", time_zone = "Europe/Berlin" }`.
fn reconcile(node: &Node<'_>, time_zone: &TimeZone, problems: &mut Problems) -> ReconcileSchedules {
    let Some(mut section) = node.section(problems) else { return ReconcileSchedules::default() };
    let time_zone = zone(&mut section, time_zone, problems);
    let jitter = jitter(&mut section, Duration::ZERO, problems);
    let mut read = |key| section.optional(key).and_then(|node: Node<'_>| schedule(&node, &time_zone, jitter, problems));
    let (full, delta) = (read("full"), read("delta"));
    section.finish(problems);
    ReconcileSchedules { full, delta }
}

fn jitter(section: &mut Section<'_>, usual: Duration, problems: &mut Problems) -> Duration {
    section.optional("jitter").and_then(|node| node.parsed(units::duration, problems)).unwrap_or(usual)
}

/// Reads `"0 6 * * 1-5"` or `{ cron = "0 6 * * 1-5", jitter = "10m", time_zone = "Europe/Berlin" }`.
pub(crate) fn schedule(
    node: &Node<'_>,
    time_zone: &TimeZone,
    usual_jitter: Duration,
    problems: &mut Problems,
) -> Option<Schedule> {
    if !node.value.is_table() {
        return node.parsed(|text| Schedule::parse(text, time_zone.clone(), usual_jitter), problems);
    }
    let mut section = node.section(problems)?;
    let time_zone = zone(&mut section, time_zone, problems);
    let jitter = jitter(&mut section, usual_jitter, problems);
    let cron = section.required("cron", "\"0 6 * * 1-5\"", problems);
    let schedule = cron.and_then(|node| node.parsed(|text| Schedule::parse(text, time_zone, jitter), problems));
    section.finish(problems);
    schedule
}

fn windows(section: &mut Section<'_>, time_zone: TimeZone, problems: &mut Problems) -> Windows {
    let nodes = section.optional("window").map(|node| node.list(problems)).unwrap_or_default();
    let windows: Vec<Window> = nodes.iter().filter_map(|node| window(node, problems)).collect();
    let writes = section.optional("writes").and_then(|node| {
        let wait = node.choice(&[("any-time", false), ("window", true)], problems)?;
        if wait && nodes.is_empty() {
            problems.report(&node.place, "writes can wait for a window only where `window` names one");
        }
        Some(wait)
    });
    Windows { windows, time_zone, writes_wait: writes.unwrap_or(false) }
}

/// Reads `"Mo-Fr 22:00-06:00"` or `{ days = "Mo-Fr", from = "22:00", to = "06:00" }`.
fn window(node: &Node<'_>, problems: &mut Problems) -> Option<Window> {
    if !node.value.is_table() {
        return node.parsed(str::parse::<Window>, problems);
    }
    let mut section = node.section(problems)?;
    let days = section.required("days", "\"Mo-Fr\"", problems);
    let days = days.and_then(|node| node.parsed(days_of_week, problems));
    let from = section.required("from", "\"22:00\"", problems);
    let from = from.and_then(|node| node.parsed(time_of_day, problems));
    let to = section.required("to", "\"06:00\"", problems);
    let to = to.and_then(|node| node.parsed(time_of_day, problems));
    section.finish(problems);
    Some(Window { days: days?, from: from?, to: to? })
}

/// Reads `{ calls = 600, per = "1m", concurrency = 4 }`.
pub(crate) fn rate(node: &Node<'_>, problems: &mut Problems) -> Option<Rate> {
    let mut section = node.section(problems)?;
    let calls = section.required("calls", "600", problems);
    let calls = calls.and_then(|node| number(&node, MOST_CALLS, problems));
    let per = section.required("per", "\"1m\"", problems);
    let per = per.and_then(|node| node.parsed(units::duration, problems));
    let concurrency = section.optional("concurrency").and_then(|node| number(&node, MOST_AT_ONCE, problems));
    section.finish(problems);
    Some(Rate { calls: calls?, per: per?, concurrency: concurrency.unwrap_or(1) })
}

/// A whole number from 1 to `most`.
fn number(node: &Node<'_>, most: u32, problems: &mut Problems) -> Option<u32> {
    let number = node.integer(problems)?;
    let fitting = u32::try_from(number).ok().filter(|number| (1..=most).contains(number));
    if fitting.is_none() {
        problems.report(&node.place, format!("write a whole number from 1 to {most}"));
    }
    fitting
}
