//! How the host is set: guards, schedules, secrets by their names, and the declarations in force.

use crate::answers::{Listed, Unreadable, read};
use crate::frame::Frame;
use crate::words::{nothing, table, time, time_or};
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::Value;

/// What the API answers for the page of settings. What only admins may see is none for others.
#[derive(Debug)]
pub struct SettingsAnswers {
    /// `GET /v1/guard`
    pub guard: Value,
    /// `GET /v1/schedules`
    pub schedules: Value,
    /// `GET /v1/secrets`
    pub secrets: Option<Value>,
    /// `GET /v1/declarations`
    pub declarations: Option<Value>,
}

#[derive(Deserialize)]
struct Guards {
    targets: Vec<TargetGuard>,
    sources: Vec<SourceGuard>,
}

#[derive(Deserialize)]
struct TargetGuard {
    target: String,
    guard: Guard,
}

#[derive(Deserialize)]
struct Guard {
    accounts: Limit,
    revokes: Limit,
}

#[derive(Deserialize)]
struct SourceGuard {
    source: String,
    departures: Limit,
}

#[derive(Deserialize)]
struct Limit {
    share: u64,
    floor: u64,
    count: u64,
}

#[derive(Deserialize)]
struct Job {
    job: String,
    schedule: String,
    time_zone: String,
    last_start: Option<String>,
    result: Option<String>,
    next: Option<String>,
}

#[derive(Deserialize)]
struct Secret {
    name: String,
    version: u32,
    set_at: String,
    set_by: String,
    used_by: Vec<String>,
}

#[derive(Deserialize)]
struct Declarations {
    digest: String,
    files: Vec<File>,
}

#[derive(Deserialize)]
struct File {
    name: String,
    text: String,
}

/// The page.
///
/// # Errors
/// An answer is not what the API gives.
pub fn settings(frame: &Frame, answers: &SettingsAnswers) -> Result<String, Unreadable> {
    let (guards, jobs): (Guards, Listed<Job>) = (read(&answers.guard)?, read(&answers.schedules)?);
    let secrets: Option<Listed<Secret>> = answers.secrets.as_ref().map(read).transpose()?;
    let declarations: Option<Declarations> = answers.declarations.as_ref().map(read).transpose()?;
    let content = html! {
        section aria-labelledby="guard" { h2 #guard { "Guard" } (all_guards(frame, &guards)) }
        section aria-labelledby="schedules" {
            h2 #schedules { "Schedules" }
            @if jobs.items.is_empty() { (nothing("No schedule is declared.")) } @else { (schedules(&jobs.items)) }
        }
        @if let Some(secrets) = &secrets { section aria-labelledby="secrets" { h2 #secrets { "Secrets" } (all_secrets(frame, &secrets.items)) } }
        @if let Some(declarations) = &declarations {
            section aria-labelledby="declarations" { h2 #declarations { "Declarations" } (declared(declarations)) }
        }
    };
    Ok(frame.page("/settings", "Settings", &content))
}

fn limit(limit: &Limit) -> Markup {
    html! { (limit.share) " % of at least " (limit.floor) ", no more than " (limit.count) }
}

fn all_guards(frame: &Frame, guards: &Guards) -> Markup {
    if guards.targets.is_empty() && guards.sources.is_empty() {
        return nothing("No source and no target is declared.");
    }
    let rows = html! {
        @for one in &guards.targets {
            tr {
                th scope="row" { a href={ "/targets/" (one.target) } { (one.target) } }
                td { (limit(&one.guard.accounts)) }
                td { (limit(&one.guard.revokes)) }
                td { @if frame.may("administer") { (change_guard(frame, one)) } }
            }
        }
        @for one in &guards.sources {
            tr { th scope="row" { (one.source) } td { (limit(&one.departures)) " may depart in one import" } td {} td {} }
        }
    };
    let head =
        ["Target or source", "Accounts disabled or deleted in 24 hours", "Accounts that lose entitlements", "Change"];
    table("More than this is held until a person decides", &head, &rows)
}

fn change_guard(frame: &Frame, one: &TargetGuard) -> Markup {
    let number = |name: &str, label: &str, value: u64, most: &str| {
        html! { label.field { span { (label) } input type="number" name=(name) value=(value) min="0" max=(most) required; } }
    };
    let limit = |prefix: &str, what: &str, limit: &Limit| {
        html! {
            (number(&format!("{prefix}_share"), &format!("{what}: percent"), limit.share, "100"))
            (number(&format!("{prefix}_floor"), "of at least", limit.floor, "1000000000"))
            (number(&format!("{prefix}_count"), "no more than", limit.count, "1000000000"))
        }
    };
    html! {
        details {
            summary { "Change" span.only-heard { " the guard of " (one.target) } }
            form.filters method="post" action={ "/targets/" (one.target) "/guard" } {
                (frame.form_token())
                (limit("accounts", "Accounts", &one.guard.accounts))
                (limit("revokes", "Entitlements", &one.guard.revokes))
                button type="submit" { "Set and declare" }
            }
        }
    }
}

fn schedules(jobs: &[Job]) -> Markup {
    let rows = html! {
        @for job in jobs {
            tr {
                th scope="row" { (job.job) }
                td { code { (job.schedule) } " " span.quiet { (job.time_zone) } }
                td { (time_or(job.last_start.as_deref(), "never")) }
                td { (job.result.as_deref().unwrap_or(if job.last_start.is_some() { "not ended yet" } else { "" })) }
                td { (time_or(job.next.as_deref(), "no more")) }
            }
        }
    };
    table("What runs regularly", &["Job", "Schedule", "Began last", "Ended with", "Next"], &rows)
}

fn all_secrets(frame: &Frame, secrets: &[Secret]) -> Markup {
    let rows = html! {
        @for one in secrets {
            tr {
                th scope="row" { (one.name) }
                td.number { (one.version) }
                td { (time(&one.set_at)) " " span.quiet { "by " (one.set_by) } }
                td { (one.used_by.join(", ")) }
                td { @if one.used_by.is_empty() { (frame.button(&format!("/secrets/{}/removal", one.name), &format!("Remove {}", one.name))) } }
            }
        }
    };
    html! {
        form.card.filters method="post" action="/secrets" aria-label="Set a secret" {
            (frame.form_token())
            label.field.grow { span { "Name" } input type="text" name="name" required autocomplete="off"; }
            label.field.grow { span { "Value; it is sealed, and never shown" } input type="password" name="value" required autocomplete="new-password"; }
            button.primary type="submit" { "Set it" }
        }
        @if secrets.is_empty() { (nothing("No secret is set.")) } @else { (table("Sealed secrets", &["Name", "#Version", "Set", "Used by", "Remove"], &rows)) }
    }
}

fn declared(declarations: &Declarations) -> Markup {
    html! {
        div.card {
            p { "In force: " code { (declarations.digest) } }
            @for file in &declarations.files { details { summary { code { (file.name) } } pre { code { (file.text) } } } }
        }
    }
}
