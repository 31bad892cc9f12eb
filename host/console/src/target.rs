//! One target: how it is declared, and its mappings tried on a real identity.

use crate::answers::{Identity, Listed, SituationCount, Unreadable, read};
use crate::frame::Frame;
use crate::targets::accounts;
use crate::why::{Explanation, why};
use crate::words::{nothing, table};
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::Value;

/// What the API answers for the page of a target.
#[derive(Debug)]
pub struct TargetAnswers {
    /// `GET /v1/targets/{name}`
    pub target: Value,
    /// `GET /v1/identities?search=`, where somebody searched.
    pub found: Option<Value>,
    /// `GET /v1/identities/{id}` and its explanation for this target, where one was chosen.
    pub tried: Option<(Value, Value)>,
}

#[derive(Deserialize)]
struct Target {
    name: String,
    declared: Declared,
    runs: Option<Build>,
    accounts: Vec<SituationCount>,
}

#[derive(Deserialize)]
struct Build {
    name: String,
    version: String,
    digest: String,
}

#[derive(Deserialize)]
struct Declared {
    connector: String,
    class: String,
    correlation: Vec<Correlation>,
    mappings: Vec<Mapping>,
    entitlements: Vec<String>,
    unlinked: String,
    missing: String,
    unmatched: String,
    leaving: Leaving,
    full: Option<String>,
    delta: Option<String>,
}

#[derive(Deserialize)]
struct Leaving {
    action: String,
}

#[derive(Deserialize)]
struct Correlation {
    attribute: String,
    expression: String,
    weight: u8,
}

#[derive(Deserialize)]
struct Mapping {
    attribute: String,
    expression: String,
    strength: String,
}

/// The page; `search` is what somebody searched for.
///
/// # Errors
/// An answer is not what the API gives.
pub fn target(frame: &Frame, answers: &TargetAnswers, search: Option<&str>) -> Result<String, Unreadable> {
    let target: Target = read(&answers.target)?;
    let found: Option<Listed<Identity>> = answers.found.as_ref().map(read).transpose()?;
    let tried = answers.tried.as_ref();
    let tried: Option<(Identity, Explanation)> =
        tried.map(|(identity, explanation)| Ok((read(identity)?, read(explanation)?))).transpose()?;
    let content = html! {
        (facts(&target))
        section.card aria-labelledby="try" {
            h2 #try { "Try the mappings on a person" }
            (search_form(&target.name, search))
            @if let Some(found) = &found { (people(&target.name, &found.items)) }
            @if let Some((identity, explanation)) = &tried {
                h3 { "What " a href={ "/identities/" (identity.id) } { (identity.label()) } " has here, and why" }
                (why(explanation))
            }
        }
        section aria-labelledby="mappings" {
            h2 #mappings { "Mappings" }
            @if target.declared.mappings.is_empty() { (nothing("No attribute is mapped.")) } @else { (mappings(&target.declared.mappings)) }
        }
        section aria-labelledby="recognised" {
            h2 #recognised { "How accounts are recognised" }
            @if target.declared.correlation.is_empty() { (nothing("No account that is there already is recognised.")) } @else { (correlation(&target.declared.correlation)) }
        }
        section aria-labelledby="accounts" {
            h2 #accounts { "Accounts" }
            @if target.accounts.is_empty() { (nothing("No account is known.")) } @else { (accounts(&target.name, &target.accounts)) }
        }
    };
    Ok(frame.page("/targets", &target.name, &content))
}

fn facts(target: &Target) -> Markup {
    let Declared { connector, class, entitlements, unlinked, missing, unmatched, leaving, full, delta, .. } =
        &target.declared;
    html! {
        section.card aria-label="How it is declared" {
            dl.facts {
                div { dt { "Connector" } dd { (connector) } }
                div { dt { "Runs" } dd { @match &target.runs { Some(build) => a href={ "/connectors/" (build.digest) } { (build.name) " " (build.version) }, None => "nothing yet" } } }
                div { dt { "Class" } dd { (class) } }
                div { dt { "Whoever leaves" } dd { (leaving.action) } }
                div { dt { "An account that matches" } dd { (unlinked) } }
                div { dt { "An account that is gone" } dd { (missing) } }
                div { dt { "An account of nobody" } dd { (unmatched) } }
                div { dt { "Looked at as a whole" } dd { (full.as_deref().unwrap_or("as the host was told")) } }
                @if let Some(delta) = delta { div { dt { "Change feed" } dd { (delta) } } }
            }
            @if !entitlements.is_empty() { ul.chips aria-label="Entitlements that roles can grant" { @for one in entitlements { li { (one) } } } }
        }
    }
}

fn search_form(target: &str, search: Option<&str>) -> Markup {
    html! {
        form.filters role="search" method="get" action={ "/targets/" (target) } {
            label.field.grow { span { "A part of a key or of an attribute" } input type="search" name="search" value=[search] data-search; }
            button type="submit" { "Find" }
        }
    }
}

fn people(target: &str, found: &[Identity]) -> Markup {
    html! {
        @if found.is_empty() { (nothing("Nobody was found.")) }
        ul.chips { @for one in found { li { a href={ "/targets/" (target) "?identity=" (one.id) } { (one.label()) } " " span.quiet { (one.source) "/" (one.key) } } } }
    }
}

fn mappings(all: &[Mapping]) -> Markup {
    let rows = html! {
        @for one in all { tr { th scope="row" { (one.attribute) } td { code { (one.expression) } } td { (one.strength) } } }
    };
    table("How attributes follow from the identity", &["Attribute", "Expression", "Strength"], &rows)
}

fn correlation(all: &[Correlation]) -> Markup {
    let rows = html! {
        @for one in all { tr { th scope="row" { (one.attribute) } td { code { (one.expression) } } td.number { (one.weight) } } }
    };
    table("In order of trust", &["Attribute", "Must be", "#Weight"], &rows)
}
