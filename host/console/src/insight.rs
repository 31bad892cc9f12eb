//! Reports: accounts that nobody should have, accounts that nobody uses, entitlements that nobody holds.

use crate::answers::{Listed, Unreadable, read};
use crate::frame::Frame;
use crate::words::{badge, next_page, nothing, query, table, time_or};
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::Value;

/// The answer that the page shows.
#[derive(Debug)]
pub enum InsightAnswer {
    /// `GET /v1/insight/orphans`
    Orphans(Value),
    /// `GET /v1/insight/dormant`
    Dormant(Value),
    /// `GET /v1/insight/entitlements`
    Entitlements(Value),
}

/// The reports: what the query calls each, and what people do.
const REPORTS: [(&str, &str); 3] =
    [("orphans", "Orphaned accounts"), ("dormant", "Dormant accounts"), ("entitlements", "Entitlements")];

#[derive(Deserialize)]
struct Account {
    target: String,
    class: String,
    remote_id: Option<String>,
    known_as: Option<String>,
    owner: Option<String>,
    situation: String,
    active: Option<bool>,
    why: String,
    #[serde(default)]
    last_sign_in: Option<String>,
}

#[derive(Deserialize)]
struct Entitlement {
    target: String,
    class: String,
    remote_id: Option<String>,
    name: Option<String>,
    holders: u64,
    only_holder: Option<String>,
    granted: Option<bool>,
}

/// The page. `target` is the only one that is asked for, where it is one.
///
/// # Errors
/// The answer is not what the API gives.
pub fn insight(frame: &Frame, answer: &InsightAnswer, target: Option<&str>) -> Result<String, Unreadable> {
    let (shown, list) = match answer {
        InsightAnswer::Orphans(answer) => {
            let none = "Every account belongs to somebody who is here, or is disabled.";
            ("orphans", accounts(&read(answer)?, "orphans", none, target))
        }
        InsightAnswer::Dormant(answer) => {
            let none = "Every account is used, as far as targets declare how a sign-in shows (`insight`).";
            ("dormant", accounts(&read(answer)?, "dormant", none, target))
        }
        InsightAnswer::Entitlements(answer) => ("entitlements", entitlements(&read(answer)?, target)),
    };
    let content = html! {
        nav.filters aria-label="Reports" {
            @for (report, label) in REPORTS {
                a.button href={ "/insight" (query(&[("report", Some(report)), ("target", target)])) }
                    aria-current=[(report == shown).then_some("page")] { (label) }
            }
        }
        @if let Some(target) = target {
            p { "Only of the target " strong { (target) } ". " a href={ "/insight" (query(&[("report", Some(shown))])) } { "Show all" } }
        }
        (list)
    };
    Ok(frame.page("/insight", "Insight", &content))
}

fn accounts(listed: &Listed<Account>, report: &str, none: &str, target: Option<&str>) -> Markup {
    let is_dormant = report == "dormant";
    let rows = html! {
        @for one in &listed.items {
            tr {
                th scope="row" {
                    (one.known_as.as_deref().or(one.remote_id.as_deref()).unwrap_or("(no name)")) " "
                    span.quiet { (one.class) " " (one.remote_id.as_deref().unwrap_or_default()) }
                }
                td { (target_link(report, &one.target)) }
                td { @match &one.owner { Some(owner) => (owner), None => span.quiet { "nobody" } } }
                td { (badge(&one.situation)) " " @match one.active { Some(false) => (badge("disabled")), Some(true) => (badge("enabled")), None => {} } }
                td { (reason(&one.why)) }
                @if is_dormant { td { (time_or(one.last_sign_in.as_deref(), "never")) } }
            }
        }
    };
    let head: &[&str] = match is_dormant {
        true => &["Account", "Target", "Owner", "State", "Why", "Last sign-in"],
        false => &["Account", "Target", "Owner", "State", "Why"],
    };
    whole(listed, report, target, none, &table("Accounts", head, &rows))
}

fn entitlements(listed: &Listed<Entitlement>, target: Option<&str>) -> Markup {
    let rows = html! {
        @for one in &listed.items {
            tr {
                th scope="row" {
                    (one.name.as_deref().or(one.remote_id.as_deref()).unwrap_or("(no name)")) " "
                    span.quiet { (one.class) " " (one.remote_id.as_deref().unwrap_or("is not there")) }
                }
                td { (target_link("entitlements", &one.target)) }
                td.number { (one.holders) }
                td { @match &one.only_holder { Some(holder) => { "only " (holder) }, None => {} } }
                td { @match one.granted { Some(true) => (badge("granted")), Some(false) => "by no role", None => span.quiet { "not declared" } } }
            }
        }
    };
    let head = ["Entitlement", "Target", "#Holders", "Held by", "Granted"];
    whole(listed, "entitlements", target, "No entitlement is known.", &table("Entitlements", &head, &rows))
}

fn whole<T>(listed: &Listed<T>, report: &str, target: Option<&str>, none: &str, table: &Markup) -> Markup {
    html! {
        @if listed.items.is_empty() && listed.next().is_none() { (nothing(none)) } @else { (table) }
        (next_page("/insight", &[("report", Some(report)), ("target", target)], ("after", listed.next().as_deref())))
    }
}

fn target_link(report: &str, target: &str) -> Markup {
    html! { a href={ "/insight" (query(&[("report", Some(report)), ("target", Some(target))])) } { (target) } }
}

fn reason(why: &str) -> &str {
    match why {
        "nobody-owns" => "it belongs to nobody",
        "owner-departed" => "its owner has departed",
        "never-used" => "it was never used",
        "not-used-lately" => "it was not used for long",
        "unreadable" => "what the target shows of sign-ins is no time",
        other => other,
    }
}
