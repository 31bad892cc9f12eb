//! The connectors: which builds run, which wait or are tried, and what lies in the folder.

use crate::answers::{Listed, Unreadable, read};
use crate::frame::Frame;
use crate::words::{badge, nothing, table, time};
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
struct Build {
    name: String,
    version: String,
    digest: String,
}

#[derive(Deserialize)]
struct Use {
    subject: String,
    current: Build,
    former: Option<Build>,
    candidate: Option<Newer>,
}

#[derive(Deserialize)]
struct Newer {
    build: Build,
    stage: String,
    since: String,
    asks: Vec<String>,
    trial: Trial,
}

#[derive(Deserialize)]
struct Trial {
    compared: u64,
    operations: u64,
    failures: u64,
}

#[derive(Deserialize)]
struct File {
    file: Option<String>,
    state: String,
    name: Option<String>,
    version: Option<String>,
    digest: Option<String>,
    #[serde(default)]
    signature: Value,
    used_by: Vec<String>,
    tried_by: Vec<String>,
    reason: Option<String>,
}

/// The page; `files` is the answer of `GET /v1/connectors`, `upgrades` that of `GET /v1/upgrades`.
///
/// # Errors
/// An answer is not what the API gives.
pub fn connectors(frame: &Frame, files: &Value, upgrades: &Value) -> Result<String, Unreadable> {
    let (files, uses): (Listed<File>, Listed<Use>) = (read(files)?, read(upgrades)?);
    let content = html! {
        @if frame.may("administer") { (drop_in(frame)) }
        div data-live="connector-" {
            section aria-labelledby="builds" {
                h2 #builds { "What runs" }
                @if uses.items.is_empty() { (nothing("Nothing has run a connector yet.")) } @else { (all_uses(frame, &uses.items)) }
            }
            section aria-labelledby="files" {
                h2 #files { "Files and copies" }
                @if files.items.is_empty() { (nothing("No connector is here.")) } @else { (all_files(&files.items)) }
            }
        }
    };
    Ok(frame.page("/connectors", "Connectors", &content))
}

fn drop_in(frame: &Frame) -> Markup {
    html! {
        form.card.filters method="post" action="/connectors" enctype="multipart/form-data" aria-label="Drop a connector in" {
            (frame.form_token())
            label.field.grow { span { "Connector (a .wasm file)" } input type="file" name="component" accept=".wasm,application/wasm" required; }
            label.field.grow { span { "Signature (.minisig), where there is one" } input type="file" name="signature" accept=".minisig"; }
            button.primary type="submit" { "Drop it in" }
            p.hint { "It is validated without being given anything, and taken by sources and targets as they are declared. One that asks for more waits here." }
        }
    }
}

/// Where a source or target is decided about: `target crm` at `/targets/crm/upgrade`.
fn place(subject: &str) -> Option<String> {
    let (kind, name) = subject.split_once(' ')?;
    Some(format!("/{kind}s/{name}/upgrade"))
}

fn all_uses(frame: &Frame, uses: &[Use]) -> Markup {
    let rows = html! {
        @for one in uses {
            tr {
                th scope="row" { (one.subject) }
                td { (build(&one.current)) }
                td { @match &one.former { Some(former) => (build(former)), None => span.quiet { "none" } } }
                td { @match &one.candidate { Some(newer) => (newer_build(newer, &one.current)), None => span.quiet { "none" } } }
                td { @if frame.may("operate") { (decisions(frame, one)) } }
            }
        }
    };
    table("Builds in use", &["Source or target", "Runs", "Ran before", "Newer", "Decide"], &rows)
}

fn build(build: &Build) -> Markup {
    html! { a href={ "/connectors/" (build.digest) } { (build.name) " " (build.version) } }
}

fn newer_build(newer: &Newer, current: &Build) -> Markup {
    html! {
        a href={ "/connectors/" (newer.build.digest) "?former=" (current.digest) } { (newer.build.name) " " (newer.build.version) }
        " " (badge(&newer.stage)) " " span.quiet { "since " (time(&newer.since)) }
        @if !newer.asks.is_empty() { p { "It asks for more:" } ul.chips { @for what in &newer.asks { li { (what) } } } }
        @if newer.stage != "waiting" {
            p.quiet { (newer.trial.compared) " objects compared, " (newer.trial.operations) " operations, " (newer.trial.failures) " failures" }
        }
    }
}

fn decisions(frame: &Frame, one: &Use) -> Markup {
    let Some(action) = place(&one.subject) else { return html! {} };
    let advance = match one.candidate.as_ref().map(|newer| newer.stage.as_str()) {
        Some("waiting") => Some("Approve"),
        Some(_) => Some("One stage on"),
        None => None,
    };
    html! {
        form.bar-of-buttons method="post" action=(action) {
            (frame.form_token())
            @if let Some(advance) = advance { button type="submit" name="decision" value="advance" { (advance) span.only-heard { " for " (one.subject) } } }
            @if advance.is_some() || one.former.is_some() {
                button.danger type="submit" name="decision" value="roll-back" { "Roll back" span.only-heard { " " (one.subject) } }
            }
            button.quiet-button type="submit" name="decision" value="begin" { "Look for a newer one" span.only-heard { " for " (one.subject) } }
        }
    }
}

/// Who signed, in words.
pub(crate) fn signed(signature: &Value) -> String {
    match (signature["good"].as_str(), signature.as_str()) {
        (Some(publisher), _) => format!("signed by {publisher}"),
        (_, Some("unknown-publisher")) => "signed by an unknown publisher".to_owned(),
        (_, Some("missing")) => "not signed".to_owned(),
        _ => String::new(),
    }
}

fn all_files(files: &[File]) -> Markup {
    let rows = html! {
        @for one in files {
            tr {
                th scope="row" { @match &one.file { Some(file) => (file), None => span.quiet { "(a copy)" } } }
                td { @if let (Some(name), Some(version), Some(digest)) = (&one.name, &one.version, &one.digest) { a href={ "/connectors/" (digest) } { (name) " " (version) } } }
                td { (badge(&one.state)) @if let Some(reason) = &one.reason { br; span.bad-text { (reason) } } }
                td { (signed(&one.signature)) }
                td { (one.used_by.join(", ")) @if !one.tried_by.is_empty() { br; span.quiet { "tried by " (one.tried_by.join(", ")) } } }
            }
        }
    };
    table("The folder of connectors", &["File", "Connector", "State", "Signature", "Used by"], &rows)
}
