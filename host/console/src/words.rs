//! What many pages say alike: times, states, links, durations, pages of a list.

use maud::{Markup, html};
use serde_json::Value;
use url::form_urlencoded::Serializer;

/// A time. Without the script it is shown as it is, in UTC; the script shows it in the reader's own zone.
pub(crate) fn time(at: &str) -> Markup {
    html! { time datetime=(at) { (short_time(at)) } }
}

/// A time that may not be there.
pub(crate) fn time_or(at: Option<&str>, otherwise: &str) -> Markup {
    html! { @match at { Some(at) => (time(at)), None => span.quiet { (otherwise) } } }
}

/// To the second; a reader does not need more.
fn short_time(at: &str) -> String {
    let text = at.replace('T', " ");
    let seconds = text.split(['.', 'Z']).next().unwrap_or_default();
    format!("{seconds} UTC")
}

/// A state as a badge. What it means to the reader decides its colour; the word says it to those who do not see colours.
pub(crate) fn badge(state: &str) -> Markup {
    let tone = match state {
        "linked" | "active" | "applied" | "completed" | "already-so" | "approved" | "has" | "granted" | "used"
        | "holds" => "good",
        "failed" | "refused" | "rejected" | "disputed" | "missing" | "stale" | "quarantined" | "rolled-back"
        | "stopped" | "error" => "bad",
        "held" | "unlinked" | "unknown" | "pending" | "open" | "suspended" | "undecided" | "waiting" | "not-yet"
        | "without-effect" | "warning" => "warn",
        "running" | "in-flight" | "shadow" | "canary" => "busy",
        _ => "plain",
    };
    html! { span class={ "badge " (tone) } { (state) } }
}

/// A person's page.
pub(crate) fn identity_link(id: &str, label: &str) -> Markup {
    html! { a href={ "/identities/" (id) } { (label) } }
}

/// A value as people read it: a text without quotes, everything else as JSON.
pub(crate) fn value(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => "(none)".to_owned(),
        other => other.to_string(),
    }
}

/// A count with its noun.
pub(crate) fn counted(count: u64, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// Microseconds, as people say them.
pub(crate) fn duration(micros: u64) -> String {
    match micros {
        0..1_000 => format!("{micros} µs"),
        1_000..1_000_000 => format!("{} ms", micros / 1_000),
        1_000_000..60_000_000 => format!("{}.{} s", micros / 1_000_000, micros % 1_000_000 / 100_000),
        60_000_000..3_600_000_000 => format!("{} min", micros / 60_000_000),
        _ => format!("{} h", micros / 3_600_000_000),
    }
}

/// A query of a page: parameters without a value are left out.
pub(crate) fn query(parameters: &[(&str, Option<&str>)]) -> String {
    let given = parameters.iter().filter_map(|(name, value)| Some((name, value.filter(|value| !value.is_empty())?)));
    let text = Serializer::new(String::new()).extend_pairs(given).finish();
    if text.is_empty() { text } else { format!("?{text}") }
}

/// The link to the next page of a list, where there is one.
pub(crate) fn next_page(path: &str, parameters: &[(&str, Option<&str>)], cursor: (&str, Option<&str>)) -> Markup {
    let (name, Some(next)) = cursor else { return html! {} };
    let all = [parameters, &[(name, Some(next))]].concat();
    html! { nav.pager aria-label="Pages" { a.button href={ (path) (query(&all)) } rel="next" { "Next page" } } }
}

/// A drop-down of a form that filters a list.
pub(crate) fn choice(name: &str, label: &str, options: &[&str], chosen: Option<&str>) -> Markup {
    html! {
        label.field {
            span { (label) }
            select name=(name) {
                option value="" { "All" }
                @for option in options { option value=(option) selected[chosen == Some(option)] { (option) } }
            }
        }
    }
}

/// A table that a narrow screen scrolls by itself; the keyboard reaches it. A title with `#` before it is that of numbers.
pub(crate) fn table(caption: &str, head: &[&str], rows: &Markup) -> Markup {
    html! {
        div.scroll tabindex="0" role="region" aria-label=(caption) {
            table {
                caption { (caption) }
                thead { tr { @for title in head { (head_cell(title)) } } }
                tbody { (rows) }
            }
        }
    }
}

fn head_cell(title: &str) -> Markup {
    match title.strip_prefix('#') {
        Some(title) => html! { th.number scope="col" { (title) } },
        None => html! { th scope="col" { (title) } },
    }
}

/// What is shown where a list is empty.
pub(crate) fn nothing(text: &str) -> Markup {
    html! { p.empty { (text) } }
}
