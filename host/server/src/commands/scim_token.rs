//! `purser scim-token`: who may push identities. Works beside a host that serves.

use crate::Ending;
use crate::cli::{CreateScimToken, ScimTokenCommand};
use crate::home::Home;
use crate::host::{now, open_store, open_to_read};
use crate::output::{Output, table};
use crate::remote::Remote;
use anyhow::{Context, bail};
use jiff::Timestamp;
use purser_model::id::TokenName;
use purser_store::KeptScimToken;
use serde::{Deserialize, Serialize};
use serde_json::json;

#[derive(Serialize)]
struct Made<'a> {
    #[serde(flatten)]
    kept: &'a KeptScimToken,
    token: &'a str,
}

#[derive(Serialize)]
struct Revoked<'a> {
    revoked: &'a TokenName,
}

/// Runs the command.
pub async fn run(home: Home, command: &ScimTokenCommand, output: &Output) -> anyhow::Result<Ending> {
    match command {
        ScimTokenCommand::Create(wanted) => create(&home, wanted, output).await?,
        ScimTokenCommand::List => {
            let tokens = open_to_read(&home)?.scim_tokens().await?;
            output.answer(&tokens, || text(&tokens))?;
        }
        ScimTokenCommand::Revoke(revoke) => {
            open_store(&home)?.revoke_scim_token(&revoke.name, now()).await?;
            show_revoked(&revoke.name, output)?;
        }
    }
    Ok(Ending::Done)
}

fn show_revoked(name: &TokenName, output: &Output) -> anyhow::Result<()> {
    output.answer(&Revoked { revoked: name }, || format!("{name} opens nothing any more"))
}

/// A new token, as the API shows it.
#[derive(Deserialize)]
struct Told {
    #[serde(flatten)]
    kept: KeptScimToken,
    token: String,
}

/// The same at a host that serves.
pub async fn ask(remote: &Remote, command: &ScimTokenCommand, output: &Output) -> anyhow::Result<Ending> {
    match command {
        ScimTokenCommand::Create(wanted) => {
            let ends = now().checked_add(wanted.expires_in).context("--expires-in is longer than time goes on")?;
            let body = json!({"name": wanted.name, "source": wanted.source, "expires_at": ends});
            let Told { kept, token } = remote.post("/v1/scim-tokens", &body).await?;
            show_made(&kept, &token, ends, output)?;
        }
        ScimTokenCommand::List => {
            let tokens: Vec<KeptScimToken> = remote.whole("/v1/scim-tokens", &[]).await?;
            output.answer(&tokens, || text(&tokens))?;
        }
        ScimTokenCommand::Revoke(revoke) => {
            remote.delete(&format!("/v1/scim-tokens/{}", revoke.name)).await?;
            show_revoked(&revoke.name, output)?;
        }
    }
    Ok(Ending::Done)
}

async fn create(home: &Home, wanted: &CreateScimToken, output: &Output) -> anyhow::Result<()> {
    let declared = purser_declare::load(&home.declarations())?.configuration.pushed;
    let source = &wanted.source;
    if !declared.contains_key(source) {
        bail!("no source `{source}` is declared that pushes: write [source.{source}] with kind = \"scim\" first");
    }
    let ends = now().checked_add(wanted.expires_in).context("--expires-in is longer than time goes on")?;
    let store = open_store(home)?;
    let (kept, token) =
        purser_api::issue_scim_token(store.as_ref(), wanted.name.clone(), source.clone(), Some(ends), now()).await?;
    show_made(&kept, &token, ends, output)
}

fn show_made(kept: &KeptScimToken, token: &str, ends: Timestamp, output: &Output) -> anyhow::Result<()> {
    output.answer(&Made { kept, token }, || {
        format!(
            "{token}\n\nWho shows it at /scim/v2 is source {}, until {ends:.0}. It is not shown again.",
            kept.source
        )
    })
}

fn text(tokens: &[KeptScimToken]) -> String {
    if tokens.is_empty() {
        return "There is no token; `purser scim-token create` makes one.".to_owned();
    }
    let time = |time: Option<Timestamp>| time.map_or_else(|| "never".to_owned(), |time| format!("{time:.0}"));
    let rows = tokens.iter().map(|token| {
        vec![
            token.name.to_string(),
            token.source.to_string(),
            format!("{:.0}", token.created_at),
            token.created_by.clone(),
            time(token.expires_at),
            time(token.last_used_at),
        ]
    });
    table(&["TOKEN", "SOURCE", "MADE", "BY", "EXPIRES", "LAST USED"], rows)
}
