//! `purser webhook`: who is told of events, and what could not be delivered. Works beside a host that serves.

use crate::Ending;
use crate::cli::{DeadLetters, OneWebhook, Redeliver, WebhookCommand};
use crate::home::Home;
use crate::host::{now, open_store, open_to_read};
use crate::output::{Output, table};
use crate::remote::Remote;
use crate::secrets::SealedStore;
use purser_model::id::WebhookName;
use purser_store::{Store, WebhookLetter};
use purser_webhook::{Tested, WebhookState, Webhooks};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::sync::Arc;

/// More at a time helps nobody: `--after` goes on.
const MOST: u32 = 1_000;

#[derive(Serialize)]
struct Redelivered<'a> {
    webhook: &'a WebhookName,
    redelivered: u64,
}

#[derive(Serialize)]
struct Enabled<'a> {
    webhook: &'a WebhookName,
    was_disabled: bool,
}

/// Runs the command.
pub async fn run(home: Home, command: &WebhookCommand, output: &Output) -> anyhow::Result<Ending> {
    match command {
        WebhookCommand::List => list(&home, output).await,
        WebhookCommand::Dead(dead) => dead_letters(&home, dead, output).await,
        WebhookCommand::Redeliver(wanted) => redeliver(&home, wanted, output).await,
        WebhookCommand::Test(one) => test(&home, one, output).await,
        WebhookCommand::Enable(one) => enable(&home, one, output).await,
    }
}

/// The webhooks that are declared in a home, which are kept in this store.
fn declared(home: &Home, store: Arc<dyn Store>) -> anyhow::Result<Webhooks> {
    let webhooks = purser_declare::load(&home.declarations())?.configuration.webhooks;
    let secrets = Arc::new(SealedStore::new(home, store.clone()));
    Ok(Webhooks::new(store, webhooks, secrets, now))
}

async fn list(home: &Home, output: &Output) -> anyhow::Result<Ending> {
    let states = declared(home, open_to_read(home)?)?.states().await?;
    output.answer(&states, || text(&states))?;
    Ok(Ending::Done)
}

fn text(states: &[WebhookState]) -> String {
    if states.is_empty() {
        return "no webhook is declared".to_owned();
    }
    let rows = states.iter().map(|state| {
        let number = |of: fn(&purser_store::KeptWebhook) -> u64| state.kept.as_ref().map_or(0, of).to_string();
        let receiver = state.declared.as_ref().map_or("(declared no more)", |declared| &declared.receiver);
        vec![
            state.name.to_string(),
            receiver.to_owned(),
            number(|kept| kept.delivered),
            number(|kept| kept.waiting),
            number(|kept| kept.dead_letters),
            state.behind.to_string(),
            how_it_is(state),
        ]
    });
    table(&["WEBHOOK", "RECEIVER", "DELIVERED", "WAITING", "DEAD", "BEHIND", "STATE"], rows)
}

fn how_it_is(state: &WebhookState) -> String {
    if let Some(trouble) = &state.trouble {
        return trouble.clone();
    }
    let Some(kept) = &state.kept else { return "not begun: no host has served with it".to_owned() };
    match (&kept.disabled_because, &kept.last_failure) {
        (Some(reason), _) => format!("disabled: {reason}"),
        (None, Some(failure)) if kept.last_failed_at > kept.last_delivered_at => format!("failing: {failure}"),
        _ => "well".to_owned(),
    }
}

async fn dead_letters(home: &Home, asked: &DeadLetters, output: &Output) -> anyhow::Result<Ending> {
    let letters = open_to_read(home)?.dead_letters(&asked.name, asked.after, MOST).await?;
    output.answer(&letters, || letters_text(&letters))?;
    Ok(Ending::Done)
}

fn letters_text(letters: &[WebhookLetter]) -> String {
    if letters.is_empty() {
        return "nothing was given up".to_owned();
    }
    let rows = letters.iter().map(|letter| {
        let dead_at = letter.dead_at.map_or_else(String::new, |at| format!("{at:.0}"));
        let (sequence, attempts) = (letter.event.sequence.to_string(), letter.attempts.to_string());
        vec![
            sequence,
            letter.event.kind.clone(),
            letter.event.subject.clone(),
            attempts,
            dead_at,
            letter.reason.clone(),
        ]
    });
    table(&["EVENT", "KIND", "SUBJECT", "TRIES", "GIVEN UP", "REASON"], rows)
}

