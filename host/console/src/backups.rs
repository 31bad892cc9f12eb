//! The backups that the host keeps, for admins.

use crate::answers::{Listed, Unreadable, read};
use crate::frame::Frame;
use crate::words::{nothing, table, time};
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

#[derive(Deserialize)]
struct Backup {
    name: String,
    made_at: String,
    purser: String,
    counts: BTreeMap<String, u64>,
    size: u64,
}

/// The page; `listed` is the answer of `GET /v1/backups`.
///
/// # Errors
/// The answer is not what the API gives.
pub fn backups(frame: &Frame, listed: &Value) -> Result<String, Unreadable> {
    let listed: Listed<Backup> = read(listed)?;
    let content = html! {
        div.card {
            p {
                "A backup is a copy of the whole store: it holds personal data, and secrets as they are sealed, but no key. \
                 Keep what you download as carefully as the host itself. Who took one stands in the audit log."
            }
            form.bar-of-buttons method="post" action="/backups" { (frame.form_token()) button.primary type="submit" { "Make a backup" } }
        }
        @if listed.items.is_empty() { (nothing("No backup is kept.")) } @else { (all(frame, &listed.items)) }
    };
    Ok(frame.page("/backups", "Backups", &content))
}

fn all(frame: &Frame, backups: &[Backup]) -> Markup {
    let count = |backup: &Backup, name: &str| backup.counts.get(name).copied().unwrap_or_default();
    let rows = html! {
        @for backup in backups {
            tr {
                th scope="row" { (time(&backup.made_at)) }
                td.number { (count(backup, "identities")) }
                td.number { (count(backup, "accounts")) }
                td.number { (size(backup.size)) }
                td { (backup.purser) }
                td { a href={ "/backups/" (backup.name) "/content" } download=(backup.name) { "Download" span.only-heard { " " (backup.name) } } }
                td { (remove(frame, backup)) }
            }
        }
    };
    let head = ["Made", "#Identities", "#Accounts", "#Size", "Purser", "Take it", "Remove"];
    table("Backups on this host, the newest first", &head, &rows)
}

fn remove(frame: &Frame, backup: &Backup) -> Markup {
    html! {
        form.inline method="post" action={ "/backups/" (backup.name) "/removal" } {
            (frame.form_token())
            button.quiet-button type="submit" { "Remove" span.only-heard { " " (backup.name) } }
        }
    }
}

/// Bytes, as people say them.
fn size(bytes: u64) -> String {
    match bytes {
        0..1_048_576 => format!("{} KiB", bytes.div_ceil(1_024)),
        1_048_576..1_073_741_824 => format!("{} MiB", bytes / 1_048_576),
        _ => format!("{} GiB", bytes / 1_073_741_824),
    }
}
