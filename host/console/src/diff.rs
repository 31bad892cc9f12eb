//! What operations would change, as a diff.

use crate::answers::{Change, Intent, Planned};
use crate::words::value;
use maud::{Markup, html};
use serde_json::{Map, Value};

/// The operations of an item with their reasons.
pub(crate) fn operations(planned: &[Planned]) -> Markup {
    html! {
        ul.operations {
            @for one in planned {
                li {
                    p { span class={ "kind " (tone(&one.intent.kind)) } { (one.intent.kind) } " " (object(&one.intent)) " " span.quiet { (one.reason) } }
                    (lines(&one.intent, &one.before))
                }
            }
        }
    }
}

/// What an operation is about, where that is not the account itself.
pub(crate) fn object(intent: &Intent) -> Markup {
    html! {
        @if let Some(entitlement) = &intent.entitlement { strong { (entitlement.label()) } }
        @if let Some(name) = &intent.name { strong { (name) } }
    }
}

/// Whether an operation gives or takes away.
pub(crate) fn tone(kind: &str) -> &'static str {
    match kind {
        "create" | "enable" | "grant" | "create-entitlement" => "gives",
        "disable" | "delete" | "revoke" => "takes",
        _ => "changes",
    }
}

fn lines(intent: &Intent, before: &Map<String, Value>) -> Markup {
    if intent.attributes.is_empty() && intent.changes.is_empty() {
        return html! {};
    }
    html! {
        div.diff role="group" aria-label="Changes" {
            @for (name, new) in &intent.attributes { (line("added", "+", name, new)) }
            @for change in &intent.changes { (changed(change, before.get(&change.attribute))) }
        }
    }
}

fn changed(change: &Change, before: Option<&Value>) -> Markup {
    let name = &change.attribute;
    let each = |class, sign| match &change.value {
        Value::Array(values) => html! { @for one in values { (line(class, sign, name, one)) } },
        one => line(class, sign, name, one),
    };
    match change.action.as_str() {
        "add" => each("added", "+"),
        "remove" => each("removed", "-"),
        action => html! {
            @if let Some(before) = before { (line("removed", "-", name, before)) }
            @else if action == "clear" { (line("removed", "-", name, &Value::Null)) }
            @if action == "replace" { (line("added", "+", name, &change.value)) }
        },
    }
}

fn line(class: &str, sign: &str, name: &str, one: &Value) -> Markup {
    let said = if sign == "+" { "to be" } else { "before" };
    html! {
        p class=(class) {
            span aria-hidden="true" { (sign) " " } span.only-heard { (said) " " } span.name { (name) } " " span.value { (value(one)) }
        }
    }
}
