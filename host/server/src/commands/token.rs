//! `purser token`: who may use the API, and what for. Works beside a host that serves.

use crate::Ending;
use crate::cli::{CreateToken, TokenCommand};
use crate::home::Home;
use crate::host::{now, open_store, open_to_read};
use crate::output::{Output, table};
use anyhow::Context;
use jiff::Timestamp;
use purser_model::id::TokenName;
use purser_store::KeptApiToken;
use serde::Serialize;

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
            output.answer(&Revoked { revoked: &revoke.name }, || format!("{} opens nothing any more", revoke.name))?;
        }
    }
    Ok(Ending::Done)
}

async fn create(home: &Home, wanted: &CreateToken, output: &Output) -> anyhow::Result<()> {
    let ends = now().checked_add(wanted.expires_in).context("--expires-in is longer than time goes on")?;
    let store = open_store(home)?;
    let (kept, token) =
        purser_api::issue_token(store.as_ref(), wanted.name.clone(), wanted.role, Some(ends), now()).await?;
    output.answer(&Made { kept: &kept, token: &token }, || {
        format!("{token}\n\n{} may use it as {} until {ends:.0}. It is not shown again.", kept.name, kept.role)
    })
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
            format!("{:.0}", token.created_at),
            token.created_by.clone(),
            time(token.expires_at),
            time(token.last_used_at),
        ]
    });
    table(&["TOKEN", "ROLE", "MADE", "BY", "EXPIRES", "LAST USED"], rows)
}
