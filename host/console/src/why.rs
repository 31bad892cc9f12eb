//! Why an identity has what it has: an explanation of the API as a tree that opens.

use crate::answers::Item;
use crate::diff;
use crate::words::{badge, nothing, table, value};
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
pub(crate) struct Explanation {
    groups: Vec<Membership>,
    roles: Vec<Membership>,
    targets: Vec<Target>,
}

#[derive(Deserialize)]
struct Membership {
    name: String,
    membership: String,
    origins: Vec<String>,
    rule: Option<Rule>,
    because: Option<String>,
}

#[derive(Deserialize)]
struct Rule {
    expression: String,
}

#[derive(Deserialize)]
struct Target {
    target: String,
    scope: String,
    granted_by: Vec<String>,
    scope_because: Vec<String>,
    mappings: Vec<Mapping>,
    entitlements: Vec<Entitlement>,
    left_alone: Vec<String>,
    items: Vec<Item>,
    conclusion: String,
}

#[derive(Deserialize)]
struct Mapping {
    attribute: String,
    strength: String,
    expression: String,
    value: Option<Value>,
    fault: Option<String>,
    actual: Option<Value>,
    decision: String,
    because: String,
}

#[derive(Deserialize)]
struct Entitlement {
    entitlement: String,
    granted_by: Vec<String>,
    decision: String,
    because: String,
}

pub(crate) fn why(explanation: &Explanation) -> Markup {
    html! {
        (memberships("Roles", &explanation.roles))
        (memberships("Groups", &explanation.groups))
        @for target in &explanation.targets { (one_target(target)) }
        @if explanation.targets.is_empty() { (nothing("No target is declared.")) }
    }
}

fn memberships(what: &str, all: &[Membership]) -> Markup {
    let (has, others): (Vec<_>, Vec<_>) = all.iter().partition(|one| one.membership == "has");
    if all.is_empty() {
        return html! {};
    }
    html! {
        h3 { (what) }
        @if has.is_empty() { p.quiet { "None." } }
        ul.reasons { @for one in has { li { (membership(one)) } } }
        @if !others.is_empty() {
            details {
                summary { "Not had: " (others.len()) }
                ul.reasons { @for one in others { li { (membership(one)) } } }
            }
        }
    }
}

fn membership(one: &Membership) -> Markup {
    html! {
        strong { (one.name) } " " (badge(&one.membership))
        @if !one.origins.is_empty() { " " span.quiet { "by " (one.origins.join(", ")) } }
        @if let Some(because) = &one.because { " " span.quiet { (because) } }
        @if let Some(rule) = &one.rule { br; code { (rule.expression) } }
    }
}

fn one_target(target: &Target) -> Markup {
    html! {
        details.target open[!target.items.is_empty()] {
            summary { strong { (target.target) } " " (badge(&target.scope)) " " span { (target.conclusion) } }
            @if !target.granted_by.is_empty() { p { "Granted by " strong { (target.granted_by.join(", ")) } } }
            @for because in &target.scope_because { p.quiet { (because) } }
            @for message in &target.left_alone { p.said.warn { (message) } }
            @for item in &target.items { (diff::operations(&item.operations)) }
            @if !target.entitlements.is_empty() { (entitlements(&target.target, &target.entitlements)) }
            @if !target.mappings.is_empty() { (mappings(&target.target, &target.mappings)) }
        }
    }
}

fn entitlements(target: &str, all: &[Entitlement]) -> Markup {
    let rows = html! {
        @for one in all {
            tr {
                th scope="row" { (one.entitlement) }
                td { (badge(&one.decision)) }
                td { (one.granted_by.join(", ")) }
                td { (one.because) }
            }
        }
    };
    table(&format!("Entitlements in {target}"), &["Entitlement", "Decision", "Granted by", "Because"], &rows)
}

fn mappings(target: &str, all: &[Mapping]) -> Markup {
    let shown = |one: Option<&Value>| one.map(value).unwrap_or_default();
    let rows = html! {
        @for one in all {
            tr {
                th scope="row" { (one.attribute) }
                td { code { (one.expression) } br; span.quiet { (one.strength) } }
                td.value { @match &one.fault { Some(fault) => span.bad-text { (fault) }, None => (shown(one.value.as_ref())) } }
                td.value { (shown(one.actual.as_ref())) }
                td { (badge(&one.decision)) br; span.quiet { (one.because) } }
            }
        }
    };
    table(&format!("Mappings to {target}"), &["Attribute", "Mapping", "Gives", "Is there", "Decision"], &rows)
}
