//! The provisioning log: operations from what was asked for to what became of it.

use crate::answers::{Listed, Operation, Unreadable, read};
use crate::diff::{object, tone};
use crate::frame::Frame;
use crate::words::{badge, choice, identity_link, next_page, nothing, table, time};
use maud::{Markup, html};
use serde_json::Value;

const STATES: [&str; 7] = ["waiting", "in-flight", "unknown", "applied", "already-so", "refused", "superseded"];

/// The page; `listed` is the answer of `GET /v1/operations`, the others what was asked for.
///
/// # Errors
/// The answer is not what the API gives.
pub fn operations(
    frame: &Frame,
    listed: &Value,
    target: Option<&str>,
    state: Option<&str>,
    identity: Option<&str>,
) -> Result<String, Unreadable> {
    let listed: Listed<Operation> = read(listed)?;
    let content = html! {
        form.filters method="get" action="/operations" {
            label.field { span { "Target" } input type="text" name="target" value=[target]; }
            (choice("state", "State", &STATES, state))
            @if let Some(identity) = identity {
                label.field.grow { span { "Identity" } input type="text" name="identity" value=(identity); }
            }
            button type="submit" { "Show" }
        }
        div data-live="operation-" {
            @if listed.items.is_empty() { (nothing("No operation is like this.")) } @else { (operation_table(frame, &listed.items, true)) }
        }
        (next_page(
            "/operations",
            &[("target", target), ("state", state), ("identity", identity)],
            ("after", listed.next().as_deref()),
        ))
    };
    Ok(frame.page("/operations", "Provisioning log", &content))
}

pub(crate) fn operation_table(frame: &Frame, operations: &[Operation], with_identity: bool) -> Markup {
    let rows = html! {
        @for one in operations {
            tr id={ "op-" (one.id) } {
                td { (time(&one.created_at)) }
                td { (one.target) }
                td { span class={ "kind " (tone(&one.intent.kind)) } { (one.intent.kind) } " " (object(&one.intent)) }
                @if with_identity {
                    td { @match &one.identity { Some(id) => (identity_link(id, "person")), None => span.quiet { "nobody's" } } }
                }
                td {
                    (badge(&one.state))
                    @if one.quarantined_since.is_some() { " " (badge("quarantined")) }
                    @if let Some(detail) = &one.detail { br; span.quiet { (detail) } }
                }
                td.number { (one.attempts) }
                td { (time(&one.changed_at)) }
                td { @if frame.may("operate") && one.state == "waiting" { (deciding(frame, one)) } }
            }
        }
    };
    let head: &[&str] = match with_identity {
        true => &["Asked for", "Target", "Operation", "Identity", "State", "#Tries", "Last change", "Decide"],
        false => &["Asked for", "Target", "Operation", "State", "#Tries", "Last change", "Decide"],
    };
    table("Operations, newest first", head, &rows)
}

/// What waits is tried again where it rests, and can be kept from being sent, after a second look.
fn deciding(frame: &Frame, one: &Operation) -> Markup {
    let what = format!(" to {} in {}", one.intent.kind, one.target);
    html! {
        @if one.quarantined_since.is_some() { (frame.button(&format!("/operations/{}/retry", one.id), "Try again now")) }
        details {
            summary { "Cancel" span.only-heard { (what) } }
            p.quiet { "It is not sent, and planned again when the person, the declarations or the target are looked at anew." }
            (frame.button(&format!("/operations/{}/cancellation", one.id), "Do not send it"))
        }
    }
}
