//! The tokens of the API, for admins.

use crate::answers::{Listed, Token, Unreadable, read};
use crate::frame::Frame;
use crate::words::{nothing, table, time, time_or};
use maud::{Markup, html};
use serde_json::Value;

const ROLES: [&str; 4] = ["viewer", "operator", "approver", "admin"];

/// The page; `listed` is the answer of `GET /v1/tokens`. `made` is the text of a token that was just made: it is shown this
/// once.
///
/// # Errors
/// The answer is not what the API gives.
pub fn tokens(frame: &Frame, listed: &Value, made: Option<&str>) -> Result<String, Unreadable> {
    let listed: Listed<Token> = read(listed)?;
    let content = html! {
        @if let Some(made) = made {
            div.card.said.good role="status" {
                p { "The token is made. It is shown this once and cannot be read again:" }
                p { code.secret { (made) } }
            }
        }
        form.card.filters method="post" action="/tokens" {
            (frame.form_token())
            label.field.grow { span { "Name" } input type="text" name="name" required autocomplete="off"; }
            label.field { span { "Role" } select name="role" { @for role in ROLES { option value=(role) { (role) } } } }
            button.primary type="submit" { "Make a token" }
        }
        @if listed.items.is_empty() { (nothing("There is no token but the host's own.")) } @else { (all(frame, &listed.items)) }
    };
    Ok(frame.page("/tokens", "Tokens", &content))
}

fn all(frame: &Frame, tokens: &[Token]) -> Markup {
    let rows = html! {
        @for token in tokens {
            tr {
                th scope="row" { (token.name) }
                td { (token.role) }
                td { (time(&token.created_at)) " " span.quiet { "by " (token.created_by) } }
                td { (time_or(token.expires_at.as_deref(), "never")) }
                td { (time_or(token.last_used_at.as_deref(), "never")) }
                td { (frame.button(&format!("/tokens/{}/revocation", token.name), &format!("Revoke {}", token.name))) }
            }
        }
    };
    table("Tokens of the API", &["Name", "Role", "Made", "Expires", "Last used", "End it"], &rows)
}
