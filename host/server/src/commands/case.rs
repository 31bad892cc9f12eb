//! `purser case`: matches that a person must decide.

use crate::Ending;
use crate::cli::{CaseCommand, ListCases};
use crate::commands::people;
use crate::home::Home;
use crate::host::{Host, now};
use crate::output::{Output, table};
use crate::remote::{Remote, RemoteError, identities};
use purser_model::account::{Account, Situation};
use purser_model::case::{CandidateMatch, Case, CaseDecision, CaseState};
use purser_model::id::{AccountId, CaseId};
use purser_store::{CaseFilter, PageRequest};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeSet;

const PAGE: u32 = 500;

/// A case with what people recognise.
#[derive(Debug, Serialize)]
struct Shown {
    #[serde(flatten)]
    case: Case,
    /// How people call the identity.
    label: String,
    /// The identity as `source/key`.
    reference: String,
}

/// A candidate with what people recognise.
#[derive(Debug, Serialize)]
struct ShownCandidate {
    #[serde(flatten)]
    found: CandidateMatch,
    remote_id: Option<String>,
    situation: Option<Situation>,
    active: Option<bool>,
    attributes: serde_json::Value,
}

#[derive(Serialize)]
struct Detailed {
    #[serde(flatten)]
    shown: Shown,
    accounts: Vec<ShownCandidate>,
}

/// Runs the command.
pub async fn run(home: Home, command: &CaseCommand, output: &Output) -> anyhow::Result<Ending> {
    let host = Host::open(&home).await?;
    match command {
        CaseCommand::List(filter) => list(&host, filter, output).await?,
        CaseCommand::Show(one) => show(&host, one.case, output).await?,
        CaseCommand::Link(link) => {
            let case = host.store.case(link.case).await?;
            let account = people::candidate(host.store.as_ref(), &case, &link.account).await?;
            decide(&host, link.case, CaseDecision::Link(account), output).await?;
        }
        CaseCommand::Create(one) => decide(&host, one.case, CaseDecision::Create, output).await?,
        CaseCommand::Dismiss(one) => decide(&host, one.case, CaseDecision::Dismiss, output).await?,
    }
    Ok(Ending::Done)
}

async fn list(host: &Host, filter: &ListCases, output: &Output) -> anyhow::Result<()> {
    let state = if filter.all { None } else { Some(CaseState::Open) };
    let filter = CaseFilter { target: filter.target.clone(), identity: None, state, ..CaseFilter::default() };
    let mut cases = Vec::new();
    let mut page = PageRequest::first(PAGE);
    loop {
        let found = host.store.cases(filter.clone(), page).await?;
        let Some(last) = found.last() else { break };
        page.after = Some(last.id);
        for case in found {
            cases.push(shown(host, case).await?);
        }
    }
    show_list(&cases, output)
}

fn show_list(cases: &[Shown], output: &Output) -> anyhow::Result<()> {
    output.answer(&cases, || {
        let rows = cases.iter().map(|shown| {
            vec![
                shown.case.id.to_string(),
                shown.case.target.to_string(),
                shown.case.state.to_string(),
                format!("{} ({})", shown.label, shown.reference),
                shown.case.candidates.len().to_string(),
            ]
        });
        table(&["CASE", "TARGET", "STATE", "IDENTITY", "CANDIDATES"], rows)
    })
}

async fn shown(host: &Host, case: Case) -> anyhow::Result<Shown> {
    let identity = host.store.identity(case.identity).await?;
    Ok(Shown { case, label: identity.label().to_owned(), reference: identity.reference() })
}

async fn show(host: &Host, id: CaseId, output: &Output) -> anyhow::Result<()> {
    let shown = shown(host, host.store.case(id).await?).await?;
    let mut accounts = Vec::new();
    for found in shown.case.candidates.clone() {
        let account = host.store.account(found.account).await.ok();
        accounts.push(candidate(found, account.as_ref()));
    }
    let detailed = Detailed { shown, accounts };
    output.answer(&detailed, || text(&detailed))
}

fn candidate(found: CandidateMatch, account: Option<&Account>) -> ShownCandidate {
    let attributes = account.and_then(|account| serde_json::from_str(&account.attributes).ok());
    ShownCandidate {
        found,
        remote_id: account.and_then(|account| account.remote_id.clone()),
        situation: account.map(|account| account.situation),
        active: account.and_then(|account| account.active),
        attributes: attributes.unwrap_or_default(),
    }
}

/// A case as the API shows it.
#[derive(Deserialize)]
struct Told {
    #[serde(flatten)]
    case: Case,
    #[serde(default)]
    accounts: Vec<Account>,
}

