//! The tokens of the API and of clients that push over SCIM, for admins.

use crate::answers::{Listed, Token, Unreadable, read};
use crate::frame::Frame;
use crate::words::{nothing, table, time, time_or};
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::Value;

const ROLES: [&str; 4] = ["viewer", "operator", "approver", "admin"];

/// The answers that the page is made of.
#[derive(Debug)]
pub struct TokensAnswers {
    /// `GET /v1/tokens`
    pub tokens: Value,
    /// `GET /v1/scim-tokens`
    pub scim_tokens: Value,
    /// `GET /v1/sources`
    pub sources: Value,
}

/// The text of a token that was just made: it is shown this once.
#[derive(Debug, Clone, Copy)]
pub enum MadeToken<'a> {
    /// One of the API.
    OfApi(&'a str),
    /// One of a client that pushes.
    OfScim(&'a str),
}

#[derive(Deserialize)]
struct ScimToken {
    name: String,
    source: String,
    created_at: String,
    created_by: String,
    expires_at: Option<String>,
    last_used_at: Option<String>,
}

#[derive(Deserialize)]
struct Source {
    name: String,
    kind: String,
}

/// The page.
///
/// # Errors
/// An answer is not what the API gives.
pub fn tokens(frame: &Frame, answers: &TokensAnswers, made: Option<MadeToken<'_>>) -> Result<String, Unreadable> {
    let listed: Listed<Token> = read(&answers.tokens)?;
    let (pushing, sources): (Listed<ScimToken>, Listed<Source>) =
        (read(&answers.scim_tokens)?, read(&answers.sources)?);
    let sources: Vec<_> = sources.items.iter().filter(|source| source.kind == "scim").collect();
    let content = html! {
        @if let Some(made) = made { (shown_once(made)) }
        section aria-labelledby="api" {
            h2 #api { "Tokens of the API" }
            form.card.filters method="post" action="/tokens" aria-label="Make a token of the API" {
                (frame.form_token())
                label.field.grow { span { "Name" } input type="text" name="name" required autocomplete="off"; }
                label.field { span { "Role" } select name="role" { @for role in ROLES { option value=(role) { (role) } } } }
                button.primary type="submit" { "Make a token" }
            }
            @if listed.items.is_empty() { (nothing("There is no token but the host's own.")) } @else { (all(frame, &listed.items)) }
        }
        section aria-labelledby="scim" {
            h2 #scim { "Tokens of clients that push over SCIM" }
            @if sources.is_empty() { (nothing("No source is declared that clients push to.")) } @else { (make_scim_token(frame, &sources)) }
            @if pushing.items.is_empty() { (nothing("No client has a token.")) } @else { (all_scim(frame, &pushing.items)) }
        }
    };
    Ok(frame.page("/tokens", "Tokens", &content))
}

fn shown_once(made: MadeToken<'_>) -> Markup {
    let (text, what) = match made {
        MadeToken::OfApi(text) => (text, "The token is made."),
        MadeToken::OfScim(text) => (text, "The token is made. It opens /scim/v2 and nothing else."),
    };
    html! {
        div.card.said.good role="status" {
            p { (what) " It is shown this once and cannot be read again:" }
            p { code.secret { (text) } }
        }
    }
}

fn make_scim_token(frame: &Frame, sources: &[&Source]) -> Markup {
    html! {
        form.card.filters method="post" action="/scim-tokens" aria-label="Make a token of a client that pushes over SCIM" {
            (frame.form_token())
            label.field.grow { span { "Name" } input type="text" name="name" required autocomplete="off"; }
            label.field { span { "Source" } select name="source" { @for source in sources { option value=(source.name) { (source.name) } } } }
            label.field { span { "Expires (UTC); empty: never" } input type="datetime-local" name="expires_at"; }
            button.primary type="submit" { "Make a SCIM token" }
        }
    }
}

fn all_scim(frame: &Frame, tokens: &[ScimToken]) -> Markup {
    let rows = html! {
        @for token in tokens {
            tr {
                th scope="row" { (token.name) }
                td { (token.source) }
                td { (time(&token.created_at)) " " span.quiet { "by " (token.created_by) } }
                td { (time_or(token.expires_at.as_deref(), "never")) }
                td { (time_or(token.last_used_at.as_deref(), "never")) }
                td { (revoke_scim(frame, &token.name)) }
            }
        }
    };
    table("Tokens of clients", &["Name", "Source", "Made", "Expires", "Last used", "End it"], &rows)
}

fn revoke_scim(frame: &Frame, name: &str) -> Markup {
    html! {
        form.inline method="post" action={ "/scim-tokens/" (name) "/revocation" } {
            (frame.form_token())
            button.quiet-button type="submit" { "Revoke" span.only-heard { " the SCIM token" } " " (name) }
        }
    }
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
