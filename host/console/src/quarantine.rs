//! What is out of service.

use crate::answers::{Quarantine, RestingOperation, RestingTarget, Unreadable, read};
use crate::frame::Frame;
use crate::words::{badge, identity_link, nothing, table, time};
use maud::{Markup, html};
use serde_json::Value;

/// The page; `answer` is that of `GET /v1/quarantine`.
///
/// # Errors
/// The answer is not what the API gives.
pub fn quarantine(frame: &Frame, answer: &Value) -> Result<String, Unreadable> {
    let quarantine: Quarantine = read(answer)?;
    let content = html! {
        section aria-labelledby="targets" {
            h2 #targets { "Targets" }
            @if quarantine.targets.is_empty() { (nothing("Every target is in service.")) } @else { (targets(frame, &quarantine.targets)) }
        }
        section aria-labelledby="operations" {
            h2 #operations { "Operations" }
            @if quarantine.operations.is_empty() { (nothing("No operation is in quarantine.")) } @else { (operations(frame, &quarantine.operations)) }
        }
    };
    Ok(frame.page("/quarantine", "Quarantine", &content))
}

fn targets(frame: &Frame, targets: &[RestingTarget]) -> Markup {
    let rows = html! {
        @for one in targets {
            @if let Some(rest) = &one.breaker.rest {
                tr {
                    th scope="row" { (one.target) }
                    td { (badge(&rest.cause)) br; (rest.reason) }
                    td { (time(&rest.since)) }
                    td { (time(&rest.next_try)) }
                    td { @if frame.may("operate") { (frame.button(&format!("/targets/{}/release", one.target), "Try again now")) } }
                }
            }
        }
    };
    table("Targets that rest", &["Target", "Why", "Since", "Next try", "Release"], &rows)
}

fn operations(frame: &Frame, operations: &[RestingOperation]) -> Markup {
    let rows = html! {
        @for one in operations {
            tr {
                th scope="row" { (one.kind) " in " (one.target) }
                td { @match &one.identity { Some(id) => (identity_link(id, "person")), None => "nobody's" } }
                td { (one.reason.as_deref().unwrap_or("no reason is known")) br; span.quiet { (one.attempts) " tries" } }
                td { (time(&one.since)) }
                td { (time(&one.next_try)) }
                td { @if frame.may("operate") { (frame.button(&format!("/operations/{}/retry", one.operation), "Try again now")) } }
            }
        }
    };
    table("Operations that keep failing", &["Operation", "Identity", "Why", "Since", "Next try", "Release"], &rows)
}
