//! Assignments: who has which role by what, and for how long.

use crate::answers::{Listed, Unreadable, read};
use crate::frame::Frame;
use crate::words::{badge, choice, identity_link, next_page, nothing, table, time, time_or};
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::Value;

const ORIGINS: [&str; 5] = ["declared", "api", "group", "rule", "role"];

#[derive(Deserialize)]
pub(crate) struct Assignment {
    identity: String,
    reference: String,
    label: String,
    role: String,
    origin: Origin,
    from: Option<String>,
    until: Option<String>,
    standing: String,
    because: Option<String>,
}

#[derive(Deserialize)]
struct Origin {
    kind: String,
    id: Option<String>,
    by: Option<String>,
    at: Option<String>,
    reason: Option<String>,
    name: Option<String>,
}

/// The list; `listed` is the answer of `GET /v1/assignments`, `role` and `origin` what was asked for.
///
/// # Errors
/// The answer is not what the API gives.
pub fn assignments(
    frame: &Frame,
    listed: &Value,
    role: Option<&str>,
    origin: Option<&str>,
) -> Result<String, Unreadable> {
    let listed: Listed<Assignment> = read(listed)?;
    let content = html! {
        form.filters method="get" action="/assignments" {
            label.field.grow { span { "Role" } input type="search" name="role" value=[role] data-search; }
            (choice("origin", "Where it comes from", &ORIGINS, origin))
            button type="submit" { "Show" }
        }
        @if listed.items.is_empty() { (nothing("Nobody on this page has a role like this.")) }
        @else { (assignment_table(frame, "Assignments", &listed.items, Of::Everybody, "/assignments")) }
        (next_page("/assignments", &[("role", role), ("origin", origin)], ("after", listed.next().as_deref())))
    };
    Ok(frame.page("/assignments", "Assignments", &content))
}

/// Whose assignments stand in a table.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Of {
    /// Of many.
    Everybody,
    /// Of whom the whole page is about.
    OnePerson,
}

/// Assignments with what takes them away; afterwards the reader is back at `page`.
pub(crate) fn assignment_table(frame: &Frame, caption: &str, all: &[Assignment], of: Of, page: &str) -> Markup {
    let rows = html! {
        @for one in all {
            tr {
                @if of == Of::Everybody { th scope="row" { (identity_link(&one.identity, &one.label)) " " span.quiet { (one.reference) } } }
                td { a href={ "/roles/" (one.role) } { (one.role) } }
                td { (origin(&one.origin)) }
                td { (time_or(one.from.as_deref(), "at once")) }
                td { (time_or(one.until.as_deref(), "no end")) }
                td { (badge(&one.standing)) @if let Some(because) = &one.because { " " span.quiet { (because) } } }
                td { @if let Some(id) = one.origin.id.as_ref().filter(|_| frame.may("operate")) { (withdraw(frame, one, id, page)) } }
            }
        }
    };
    let head = ["Who", "Role", "By", "From", "Until", "Now", "Withdraw"];
    table(caption, &head[usize::from(of == Of::OnePerson)..], &rows)
}

fn origin(origin: &Origin) -> Markup {
    html! {
        @match (&origin.by, &origin.name) {
            (Some(by), _) => {
                (by) @if let Some(at) = &origin.at { ", " (time(at)) }
                @if let Some(reason) = &origin.reason { br; span.quiet { (reason) } }
            }
            (None, Some(name)) if origin.kind == "group" => { "group " a href={ "/groups/" (name) } { (name) } }
            (None, Some(name)) => { (origin.kind) " " a href={ "/roles/" (name) } { (name) } }
            (None, None) => (origin.kind),
        }
    }
}

fn withdraw(frame: &Frame, one: &Assignment, id: &str, page: &str) -> Markup {
    html! {
        form.inline method="post" action={ "/assignments/" (id) "/withdrawal" } {
            (frame.form_token())
            input type="hidden" name="page" value=(page);
            button.quiet-button type="submit" { "Withdraw" span.only-heard { " " (one.role) " from " (one.label) } }
        }
    }
}
