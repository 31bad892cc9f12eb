//! What forms ask for. Each is one request to the API, whose refusal is told on the page that the form came from.

use super::asking::{Named, Sent};
use super::signed_in::{Answer, SignedIn};
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use purser_console::Said;
use serde_json::{Value, json};

/// The most items that are read at a time to find those that are open.
const PAGE: u64 = 500;

pub(super) async fn make_plan(sent: Sent) -> Response {
    let targets: Vec<_> = sent.form.get("targets").unwrap_or_default().split(',').map(str::trim).collect();
    let targets: Vec<_> = targets.into_iter().filter(|name| !name.is_empty()).collect();
    let answer = sent.who.send(Method::POST, "/v1/plans", Some(&json!({"targets": targets}))).await;
    match answer.body["plan"].as_str().or(answer.body["plan"]["id"].as_str()) {
        Some(id) => {
            sent.who.go(&format!("/plans/{id}"), Said::Done("The plan is made. Nothing is done yet.".to_owned()))
        }
        None => done(&sent.who, &answer, "/plans", "Nothing is to be done: there is no plan."),
    }
}

pub(super) async fn decide_plan(Named(id): Named, sent: Sent) -> Response {
    let page = format!("/plans/{id}");
    let (decision, positions) = match sent.form.get("decision") {
        Some("approve-undone") => match open_items(&sent.who, &id).await {
            Ok(open) => ("approve", open),
            Err(refused) => return refused,
        },
        Some(decision) => (decision, sent.form.all("position").filter_map(|text| text.parse().ok()).collect()),
        None => ("", Vec::new()),
    };
    if positions.is_empty() {
        return sent.who.go(&page, Said::NotDone("No item was chosen.".to_owned()));
    }
    let body = json!({"decision": decision, "positions": positions});
    let answer = sent.who.send(Method::POST, &format!("/v1/plans/{id}/decision"), Some(&body)).await;
    let late = answer.body["too_late"].as_array().map_or(0, Vec::len);
    let text = match late {
        0 => format!("Decided: {} of {} items changed.", answer.body["changed"], positions.len()),
        _ => format!("{late} of the items are applied or stale already; the others are decided."),
    };
    done(&sent.who, &answer, &page, &text)
}

/// The positions of the items that nobody has decided about.
async fn open_items(who: &SignedIn, id: &str) -> Result<Vec<u64>, Response> {
    let (mut open, mut offset) = (Vec::new(), 0);
    loop {
        let page = who.get(&format!("/v1/plans/{id}/items?limit={PAGE}&offset={offset}")).await?;
        let items = page["items"].as_array().into_iter().flatten();
        open.extend(items.filter(|item| item["state"] == "open").filter_map(|item| item["position"].as_u64()));
        match page["next"].as_u64() {
            Some(next) => offset = next,
            None => return Ok(open),
        }
    }
}

pub(super) async fn apply_plan(Named(id): Named, sent: Sent) -> Response {
    let body = json!({"approved_only": sent.form.get("approved_only").is_some()});
    let answer = sent.who.send(Method::POST, &format!("/v1/plans/{id}/application"), Some(&body)).await;
    work(&sent.who, &answer, &format!("/plans/{id}"), "The plan is applied.")
}

pub(super) async fn decide_held(sent: Sent) -> Response {
    let accounts: Vec<_> = sent.form.all("account").collect();
    if accounts.is_empty() {
        return sent.who.go("/held", Said::NotDone("No item was chosen.".to_owned()));
    }
    let body = json!({"accounts": accounts, "decision": sent.form.get("decision")});
    let answer = sent.who.send(Method::POST, "/v1/held/decision", Some(&body)).await;
    let stale = answer.body["stale"].as_array().map_or(0, Vec::len);
    let text = match stale {
        0 => format!("Decided: {} of {}.", answer.body["decided"], accounts.len()),
        _ => format!("{stale} no longer hold and are planned again; the others are decided."),
    };
    done(&sent.who, &answer, "/held", &text)
}

