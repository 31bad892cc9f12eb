//! The page where a person signs in.

use crate::frame::whole;
use maud::html;

/// The page. `form_token` goes back with the form; `doors` are the issuers that people sign in with, each with what its button says; `problem`
/// says why the last try did not work.
pub fn sign_in<N: std::fmt::Display>(
    form_token: &str,
    doors: impl Iterator<Item = (N, impl std::fmt::Display)>,
    problem: Option<&str>,
) -> String {
    let doors: Vec<_> = doors.map(|(name, title)| (format!("/sign-in/{name}"), title.to_string())).collect();
    let body = html! {
        main.sign-in #content {
            img src="/assets/mark.svg" alt="" width="48" height="48";
            h1 { "Sign in to Purser" }
            @if let Some(problem) = problem { p.said.bad role="alert" { (problem) } }
            @if !doors.is_empty() {
                div.doors {
                    @for (way, title) in &doors { a.button.primary href=(way) { (title) } }
                }
                p.or { "or" }
            }
            form method="post" action="/sign-in" {
                input type="hidden" name="form_token" value=(form_token);
                label.field {
                    span { "API token" }
                    input type="password" name="token" autocomplete="current-password" required autofocus
                        aria-describedby="token-hint";
                }
                p.hint #token-hint {
                    "An admin of this host makes one with " code { "purser token create NAME --role ROLE" } "."
                }
                button.primary type="submit" { "Sign in" }
            }
        }
    };
    whole("Sign in", "signed-out", &body)
}

/// Leads on who came back from an issuer. What a redirect would reach is asked for by the issuer's page still, and a browser
/// does not send along there what belongs to this site alone.
pub fn signed_in() -> String {
    let body = html! {
        main.sign-in #content {
            img src="/assets/mark.svg" alt="" width="48" height="48";
            h1 { "You are signed in" }
            p { a href="/" { "Go on to the overview" } }
        }
    };
    whole("Signed in", "signed-out", &body)
}
