//! What would not work of what is declared.

use crate::answers::{Listed, Unreadable, read};
use crate::frame::Frame;
use crate::words::{badge, nothing, table};
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
struct Checked {
    subject: String,
    severity: String,
    message: String,
    remedy: Option<String>,
}

/// The page; `found` is the answer of `POST /v1/checks`, where somebody asked for one.
///
/// # Errors
/// The answer is not what the API gives.
pub fn checks(frame: &Frame, found: Option<&Value>) -> Result<String, Unreadable> {
    let found: Option<Listed<Checked>> = found.map(read).transpose()?;
    let content = html! {
        div.card {
            p { "Connects to every source and target as they are declared, with their credentials, and looks whether all that is needed is permitted. Nothing is changed." }
            @if frame.may("operate") {
                form.bar-of-buttons method="post" action="/checks" { (frame.form_token()) button.primary type="submit" { "Check everything" } }
            }
        }
        @if let Some(found) = &found {
            @if found.items.is_empty() { p.said.good role="status" { "All is well." } } @else { (findings(&found.items)) }
        } @else { (nothing("Nothing was checked yet.")) }
    };
    Ok(frame.page("/checks", "Check", &content))
}

fn findings(found: &[Checked]) -> Markup {
    let rows = html! {
        @for one in found {
            tr {
                th scope="row" { (one.subject) }
                td { (badge(&one.severity)) }
                td { (one.message) @if let Some(remedy) = &one.remedy { br; span.quiet { (remedy) } } }
            }
        }
    };
    table("What was found", &["What", "How bad", "Finding and remedy"], &rows)
}
