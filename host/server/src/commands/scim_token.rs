//! `purser scim-token`: who may push identities. Works beside a host that serves.

use crate::Ending;
use crate::cli::{CreateScimToken, ScimTokenCommand};
use crate::home::Home;
use crate::host::{now, open_store, open_to_read};
use crate::output::{Output, table};
use anyhow::{Context, bail};
use jiff::Timestamp;
use purser_model::id::TokenName;
use purser_store::KeptScimToken;
use serde::Serialize;

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
            output.answer(&Revoked { revoked: &revoke.name }, || format!("{} opens nothing any more", revoke.name))?;
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
    output.answer(&Made { kept: &kept, token: &token }, || {
        format!("{token}\n\nWho shows it at /scim/v2 is source {source}, until {ends:.0}. It is not shown again.")
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
