//! The targets: what is in them, what waits, and what rests.

use crate::answers::{Listed, Quarantine, SituationCount, Target, Unreadable, read};
use crate::frame::Frame;
use crate::words::{badge, nothing, query, table, time};
use maud::{Markup, html};
use serde_json::Value;

/// The page; `listed` is the answer of `GET /v1/targets`, `quarantine` that of `GET /v1/quarantine`.
///
/// # Errors
/// An answer is not what the API gives.
pub fn targets(frame: &Frame, listed: &Value, quarantine: &Value) -> Result<String, Unreadable> {
    let (listed, quarantine): (Listed<Target>, Quarantine) = (read(listed)?, read(quarantine)?);
    let content = html! {
        @if listed.items.is_empty() { (nothing("No target is declared.")) }
        @for target in &listed.items { (one(frame, target, &quarantine)) }
    };
    Ok(frame.page("/targets", "Targets", &content))
}

fn one(frame: &Frame, target: &Target, quarantine: &Quarantine) -> Markup {
    let rest =
        quarantine.targets.iter().find(|one| one.target == target.name).and_then(|one| one.breaker.rest.as_ref());
    let heading = format!("target-{}", target.name);
    html! {
        section.card id=(target.name) aria-labelledby=(heading) {
            h2 id=(heading) { a href={ "/targets/" (target.name) } { (target.name) } " " @if rest.is_some() { (badge("quarantined")) } @else { span.badge.good { "in service" } } }
            @if let Some(rest) = rest {
                p.said.bad { (rest.reason) " Next try: " (time(&rest.next_try)) }
                @if frame.may("operate") { (frame.button(&format!("/targets/{}/release", target.name), "Try again now")) }
            }
            dl.facts {
                div { dt { "Due now" } dd { (target.queue.due) } }
                div { dt { "Later" } dd { (target.queue.later) @if let Some(next) = &target.queue.next { ", next " (time(next)) } } }
                div { dt { "Unknown end" } dd { (target.queue.unknown) } }
            }
            @if target.accounts.is_empty() { (nothing("No account is known.")) } @else { (accounts(&target.name, &target.accounts)) }
            p { a href={ "/operations" (query(&[("target", Some(&target.name))])) } { "Provisioning log of " (target.name) } }
        }
    }
}

/// How many accounts are in which situation.
pub(crate) fn accounts(target: &str, counts: &[SituationCount]) -> Markup {
    let rows = html! {
        @for count in counts {
            tr {
                th scope="row" { (badge(&count.situation)) }
                td { (match count.active { Some(true) => "can be used", Some(false) => "disabled", None => "not known" }) }
                td.number { (count.accounts) }
            }
        }
    };
    table(&format!("Accounts in {target}"), &["Situation", "Use", "#Accounts"], &rows)
}
