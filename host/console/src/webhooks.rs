//! Webhooks: how far each receiver is, and what was given up.

use crate::answers::{Listed, Unreadable, read};
use crate::frame::Frame;
use crate::words::{badge, next_page, nothing, table, time, time_or};
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
struct Webhook {
    name: String,
    declared: Option<Declared>,
    kept: Option<Kept>,
    behind: u64,
    trouble: Option<String>,
}

#[derive(Deserialize)]
struct Declared {
    receiver: String,
    events: Vec<String>,
}

#[derive(Deserialize)]
struct Kept {
    disabled_at: Option<String>,
    disabled_because: Option<String>,
    delivered: u64,
    last_delivered_at: Option<String>,
    last_failed_at: Option<String>,
    last_failure: Option<String>,
    waiting: u64,
    dead_letters: u64,
}

#[derive(Deserialize)]
struct Letter {
    event: Event,
    attempts: u64,
    dead_at: Option<String>,
    reason: String,
}

#[derive(Deserialize)]
struct Event {
    sequence: u64,
    kind: String,
}

/// The list; `listed` is the answer of `GET /v1/webhooks`.
///
/// # Errors
/// The answer is not what the API gives.
pub fn webhooks(frame: &Frame, listed: &Value) -> Result<String, Unreadable> {
    let listed: Listed<Webhook> = read(listed)?;
    let rows = html! {
        @for one in &listed.items {
            tr {
                th scope="row" { a href={ "/webhooks/" (one.name) } { (one.name) } br; (receiver(one)) }
                td { (state(one)) }
                td.number { (one.behind) }
                td.number { (one.kept.as_ref().map_or(0, |kept| kept.delivered)) }
                td.number { (one.kept.as_ref().map_or(0, |kept| kept.waiting)) }
                td.number { (one.kept.as_ref().map_or(0, |kept| kept.dead_letters)) }
                td { @if frame.may("operate") { (decisions(frame, one)) } }
            }
        }
    };
    let head = ["Webhook", "State", "#Events behind", "#Delivered", "#Waiting", "#Given up", "Do"];
    let content = html! {
        @if listed.items.is_empty() { (nothing("No webhook is declared.")) }
        @else { (table("Receivers that are told of events", &head, &rows)) }
    };
    Ok(frame.page("/webhooks", "Webhooks", &content))
}

/// One webhook; `answer` is that of `GET /v1/webhooks/{name}`, `dead` that of its dead letters.
///
/// # Errors
/// An answer is not what the API gives.
pub fn webhook(frame: &Frame, answer: &Value, dead: &Value) -> Result<String, Unreadable> {
    let (one, dead): (Webhook, Listed<Letter>) = (read(answer)?, read(dead)?);
    let kept = one.kept.as_ref();
    let rows = html! {
        @for letter in &dead.items {
            tr {
                th.number scope="row" { (letter.event.sequence) }
                td { (letter.event.kind) }
                td.number { (letter.attempts) }
                td { (time_or(letter.dead_at.as_deref(), "not yet")) }
                td { (letter.reason) }
            }
        }
    };
    let content = html! {
        div.card.summary {
            dl.facts {
                div { dt { "Receiver" } dd { (receiver(&one)) } }
                div { dt { "State" } dd { (state(&one)) } }
                @if let Some(declared) = &one.declared { div { dt { "Events" } dd { @if declared.events.is_empty() { "all" } @else { (declared.events.join(", ")) } } } }
                div { dt { "Delivered last" } dd { (time_or(kept.and_then(|kept| kept.last_delivered_at.as_deref()), "never")) } }
                div { dt { "Failed last" } dd { (time_or(kept.and_then(|kept| kept.last_failed_at.as_deref()), "never")) } }
                @if let Some(failure) = kept.and_then(|kept| kept.last_failure.as_ref()) { div { dt { "Why" } dd { (failure) } } }
            }
            @if frame.may("operate") { (decisions(frame, &one)) }
        }
        section aria-labelledby="dead" {
            h2 #dead { "Given up" }
            @if dead.items.is_empty() { (nothing("Nothing was given up.")) }
            @else { (table("Deliveries that were given up", &["#Event", "Kind", "#Tries", "Given up", "Why"], &rows)) }
        }
        (next_page(&format!("/webhooks/{}", one.name), &[], ("after", dead.next().as_deref())))
    };
    Ok(frame.page("/webhooks", &one.name, &content))
}

fn receiver(one: &Webhook) -> Markup {
    html! { @match &one.declared { Some(declared) => code { (declared.receiver) }, None => span.quiet { "not declared any more" } } }
}

fn state(one: &Webhook) -> Markup {
    let disabled =
        one.kept.as_ref().and_then(|kept| Some((kept.disabled_at.as_ref()?, kept.disabled_because.as_ref())));
    html! {
        @match (disabled, &one.trouble) {
            (Some((since, because)), _) => { (badge("stopped")) " since " (time(since)) @if let Some(because) = because { br; span.quiet { (because) } } }
            (None, Some(trouble)) => { (badge("failed")) br; span.bad-text { (trouble) } }
            (None, None) => (badge("active")),
        }
    }
}

fn decisions(frame: &Frame, one: &Webhook) -> Markup {
    let kept = one.kept.as_ref();
    let button = |decision: &str, label: &str| {
        html! { button.quiet-button type="submit" name="decision" value=(decision) { (label) span.only-heard { " (" (one.name) ")" } } }
    };
    html! {
        form.bar-of-buttons method="post" action={ "/webhooks/" (one.name) "/decision" } {
            (frame.form_token())
            @if one.declared.is_some() { (button("test", "Send a test")) }
            @if kept.is_some_and(|kept| kept.dead_letters > 0 || kept.waiting > 0) { (button("redeliver", "Deliver again")) }
            @if kept.is_some_and(|kept| kept.disabled_at.is_some()) { (button("enable", "Let it go on")) }
        }
    }
}
