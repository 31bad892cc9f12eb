//! The list of identities.

use crate::answers::{Identity, Listed, Unreadable, read};
use crate::frame::Frame;
use crate::words::{badge, choice, identity_link, next_page, nothing, table, time};
use maud::{Markup, html};
use serde_json::Value;

const STATES: [&str; 4] = ["staged", "active", "suspended", "departed"];

/// The page; `listed` is the answer of `GET /v1/identities`, `search` and `state` what was asked for.
///
/// # Errors
/// The answer is not what the API gives.
pub fn identities(
    frame: &Frame,
    listed: &Value,
    search: Option<&str>,
    state: Option<&str>,
) -> Result<String, Unreadable> {
    let listed: Listed<Identity> = read(listed)?;
    let content = html! {
        form.filters method="get" action="/identities" role="search" {
            label.field.grow {
                span { "Search" }
                input type="search" name="search" value=[search] placeholder="Name, user name, e-mail or key" data-search;
            }
            (choice("state", "State", &STATES, state))
            button type="submit" { "Show" }
        }
        @if listed.items.is_empty() { (nothing("No identity is like this.")) } @else { (people(&listed.items)) }
        (next_page("/identities", &[("search", search), ("state", state)], ("after", listed.next().as_deref())))
    };
    Ok(frame.page("/identities", "Identities", &content))
}

fn people(identities: &[Identity]) -> Markup {
    let rows = html! {
        @for identity in identities {
            tr {
                th scope="row" { (identity_link(&identity.id, identity.label())) }
                td { (identity.text("email").or(identity.text("userName")).unwrap_or_default()) }
                td { code { (identity.source) "/" (identity.key) } }
                td { (badge(&identity.state)) }
                td { (time(&identity.changed_at)) }
            }
        }
    };
    table(
        "Identities in order of their arrival",
        &["Name", "E-mail or user name", "Source and key", "State", "Changed"],
        &rows,
    )
}
