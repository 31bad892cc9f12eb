//! One person: accounts, what they hold, why, and what was done.

use crate::answers::{Account, AuditRow, Identity, IdentityWithAccounts, Listed, Operation, Unreadable, read};
use crate::audit;
use crate::frame::Frame;
use crate::granting::{GrantingAnswers, granting};
use crate::imposing::{imposed_states, imposing};
use crate::operations;
use crate::why::{self, Explanation};
use crate::words::{badge, nothing, query, table, time, value};
use maud::{Markup, html};
use serde_json::{Map, Value};

/// The answers that the page is made of.
#[derive(Debug)]
pub struct PersonAnswers {
    /// `GET /v1/identities/{id}`
    pub identity: Value,
    /// `GET /v1/identities/{id}/explanation`
    pub explanation: Value,
    /// `GET /v1/operations` of this identity
    pub operations: Value,
    /// `GET /v1/audit` of this identity
    pub audit: Value,
    /// Roles and groups; none for owners of targets, who do not see them.
    pub granting: Option<GrantingAnswers>,
}

/// The page.
///
/// # Errors
/// An answer is not what the API gives.
pub fn person(frame: &Frame, answers: &PersonAnswers) -> Result<String, Unreadable> {
    let IdentityWithAccounts { identity, accounts } = read(&answers.identity)?;
    let explanation: Explanation = read(&answers.explanation)?;
    let done: Listed<Operation> = read(&answers.operations)?;
    let rows: Listed<AuditRow> = read(&answers.audit)?;
    let granting = answers.granting.as_ref().map(|given| granting(frame, given, &identity.id)).transpose()?;
    let of_person = query(&[("identity", Some(&identity.id))]);
    let content = html! {
        div data-live="operation- account- identity- state-" {
            (head(frame, &identity))
            section.card aria-labelledby="accounts" { h2 #accounts { "Accounts" } (account_list(frame, &accounts)) }
            @if let Some(granting) = granting { (granting) }
            (imposing(frame, &identity))
            section.card aria-labelledby="why" { h2 #why { "Why" } (why::why(&explanation)) }
            section.card aria-labelledby="attributes" {
                h2 #attributes { "Attributes" }
                (attribute_table("As the source says", &identity.attributes))
            }
            section.card aria-labelledby="log" {
                h2 #log { "Provisioning" }
                @if done.items.is_empty() { (nothing("Nothing was done yet.")) } @else { (operations::operation_table(frame, &done.items, false)) }
                p { a href={ "/operations" (of_person) } { "The whole provisioning log" } }
            }
            section.card aria-labelledby="history" {
                h2 #history { "History" }
                @if rows.items.is_empty() { (nothing("The audit log says nothing.")) } @else { (audit::row_table(&rows.items)) }
                p { a href={ "/audit" (of_person) } { "The whole audit log" } }
            }
        }
    };
    Ok(frame.page("/identities", identity.label(), &content))
}

fn head(frame: &Frame, identity: &Identity) -> Markup {
    html! {
        div.card.summary {
            dl.facts {
                div { dt { "State in the source" } dd { (badge(&identity.state)) } }
                @if let Some(imposed) = imposed_states(identity) { div { dt { "Imposed" } dd { (imposed) } } }
                div { dt { "Source and key" } dd { code { (identity.source) "/" (identity.key) } } }
                div { dt { "Version" } dd { (identity.version) } }
                div { dt { "Changed" } dd { (time(&identity.changed_at)) } }
            }
            @if frame.may("operate") {
                (frame.button(&format!("/identities/{}/provisioning", identity.id), "Provision now"))
            }
        }
    }
}

fn account_list(frame: &Frame, accounts: &[Account]) -> Markup {
    if accounts.is_empty() {
        return nothing("No account belongs to this identity.");
    }
    html! { ul.accounts { @for account in accounts { li { (one_account(frame, account)) } } } }
}

fn one_account(frame: &Frame, account: &Account) -> Markup {
    let attributes: Map<String, Value> = serde_json::from_str(&account.attributes).unwrap_or_default();
    html! {
        h3 { (account.target) " " span.quiet { (account.class) } }
        p.badges {
            (badge(&account.situation))
            @match account.active {
                Some(true) => span.badge.good { "can be used" },
                Some(false) => span.badge.plain { "disabled" },
                None => {},
            }
            @if let Some(since) = &account.leaving_since { span.badge.warn { "leaving since " (time(since)) } }
            @if let Some(because) = &account.protected_because { span.badge.plain { (because) } }
        }
        p { @match &account.remote_id { Some(id) => { "Id there " code { (id) } }, None => "To be created" } }
        @if !account.held.is_empty() {
            ul.chips aria-label="Entitlements" { @for held in &account.held { li { span.quiet { (held.class) } " " (held.id) } } }
        }
        details {
            summary { "Attributes as last seen" }
            (attribute_table(&format!("In {}", account.target), &attributes))
        }
        @if frame.may("operate") && account.leaving_since.is_some() {
            (frame.button(&format!("/deletions/{}/cancellation", account.id), "Do not delete"))
        }
    }
}

fn attribute_table(caption: &str, attributes: &Map<String, Value>) -> Markup {
    let rows = html! { @for (name, one) in attributes { tr { th scope="row" { (name) } td.value { (value(one)) } } } };
    table(caption, &["Attribute", "Value"], &rows)
}
