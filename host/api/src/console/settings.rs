//! What forms of the pages about connectors and settings ask for.

use super::asking::{Named, Sent};
use super::changes::done;
use axum::http::Method;
use axum::response::Response;
use purser_console::Said;
use purser_model::id::SecretName;
use serde_json::{Value, json};

pub(super) async fn upgrade_target(Named(name): Named, sent: Sent) -> Response {
    upgrade(&format!("/v1/targets/{name}/upgrade"), sent).await
}

pub(super) async fn upgrade_source(Named(name): Named, sent: Sent) -> Response {
    upgrade(&format!("/v1/sources/{name}/upgrade"), sent).await
}

async fn upgrade(path: &str, sent: Sent) -> Response {
    let body = json!({"decision": sent.form.get("decision")});
    let answer = sent.who.send(Method::POST, path, Some(&body)).await;
    let text = format!("{}: {}.", answer.text("subject", ""), answer.text("what", "done"));
    done(&sent.who, &answer, "/connectors", &text)
}

pub(super) async fn set_secret(sent: Sent) -> Response {
    let Some(name) = sent.form.get("name").and_then(|name| name.parse::<SecretName>().ok()) else {
        let text =
            "That is no name of a secret: use letters, digits, `-`, `_` and `.`, beginning with a letter or digit.";
        return sent.who.go("/settings", Said::NotDone(text.to_owned()));
    };
    let body = json!({"value": sent.form.get("value").unwrap_or_default()});
    let answer = sent.who.send(Method::PUT, &format!("/v1/secrets/{name}"), Some(&body)).await;
    done(&sent.who, &answer, "/settings", &format!("The secret {name} is set, and used from the next call on."))
}

pub(super) async fn remove_secret(Named(name): Named, sent: Sent) -> Response {
    let answer = sent.who.send(Method::DELETE, &format!("/v1/secrets/{name}"), None).await;
    done(&sent.who, &answer, "/settings", &format!("The secret {name} is removed."))
}

pub(super) async fn set_guard(Named(name): Named, sent: Sent) -> Response {
    let limit = |prefix: &str| {
        let number = |which: &str| {
            let text = sent.form.get(&format!("{prefix}_{which}"));
            text.and_then(|text| text.parse::<u64>().ok()).map_or(Value::Null, Value::from)
        };
        json!({"share": number("share"), "floor": number("floor"), "count": number("count")})
    };
    let body = json!({"accounts": limit("accounts"), "revokes": limit("revokes")});
    let answer = sent.who.send(Method::PUT, &format!("/v1/targets/{name}/guard"), Some(&body)).await;
    done(&sent.who, &answer, "/settings", &format!("The guard of {name} is set, and declared so."))
}
