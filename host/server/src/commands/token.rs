//! `purser token`: who may use the API, and what for. Works beside a host that serves.

use crate::Ending;
use crate::cli::{CreateToken, TokenCommand};
use crate::home::Home;
use crate::host::{now, open_store, open_to_read};
use crate::output::{Output, table};
use crate::remote::Remote;
use anyhow::Context;
use jiff::Timestamp;
use purser_model::id::{TargetName, TokenName};
use purser_store::KeptApiToken;
use serde::{Deserialize, Serialize};
use serde_json::json;

#[derive(Serialize)]
struct Made<'a> {
    #[serde(flatten)]
    kept: &'a KeptApiToken,
    token: &'a str,
}

#[derive(Serialize)]
struct Revoked<'a> {
    revoked: &'a TokenName,
}

/// Runs the command.
pub async fn run(home: Home, command: &TokenCommand, output: &Output) -> anyhow::Result<Ending> {
    match command {
        TokenCommand::Create(wanted) => create(&home, wanted, output).await?,
        TokenCommand::List => {
            let tokens = open_to_read(&home)?.api_tokens().await?;
            output.answer(&tokens, || text(&tokens))?;
        }
        TokenCommand::Revoke(revoke) => {
            open_store(&home)?.revoke_api_token(&revoke.name, now()).await?;
            show_revoked(&revoke.name, output)?;
        }
    }
    Ok(Ending::Done)
}

async fn create(home: &Home, wanted: &CreateToken, output: &Output) -> anyhow::Result<()> {
    let ends = now().checked_add(wanted.expires_in).context("--expires-in is longer than time goes on")?;
    let store = open_store(home)?;
    let (name, targets) = (wanted.name.clone(), wanted.target.iter().cloned().collect());
    let (kept, token) = purser_api::issue_token(store.as_ref(), name, wanted.role, targets, Some(ends), now()).await?;
    show_made(&kept, &token, ends, output)
}

fn show_made(kept: &KeptApiToken, token: &str, ends: Timestamp, output: &Output) -> anyhow::Result<()> {
    output.answer(&Made { kept, token }, || {
        format!("{token}\n\n{} may use it as {} until {ends:.0}. It is not shown again.", kept.name, kept.role)
    })
}

fn show_revoked(name: &TokenName, output: &Output) -> anyhow::Result<()> {
    output.answer(&Revoked { revoked: name }, || format!("{name} opens nothing any more"))
}

/// A new token, as the API shows it.
#[derive(Deserialize)]
struct Told {
    #[serde(flatten)]
    kept: KeptApiToken,
    token: String,
}

/// The same at a host that serves.
pub async fn ask(remote: &Remote, command: &TokenCommand, output: &Output) -> anyhow::Result<Ending> {
    match command {
        TokenCommand::Create(wanted) => {
            let ends = now().checked_add(wanted.expires_in).context("--expires-in is longer than time goes on")?;
            let body = json!({"name": wanted.name, "role": wanted.role, "targets": wanted.target, "expires_at": ends});
            let Told { kept, token } = remote.post("/v1/tokens", &body).await?;
            show_made(&kept, &token, ends, output)?;
        }
        TokenCommand::List => {
            let tokens: Vec<KeptApiToken> = remote.whole("/v1/tokens", &[]).await?;
            output.answer(&tokens, || text(&tokens))?;
        }
        TokenCommand::Revoke(revoke) => {
            remote.delete(&format!("/v1/tokens/{}", revoke.name)).await?;
            show_revoked(&revoke.name, output)?;
        }
    }
    Ok(Ending::Done)
}

fn text(tokens: &[KeptApiToken]) -> String {
    if tokens.is_empty() {
        return "There is no token but the host's own, in data/api-token.".to_owned();
    }
    let time = |time: Option<Timestamp>| time.map_or_else(|| "never".to_owned(), |time| format!("{time:.0}"));
    let rows = tokens.iter().map(|token| {
        vec![
            token.name.to_string(),
            token.role.to_string(),
            token.targets.iter().map(TargetName::as_str).collect::<Vec<_>>().join(", "),
            format!("{:.0}", token.created_at),
            token.created_by.clone(),
            time(token.expires_at),
            time(token.last_used_at),
        ]
    });
    table(&["TOKEN", "ROLE", "TARGETS", "MADE", "BY", "EXPIRES", "LAST USED"], rows)
}
