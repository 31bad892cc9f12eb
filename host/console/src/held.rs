//! What the guard holds until a person decides.

use crate::answers::{Held, Listed, Unreadable, read};
use crate::diff;
use crate::frame::Frame;
use crate::words::{badge, choice, identity_link, next_page, nothing, time};
use maud::{Markup, html};
use serde_json::Value;

/// The page; `listed` is the answer of `GET /v1/held`, the others what was asked for.
///
/// # Errors
/// The answer is not what the API gives.
pub fn held(frame: &Frame, listed: &Value, target: Option<&str>, state: Option<&str>) -> Result<String, Unreadable> {
    let listed: Listed<Held> = read(listed)?;
    let items = html! { ol.items { @for held in &listed.items { (item(held, frame.may("approve"))) } } };
    let content = html! {
        form.filters method="get" action="/held" {
            label.field { span { "Target" } input type="text" name="target" value=[target]; }
            (choice("state", "State", &["pending", "rejected"], state))
            button type="submit" { "Show" }
        }
        @if listed.items.is_empty() {
            (nothing("The guard holds nothing."))
        } @else if frame.may("approve") {
            form method="post" action="/held/decision" {
                (frame.form_token())
                div.bar-of-buttons {
                    label.check { input type="checkbox" data-check-all="account"; " All of this page" }
                    button type="submit" name="decision" value="approve" { "Approve chosen" }
                    button.danger type="submit" name="decision" value="reject" { "Reject chosen" }
                }
                (items)
            }
        } @else { (items) }
        (next_page("/held", &[("target", target), ("state", state)], ("after", listed.next().as_deref())))
    };
    Ok(frame.page("/held", "Held by the guard", &content))
}

fn item(held: &Held, may_decide: bool) -> Markup {
    let item = &held.item;
    html! {
        li.card.item {
            div.item-head {
                @if may_decide { input type="checkbox" name="account" value=(held.account) aria-label={ (item.label) " in " (item.target) }; }
                h2 { (identity_link(&item.identity, &item.label)) " " span.quiet { "in " (item.target) } }
                (badge(&held.state)) " " span.quiet { "since " (time(&held.held_at)) }
            }
            p { (held.reason) }
            (diff::operations(&item.operations))
        }
    }
}
