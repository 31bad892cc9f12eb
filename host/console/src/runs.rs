//! Runs: begun here, and watched live.

use crate::answers::{Listed, Run, Target, Unreadable, read};
use crate::frame::Frame;
use crate::words::{badge, next_page, nothing, table, time, time_or};
use maud::{Markup, html};
use serde_json::Value;

/// The page; `listed` is the answer of `GET /v1/runs`, `targets` that of `GET /v1/targets`.
///
/// # Errors
/// An answer is not what the API gives.
pub fn runs(frame: &Frame, listed: &Value, targets: &Value) -> Result<String, Unreadable> {
    let (listed, targets): (Listed<Run>, Listed<Target>) = (read(listed)?, read(targets)?);
    let content = html! {
        @if frame.may("operate") { div.columns { (reconcile(frame, &targets.items)) (import(frame)) } }
        div data-live="run-" {
            @if listed.items.is_empty() { (nothing("There has been no run yet.")) } @else { (all(frame, &listed.items)) }
        }
        (next_page("/runs", &[], ("after", listed.next().as_deref())))
    };
    Ok(frame.page("/runs", "Runs", &content))
}

fn reconcile(frame: &Frame, targets: &[Target]) -> Markup {
    html! {
        form.card.filters method="post" action="/runs" {
            (frame.form_token())
            label.field.grow { span { "Target" } select name="target" { @for target in targets { option value=(target.name) { (target.name) } } } }
            label.field {
                span { "How" }
                select name="kind" { option value="reconciliation" { "Everything" } option value="changes" { "Change feed" } }
            }
            label.check { input type="checkbox" name="dry_run" value="true"; " Only look" }
            button.primary type="submit" { "Reconcile" }
        }
    }
}

fn import(frame: &Frame) -> Markup {
    html! {
        form.card.filters method="post" action="/runs" {
            (frame.form_token())
            input type="hidden" name="kind" value="import";
            label.field.grow { span { "Source" } input type="text" name="source" required; }
            button.primary type="submit" { "Import" }
        }
    }
}

fn all(frame: &Frame, runs: &[Run]) -> Markup {
    let rows = html! {
        @for run in runs {
            tr {
                td.number { (run.number) }
                th scope="row" { (run.kind) " of " (run.subject) }
                td { (badge(&run.state)) @if let Some(detail) = &run.detail { br; span.quiet { (detail) } } }
                td { @for (name, count) in &run.counts { span.nowrap { strong { (count) } " " (name.replace('_', " ")) } " " } }
                td { (time(&run.started_at)) }
                td { (time_or(run.ended_at.as_deref(), "going on")) }
                td { (stopping(frame, run)) }
            }
        }
    };
    table("Runs, newest first", &["#No.", "Run", "State", "Counts", "Began", "Ended", "Stop"], &rows)
}

/// What goes on can be stopped, after a second look.
fn stopping(frame: &Frame, run: &Run) -> Markup {
    html! {
        @match &run.stop {
            _ if run.state != "running" => {},
            Some(asked) => span.quiet { "It stops: " (asked.by) " wants that." },
            None if frame.may("operate") => details {
                summary { "Stop" span.only-heard { " the " (run.kind) " of " (run.subject) } }
                p.quiet { "It ends behind its next call. What it has not seen is left as it is, and the next one begins anew." }
                (frame.button(&format!("/runs/{}/stop", run.id), "Stop this run"))
            },
            None => {},
        }
    }
}
