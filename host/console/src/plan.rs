//! One plan as a diff, and what a person decides about it.

use crate::answers::{Line, Listed, Plan, Unreadable, read};
use crate::diff;
use crate::frame::Frame;
use crate::plans::{kinds, states};
use crate::words::{badge, identity_link, next_page, time, time_or};
use maud::{Markup, html};
use serde_json::Value;

/// The page; `plan` is the answer of `GET /v1/plans/{id}`, `lines` that of its items.
///
/// # Errors
/// An answer is not what the API gives.
pub fn plan(frame: &Frame, plan: &Value, lines: &Value) -> Result<String, Unreadable> {
    let (plan, lines): (Plan, Listed<Line>) = (read(plan)?, read(lines)?);
    let undone = lines.items.iter().any(Line::is_undone);
    let path = format!("/plans/{}", plan.id);
    let items = html! { ol.items { @for line in &lines.items { (item(line, frame.may("approve"))) } } };
    let content = html! {
        div.card.summary {
            dl.facts {
                div { dt { "Made" } dd { (time(&plan.created_at)) } }
                @if let Some(requester) = &plan.requested_by { div { dt { "Asked for by" } dd { (requester) } } }
                div { dt { "Expires" } dd { (time_or(plan.seal.as_ref().map(|seal| seal.expires_at.as_str()), "never finished")) } }
                div { dt { "Applied" } dd { (time_or(plan.applied_at.as_deref(), "not yet")) } }
                div { dt { "Operations" } dd { (kinds(&plan)) } }
                div { dt { "Items" } dd { (states(&plan)) } }
            }
            @if frame.may("operate") && plan.applied_at.is_none() { (apply(frame, &path)) }
        }
        @if frame.may("approve") && undone {
            form method="post" action={ (path) "/decision" } {
                (frame.form_token())
                div.bar-of-buttons {
                    label.check { input type="checkbox" data-check-all="position"; " All of this page" }
                    button type="submit" name="decision" value="approve" { "Approve chosen" }
                    button.danger type="submit" name="decision" value="reject" { "Reject chosen" }
                    button.quiet-button type="submit" name="decision" value="approve-undone" { "Approve all that are open" }
                }
                (items)
            }
        } @else { (items) }
        (next_page(&path, &[], ("offset", lines.next().as_deref())))
    };
    Ok(frame.page("/plans", "Plan", &content))
}

fn apply(frame: &Frame, path: &str) -> Markup {
    html! {
        form.apply method="post" action={ (path) "/application" } {
            (frame.form_token())
            label.check { input type="checkbox" name="approved_only" value="true" checked; " Only what is approved" }
            button.primary type="submit" { "Apply" }
        }
    }
}

fn item(line: &Line, may_decide: bool) -> Markup {
    let item = &line.item;
    let id = format!("item-{}", line.position);
    html! {
        li.card.item id=(id) {
            div.item-head {
                @if may_decide && line.is_undone() {
                    input type="checkbox" name="position" value=(line.position) aria-label={ "Item " (line.position) ": " (item.label) " in " (item.target) };
                }
                span.position { (line.position) }
                h2 { (identity_link(&item.identity, &item.label)) " " span.quiet { "in " (item.target) } }
                (badge(&line.state))
                @if item.link == "adopt" { " " span.badge.warn { "adopts an account" } }
            }
            @if let Some(why) = &line.why { p.said.warn { (why) } }
            (diff::operations(&item.operations))
        }
    }
}
