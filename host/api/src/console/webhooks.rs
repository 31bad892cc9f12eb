//! Webhooks: the pages, and what their forms ask for.

use super::asking::{Asked, Named, Sent};
use super::changes::done;
use super::pages::{Page, SOME};
use super::signed_in::SignedIn;
use axum::http::Method;
use axum::response::Response;
use purser_console::Said;
use serde_json::{Value, json};

pub(super) async fn list(who: SignedIn) -> Page {
    let listed = who.get("/v1/webhooks").await?;
    Ok(who.page(purser_console::webhooks(&who.frame(), &listed)))
}

pub(super) async fn one(who: SignedIn, Named(name): Named, Asked(asked): Asked) -> Page {
    let webhook = who.get(&format!("/v1/webhooks/{name}")).await?;
    let dead = who.get(&asked.with(&format!("/v1/webhooks/{name}/dead"), &["after"], &[SOME])).await?;
    Ok(who.page(purser_console::webhook(&who.frame(), &webhook, &dead)))
}

pub(super) async fn decide(Named(name): Named, sent: Sent) -> Response {
    let page = format!("/webhooks/{name}");
    let ask = async |what: &str, body: Option<&Value>| {
        sent.who.send(Method::POST, &format!("/v1/webhooks/{name}/{what}"), body).await
    };
    match sent.form.get("decision") {
        Some("test") => {
            let answer = ask("test", None).await;
            match (answer.status.is_success(), answer.body["delivered"] == true) {
                (true, false) => {
                    let reason = answer.text("reason", "the receiver did not take it");
                    sent.who.go(&page, Said::NotDone(format!("The test was not taken: {reason}")))
                }
                _ => done(&sent.who, &answer, &page, "The receiver took the test."),
            }
        }
        Some("redeliver") => {
            let answer = ask("redelivery", Some(&json!({}))).await;
            let count = answer.body["redelivered"].as_u64().unwrap_or_default();
            let deliveries = if count == 1 { "delivery is" } else { "deliveries are" };
            done(&sent.who, &answer, &page, &format!("{count} {deliveries} tried again."))
        }
        _ => done(&sent.who, &ask("enabling", None).await, &page, "It goes on where it was."),
    }
}