pub(super) async fn decide_case(Named(id): Named, sent: Sent) -> Response {
    let mut body = json!({"decision": sent.form.get("decision")});
    if let Some(account) = sent.form.get("account") {
        body["account"] = Value::from(account);
    }
    let answer = sent.who.send(Method::POST, &format!("/v1/cases/{id}/decision"), Some(&body)).await;
    done(&sent.who, &answer, &format!("/cases/{id}"), "The case is decided.")
}

pub(super) async fn start_run(sent: Sent) -> Response {
    let mut body = json!({"kind": sent.form.get("kind")});
    for name in ["source", "target"] {
        if let Some(value) = sent.form.get(name) {
            body[name] = Value::from(value);
        }
    }
    if sent.form.get("dry_run").is_some() {
        body["dry_run"] = Value::from(true);
    }
    let answer = sent.who.send(Method::POST, "/v1/runs", Some(&body)).await;
    work(&sent.who, &answer, "/runs", "The run has ended.")
}

pub(super) async fn provision(Named(id): Named, sent: Sent) -> Response {
    let answer = sent.who.send(Method::POST, &format!("/v1/identities/{id}/provisioning"), Some(&json!({}))).await;
    work(&sent.who, &answer, &format!("/identities/{id}"), "The accounts were read and brought into shape.")
}

pub(super) async fn cancel_deletion(Named(account): Named, sent: Sent) -> Response {
    let answer = sent.who.send(Method::POST, &format!("/v1/deletions/{account}/cancellation"), None).await;
    done(&sent.who, &answer, "/identities", "The account is not deleted until somebody has granted it again.")
}

pub(super) async fn retry(Named(id): Named, sent: Sent) -> Response {
    let answer = sent.who.send(Method::POST, &format!("/v1/operations/{id}/retry"), None).await;
    done(&sent.who, &answer, "/quarantine", "The operation is tried again.")
}

pub(super) async fn cancel_operation(Named(id): Named, sent: Sent) -> Response {
    let answer = sent.who.send(Method::POST, &format!("/v1/operations/{id}/cancellation"), None).await;
    done(&sent.who, &answer, "/operations", "The operation is not sent.")
}

pub(super) async fn stop_run(Named(id): Named, sent: Sent) -> Response {
    let answer = sent.who.send(Method::POST, &format!("/v1/runs/{id}/stop"), None).await;
    let text = match answer.body["state"].as_str() {
        Some("stopped") => "The run has stopped.",
        _ => "The run stops behind its next call.",
    };
    done(&sent.who, &answer, "/runs", text)
}

pub(super) async fn release(Named(name): Named, sent: Sent) -> Response {
    let answer = sent.who.send(Method::POST, &format!("/v1/targets/{name}/release"), None).await;
    done(&sent.who, &answer, "/quarantine", "The target is tried again.")
}

pub(super) async fn check(sent: Sent) -> Response {
    let answer = sent.who.send(Method::POST, "/v1/checks", None).await;
    match answer.status.is_success() {
        true => sent.who.page(purser_console::checks(&sent.who.frame(), Some(&answer.body))),
        false => done(&sent.who, &answer, "/checks", "Done."),
    }
}

/// What became of work that may take long.
fn work(who: &SignedIn, answer: &Answer, page: &str, text: &str) -> Response {
    let text = if answer.status == StatusCode::ACCEPTED { "It has begun, and goes on." } else { text };
    done(who, answer, page, text)
}

/// Back to the page with what is to be said. What a person may not do at all is a page of its own.
pub(super) fn done(who: &SignedIn, answer: &Answer, page: &str, text: &str) -> Response {
    match answer.status {
        status if status.is_success() => who.go(page, Said::Done(text.to_owned())),
        StatusCode::UNAUTHORIZED => Redirect::to("/sign-in").into_response(),
        StatusCode::FORBIDDEN => who.failed(answer),
        _ => who.go(page, Said::NotDone(answer.text("detail", "The API refused, and did not say why.").to_owned())),
    }
}