/// The same at a host that serves.
pub async fn ask(remote: &Remote, command: &CaseCommand, output: &Output) -> anyhow::Result<Ending> {
    match command {
        CaseCommand::List(filter) => {
            let mut query = Vec::new();
            query.extend(filter.target.as_ref().map(|target| ("target", target.to_string())));
            query.extend((!filter.all).then(|| ("state", CaseState::Open.to_string())));
            let cases: Vec<Case> = remote.list("/v1/cases", &query).await?;
            show_list(&with_identities(remote, cases).await?, output)?;
        }
        CaseCommand::Show(one) => {
            let Told { case, accounts } = told(remote, one.case).await?;
            let with = |found: CandidateMatch| {
                let account = accounts.iter().find(|account| account.id == found.account);
                candidate(found, account)
            };
            let accounts = case.candidates.clone().into_iter().map(with).collect();
            let shown = with_identities(remote, vec![case]).await?.into_iter().next();
            let gone = || RemoteError::Nobody("the identity of the case is gone".to_owned());
            let detailed = Detailed { shown: shown.ok_or_else(gone)?, accounts };
            output.answer(&detailed, || text(&detailed))?;
        }
        CaseCommand::Link(link) => {
            let account = told_candidate(&told(remote, link.case).await?, &link.account)?;
            ask_to_decide(remote, link.case, CaseDecision::Link(account), output).await?;
        }
        CaseCommand::Create(one) => ask_to_decide(remote, one.case, CaseDecision::Create, output).await?,
        CaseCommand::Dismiss(one) => ask_to_decide(remote, one.case, CaseDecision::Dismiss, output).await?,
    }
    Ok(Ending::Done)
}

async fn told(remote: &Remote, id: CaseId) -> anyhow::Result<Told> {
    Ok(remote.get(&format!("/v1/cases/{id}"), &[]).await?)
}

fn told_candidate(told: &Told, named: &str) -> Result<AccountId, RemoteError> {
    let is_named = |account: &&Account| account.id.to_string() == named || account.remote_id.as_deref() == Some(named);
    let nobody = || {
        RemoteError::Nobody(format!("`{named}` is no candidate of case {}; see `purser case show {0}`", told.case.id))
    };
    told.accounts.iter().find(is_named).map(|account| account.id).ok_or_else(nobody)
}

async fn with_identities(remote: &Remote, cases: Vec<Case>) -> anyhow::Result<Vec<Shown>> {
    let wanted: BTreeSet<_> = cases.iter().map(|case| case.identity).collect();
    let known = identities(remote, &wanted).await?;
    let shown = cases.into_iter().filter_map(|case| {
        let identity = known.get(&case.identity)?;
        Some(Shown { label: identity.label().to_owned(), reference: identity.reference(), case })
    });
    Ok(shown.collect())
}

async fn ask_to_decide(remote: &Remote, id: CaseId, decision: CaseDecision, output: &Output) -> anyhow::Result<()> {
    let case: Case = remote.post(&format!("/v1/cases/{id}/decision"), &json!(decision)).await?;
    show_decided(&case, decision, output)
}

fn text(detailed: &Detailed) -> String {
    let Shown { case, label, reference } = &detailed.shown;
    let decision = case.decision.map(|decision| format!(": {}", decision.as_str())).unwrap_or_default();
    let mut lines = vec![
        format!("case {}, {}{decision}", case.id, case.state),
        format!("which account of {} belongs to {label} ({reference})?", case.target),
    ];
    for account in &detailed.accounts {
        let CandidateMatch { weight, matched_by, .. } = &account.found;
        let id = account.remote_id.as_deref().unwrap_or("not there any more");
        lines.push(format!(
            "\n  {id}: weight {weight} by {}, account {}",
            matched_by.join(" and "),
            account.found.account
        ));
        if let Some(attributes) = account.attributes.as_object() {
            lines.extend(attributes.iter().map(|(name, value)| format!("    {name}: {value}")));
        }
    }
    lines.push(format!(
        "\nto decide: purser case link {0} ID | purser case create {0} | purser case dismiss {0}",
        case.id
    ));
    lines.join("\n")
}

async fn decide(host: &Host, id: CaseId, decision: CaseDecision, output: &Output) -> anyhow::Result<()> {
    show_decided(&host.store.decide_case(id, decision, now()).await?, decision, output)
}

fn show_decided(case: &Case, decision: CaseDecision, output: &Output) -> anyhow::Result<()> {
    let what = match decision {
        CaseDecision::Link(account) => format!("account {account} is linked; `purser apply` brings it into shape"),
        CaseDecision::Create => "a new account is created with the next `purser apply`".to_owned(),
        CaseDecision::Dismiss => "nothing is done until the candidates change".to_owned(),
    };
    output.answer(case, || what)
}