async fn redeliver(home: &Home, wanted: &Redeliver, output: &Output) -> anyhow::Result<Ending> {
    let events = (!wanted.all).then(|| wanted.events.iter().copied().collect());
    show_redelivered(&wanted.name, open_store(home)?.redeliver(&wanted.name, events, now()).await?, output)
}

fn show_redelivered(webhook: &WebhookName, redelivered: u64, output: &Output) -> anyhow::Result<Ending> {
    output.answer(&Redelivered { webhook, redelivered }, || {
        format!("{redelivered} deliveries are tried again as soon as a host serves")
    })?;
    Ok(Ending::Done)
}

async fn test(home: &Home, one: &OneWebhook, output: &Output) -> anyhow::Result<Ending> {
    let store = open_store(home)?;
    show_tested(&declared(home, store.clone())?.test(&one.name, store.as_ref()).await?, output)
}

fn show_tested(tested: &Tested, output: &Output) -> anyhow::Result<Ending> {
    output.answer(tested, || match &tested.reason {
        None => format!("{} took the test {} in {} ms", tested.webhook, tested.id, tested.milliseconds),
        Some(reason) => format!("{} did not take the test {}: {reason}", tested.webhook, tested.id),
    })?;
    Ok(if tested.delivered { Ending::Done } else { Ending::Failed })
}

async fn enable(home: &Home, one: &OneWebhook, output: &Output) -> anyhow::Result<Ending> {
    show_enabled(&one.name, open_store(home)?.enable_webhook(&one.name, now()).await?, output)
}

fn show_enabled(webhook: &WebhookName, was_disabled: bool, output: &Output) -> anyhow::Result<Ending> {
    output.answer(&Enabled { webhook, was_disabled }, || match was_disabled {
        true => format!("{webhook} goes on where it was"),
        false => format!("{webhook} was not disabled"),
    })?;
    Ok(Ending::Done)
}

/// What the API says that it does again.
#[derive(Deserialize)]
struct ToldRedelivered {
    redelivered: u64,
}

/// The same at a host that serves.
pub async fn ask(remote: &Remote, command: &WebhookCommand, output: &Output) -> anyhow::Result<Ending> {
    match command {
        WebhookCommand::List => {
            let states: Vec<WebhookState> = remote.whole("/v1/webhooks", &[]).await?;
            output.answer(&states, || text(&states))?;
            Ok(Ending::Done)
        }
        WebhookCommand::Dead(asked) => {
            let query = [("after", asked.after.to_string())];
            let letters: Vec<WebhookLetter> = remote.list(&path(&asked.name, "dead"), &query).await?;
            let letters = &letters[..letters.len().min(MOST as usize)];
            output.answer(&letters, || letters_text(letters))?;
            Ok(Ending::Done)
        }
        WebhookCommand::Redeliver(wanted) => {
            let body = if wanted.all { json!({}) } else { json!({"events": wanted.events}) };
            let told: ToldRedelivered = remote.post(&path(&wanted.name, "redelivery"), &body).await?;
            show_redelivered(&wanted.name, told.redelivered, output)
        }
        WebhookCommand::Test(one) => show_tested(&remote.post(&path(&one.name, "test"), &json!({})).await?, output),
        WebhookCommand::Enable(one) => {
            let states: Vec<WebhookState> = remote.whole("/v1/webhooks", &[]).await?;
            let state = states.iter().find(|state| state.name == one.name);
            let was_disabled = state.and_then(|state| state.kept.as_ref()?.disabled_at).is_some();
            remote.post::<Value>(&path(&one.name, "enabling"), &json!({})).await?;
            show_enabled(&one.name, was_disabled, output)
        }
    }
}

fn path(name: &WebhookName, what: &str) -> String {
    format!("/v1/webhooks/{name}/{what}")
}
