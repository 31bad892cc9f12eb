//! The page of tokens, and what its forms ask for. The text of a token is shown once, in the answer to the form that made it.

use super::access::add_moments;
use super::asking::{Named, Sent};
use super::changes::done;
use super::pages::Page;
use super::signed_in::{Answer, SignedIn};
use axum::http::Method;
use axum::response::Response;
use purser_console::{MadeToken, TokensAnswers};
use serde_json::json;

pub(super) async fn list(who: SignedIn) -> Page {
    shown(&who, None).await
}

async fn shown(who: &SignedIn, made: Option<MadeToken<'_>>) -> Page {
    let answers = TokensAnswers {
        tokens: who.get("/v1/tokens").await?,
        scim_tokens: who.get("/v1/scim-tokens").await?,
        sources: who.get("/v1/sources").await?,
    };
    Ok(who.page(purser_console::tokens(&who.frame(), &answers, made)))
}

pub(super) async fn make(sent: Sent) -> Response {
    let body = json!({"name": sent.form.get("name").unwrap_or_default(), "role": sent.form.get("role")});
    let answer = sent.who.send(Method::POST, "/v1/tokens", Some(&body)).await;
    made(&sent.who, &answer, MadeToken::OfApi).await
}

pub(super) async fn make_for_scim(sent: Sent) -> Response {
    let mut body = json!({"name": sent.form.get("name").unwrap_or_default(), "source": sent.form.get("source")});
    add_moments(&mut body, &sent, &["expires_at"]);
    let answer = sent.who.send(Method::POST, "/v1/scim-tokens", Some(&body)).await;
    made(&sent.who, &answer, MadeToken::OfScim).await
}

async fn made<'a>(who: &SignedIn, answer: &'a Answer, which: fn(&'a str) -> MadeToken<'a>) -> Response {
    match answer.body["token"].as_str() {
        Some(text) => shown(who, Some(which(text))).await.unwrap_or_else(|refused| refused),
        None => done(who, answer, "/tokens", "Done."),
    }
}

pub(super) async fn revoke(Named(name): Named, sent: Sent) -> Response {
    let answer = sent.who.send(Method::DELETE, &format!("/v1/tokens/{name}"), None).await;
    done(&sent.who, &answer, "/tokens", "The token opens nothing any more.")
}

pub(super) async fn revoke_for_scim(Named(name): Named, sent: Sent) -> Response {
    let answer = sent.who.send(Method::DELETE, &format!("/v1/scim-tokens/{name}"), None).await;
    done(&sent.who, &answer, "/tokens", "The SCIM token opens nothing any more.")
}
