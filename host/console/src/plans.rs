//! The list of plans.

use crate::answers::{Listed, Plan, Unreadable, read};
use crate::frame::Frame;
use crate::words::{badge, counted, next_page, nothing, table, time, time_or};
use maud::{Markup, html};
use serde_json::Value;

/// The page; `listed` is the answer of `GET /v1/plans`.
///
/// # Errors
/// The answer is not what the API gives.
pub fn plans(frame: &Frame, listed: &Value) -> Result<String, Unreadable> {
    let listed: Listed<Plan> = read(listed)?;
    let content = html! {
        @if frame.may("operate") {
            form.card.filters method="post" action="/plans" {
                (frame.form_token())
                label.field.grow {
                    span { "Targets" }
                    input type="text" name="targets" placeholder="All" aria-describedby="targets-hint";
                }
                button.primary type="submit" { "Make a plan" }
                p.hint #targets-hint { "Names with commas between, or nothing for all. Nothing is done until the plan is applied." }
            }
        }
        @if listed.items.is_empty() { (nothing("No plan has been made yet.")) } @else { (all(&listed.items)) }
        (next_page("/plans", &[], ("after", listed.next().as_deref())))
    };
    Ok(frame.page("/plans", "Plans", &content))
}

fn all(plans: &[Plan]) -> Markup {
    let rows = html! {
        @for plan in plans {
            tr {
                th scope="row" { a href={ "/plans/" (plan.id) } { "Plan of " (time(&plan.created_at)) } }
                td { (counted(plan.items, "item", "items")) }
                td { (kinds(plan)) }
                td { (states(plan)) }
                td { (time_or(plan.seal.as_ref().map(|seal| seal.expires_at.as_str()), "never finished")) }
                td { (time_or(plan.applied_at.as_deref(), "not applied")) }
            }
        }
    };
    table("Plans, newest first", &["Plan", "Items", "Operations", "States", "Expires", "Applied"], &rows)
}

/// How many operations of which kind.
pub(crate) fn kinds(plan: &Plan) -> Markup {
    html! {
        @for (kind, count) in &plan.operations { span class={ "kind " (crate::diff::tone(kind)) } { (count) " " (kind) } " " }
    }
}

/// How many items in which state.
pub(crate) fn states(plan: &Plan) -> Markup {
    html! { @for (state, count) in &plan.states { (count) " " (badge(state)) " " } }
}
