//! The page where a person signs in.

use crate::frame::whole;
use maud::html;

/// The page. `form_token` goes back with the form; `problem` says why the last try did not work.
pub fn sign_in(form_token: &str, problem: Option<&str>) -> String {
    let body = html! {
        main.sign-in #content {
            img src="/assets/mark.svg" alt="" width="48" height="48";
            h1 { "Sign in to Purser" }
            @if let Some(problem) = problem { p.said.bad role="alert" { (problem) } }
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
