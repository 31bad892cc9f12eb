//! Doubtful matches that a person decides.

use crate::answers::{Account, Candidate, Case, Listed, Unreadable, read};
use crate::frame::Frame;
use crate::words::{badge, choice, identity_link, next_page, nothing, table, time, value};
use maud::{Markup, html};
use serde_json::{Map, Value};

const STATES: [&str; 3] = ["open", "decided", "closed"];

/// The list; `listed` is the answer of `GET /v1/cases`, `state` what was asked for.
///
/// # Errors
/// The answer is not what the API gives.
pub fn cases(frame: &Frame, listed: &Value, state: Option<&str>) -> Result<String, Unreadable> {
    let listed: Listed<Case> = read(listed)?;
    let rows = html! {
        @for case in &listed.items {
            tr {
                th scope="row" { a href={ "/cases/" (case.id) } { "Case of " (time(&case.opened_at)) } }
                td { (case.target) }
                td { (identity_link(&case.identity, "person")) }
                td.number { (case.candidates.len()) }
                td { (badge(&case.state)) @if let Some(decision) = &case.decision { " " (decision) } }
            }
        }
    };
    let content = html! {
        form.filters method="get" action="/cases" { (choice("state", "State", &STATES, state)) button type="submit" { "Show" } }
        @if listed.items.is_empty() { (nothing("No case is like this.")) }
        @else { (table("Cases", &["Case", "Target", "Identity", "#Candidates", "State"], &rows)) }
        (next_page("/cases", &[("state", state)], ("after", listed.next().as_deref())))
    };
    Ok(frame.page("/cases", "Cases", &content))
}

/// One case; `answer` is that of `GET /v1/cases/{id}`, `identity` that of its identity.
///
/// # Errors
/// An answer is not what the API gives.
pub fn case(frame: &Frame, answer: &Value, identity: &Value) -> Result<String, Unreadable> {
    let (case, identity): (Case, crate::answers::Identity) = (read(answer)?, read(identity)?);
    let path = format!("/cases/{}/decision", case.id);
    let may_decide = frame.may("operate") && case.state == "open";
    let content = html! {
        div.card.summary {
            dl.facts {
                div { dt { "Who" } dd { (identity_link(&identity.id, identity.label())) } }
                div { dt { "Target" } dd { (case.target) } }
                div { dt { "State" } dd { (badge(&case.state)) @if let Some(decision) = &case.decision { " " (decision) } } }
                div { dt { "Opened" } dd { (time(&case.opened_at)) } }
            }
            @if may_decide {
                form.bar-of-buttons method="post" action=(path) {
                    (frame.form_token())
                    button type="submit" name="decision" value="create" { "None of these: create an account" }
                    button.quiet-button type="submit" name="decision" value="dismiss" { "Do nothing" }
                }
            }
        }
        h2 { "Which account is it?" }
        ul.accounts {
            @for candidate in &case.candidates {
                li { (one(frame, candidate, &case, &identity.attributes, may_decide.then_some(&path))) }
            }
        }
    };
    Ok(frame.page("/cases", "Case", &content))
}

fn one(
    frame: &Frame,
    candidate: &Candidate,
    case: &Case,
    identity: &Map<String, Value>,
    path: Option<&String>,
) -> Markup {
    let account = case.accounts.iter().find(|account| account.id == candidate.account);
    html! {
        h3 { @match account.and_then(|account| account.remote_id.as_ref()) { Some(id) => code { (id) }, None => "An account that is gone" } }
        p {
            (candidate.weight) " of 100 " @if candidate.definite { (badge("definite")) }
            " by " (candidate.matched_by.join(", "))
        }
        @if let Some(account) = account { (beside(account, identity)) }
        @if let Some(path) = path {
            form method="post" action=(path) {
                (frame.form_token())
                input type="hidden" name="account" value=(candidate.account);
                button.primary type="submit" name="decision" value="link" { "It is this one" }
            }
        }
    }
}

/// What the account shows beside what the identity has under the same name.
fn beside(account: &Account, identity: &Map<String, Value>) -> Markup {
    let attributes: Map<String, Value> = serde_json::from_str(&account.attributes).unwrap_or_default();
    let rows = html! {
        @for (name, shown) in &attributes {
            tr { th scope="row" { (name) } td.value { (value(shown)) } td.value { (identity.get(name).map(value).unwrap_or_default()) } }
        }
    };
    table("The account beside the identity", &["Attribute", "Account", "Identity"], &rows)
}
