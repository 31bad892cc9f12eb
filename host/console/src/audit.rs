//! The audit log.

use crate::answers::{AuditRow, Listed, Unreadable, read};
use crate::frame::Frame;
use crate::words::{identity_link, next_page, nothing, table, time_or};
use maud::{Markup, html};
use serde_json::Value;

/// The page; `listed` is the answer of `GET /v1/audit`, the others what was asked for.
///
/// # Errors
/// The answer is not what the API gives.
pub fn audit(
    frame: &Frame,
    listed: &Value,
    action: Option<&str>,
    actor: Option<&str>,
    identity: Option<&str>,
) -> Result<String, Unreadable> {
    let listed: Listed<AuditRow> = read(listed)?;
    let content = html! {
        form.filters method="get" action="/audit" {
            label.field { span { "Action" } input type="text" name="action" value=[action] placeholder="operation-applied"; }
            label.field { span { "Actor" } input type="text" name="actor" value=[actor] placeholder="api:ada"; }
            @if let Some(identity) = identity {
                label.field.grow { span { "Identity" } input type="text" name="identity" value=(identity); }
            }
            button type="submit" { "Show" }
        }
        @if listed.items.is_empty() { (nothing("No row is like this.")) } @else { (row_table(&listed.items)) }
        (next_page(
            "/audit",
            &[("action", action), ("actor", actor), ("identity", identity)],
            ("after", listed.next().as_deref()),
        ))
    };
    Ok(frame.page("/audit", "Audit", &content))
}

pub(crate) fn row_table(rows: &[AuditRow]) -> Markup {
    let cells = html! {
        @for row in rows {
            tr {
                td.number { (row.sequence) }
                td { (time_or(row.at.as_deref(), "no time")) }
                td { code { (row.actor) } @if let Some(activity) = &row.activity { br; span.quiet { (activity) } } }
                th scope="row" { (row.action) }
                td {
                    (row.subject_kind) " " @if let Some(target) = &row.target { "in " (target) " " }
                    @match &row.identity { Some(id) => (identity_link(id, "person")), None => code { (row.subject) } }
                }
                td { (details(&row.details)) }
            }
        }
    };
    table("Rows of the audit log, newest first", &["#No.", "When", "Who", "What", "To what", "Details"], &cells)
}

fn details(details: &Value) -> Markup {
    let empty = details.as_object().is_some_and(serde_json::Map::is_empty) || details.is_null();
    if empty {
        return html! {};
    }
    html! { details { summary { "Values" } pre.value { (format!("{details:#}")) } } }
}
