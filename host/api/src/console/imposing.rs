//! What the forms of a person's page impose and lift.

use super::access::{add_moments, reason};
use super::asking::{Named, Sent};
use super::changes::done;
use axum::http::Method;
use axum::response::Response;
use serde_json::json;

/// What the API calls it, and what is said of it.
fn state(sent: &Sent) -> (&'static str, &'static str, &'static str) {
    match sent.form.get("state") {
        Some("departure") => ("departure", "This person is let depart.", "The departure is lifted."),
        _ => ("suspension", "This person is suspended.", "The suspension is lifted."),
    }
}

pub(super) async fn impose(Named(identity): Named, sent: Sent) -> Response {
    let (state, text, _) = state(&sent);
    let mut body = json!({"reason": sent.form.get("reason").unwrap_or_default()});
    add_moments(&mut body, &sent, &["from", "until"]);
    let answer = sent.who.send(Method::PUT, &format!("/v1/identities/{identity}/{state}"), Some(&body)).await;
    done(&sent.who, &answer, &format!("/identities/{identity}"), text)
}

pub(super) async fn lift(Named(identity): Named, sent: Sent) -> Response {
    let (state, _, text) = state(&sent);
    let query = reason(&sent);
    let answer = sent.who.send(Method::DELETE, &format!("/v1/identities/{identity}/{state}?{query}"), None).await;
    done(&sent.who, &answer, &format!("/identities/{identity}"), text)
}
