//! Webhooks: how far each is, and letters that could not be delivered. Tries are no changes of state: only what a person does
//! or has to know of is an event.

mod letters;

use crate::SqliteStore;
use crate::audit::Note;
use crate::events;
use crate::failure::{Result, not_found};
use crate::rows::{collect, from_word, micros, optional_time, time};
use crate::transaction::Transaction;
use async_trait::async_trait;
use jiff::Timestamp;
use purser_model::id::WebhookName;
use purser_store::{KeptWebhook, StoreError, WebhookLetter, WebhookLetters, WebhookTry, WebhookWork};
use rusqlite::{Connection, Row};
use serde_json::json;
use std::collections::BTreeSet;

type Answer<T> = std::result::Result<T, StoreError>;

#[async_trait]
impl WebhookLetters for SqliteStore {
    async fn know_webhook(&self, name: &WebhookName, from_start: bool, now: Timestamp) -> Answer<()> {
        let name = name.clone();
        self.connections.write(move |tx| know(tx, &name, from_start, now)).await
    }

    async fn webhooks(&self) -> Answer<Vec<KeptWebhook>> {
        self.connections.read(all).await
    }

    async fn webhook_work(&self, name: &WebhookName, after: u64, limit: u32, now: Timestamp) -> Answer<WebhookWork> {
        let name = name.clone();
        self.connections.read(move |connection| work(connection, &name, after, limit, now)).await
    }

    async fn record_webhook(
        &self,
        name: &WebhookName,
        through: Option<u64>,
        tries: Vec<WebhookTry>,
        now: Timestamp,
    ) -> Answer<()> {
        let name = name.clone();
        self.connections.write(move |tx| record(tx, &name, through, &tries, now)).await
    }

    async fn skip_webhook(&self, name: &WebhookName, through: u64, now: Timestamp) -> Answer<()> {
        let name = name.clone();
        self.connections.write(move |tx| skip(tx, &name, through, now)).await
    }

    async fn disable_webhook(&self, name: &WebhookName, reason: &str, now: Timestamp) -> Answer<()> {
        let (name, reason) = (name.clone(), reason.to_owned());
        self.connections.write(move |tx| disable(tx, &name, &reason, now)).await
    }

    async fn enable_webhook(&self, name: &WebhookName, now: Timestamp) -> Answer<bool> {
        let name = name.clone();
        self.connections.write(move |tx| enable(tx, &name, now)).await
    }

    async fn dead_letters(&self, name: &WebhookName, after: u64, limit: u32) -> Answer<Vec<WebhookLetter>> {
        let name = name.clone();
        self.connections
            .read(move |connection| {
                is_kept(connection, &name)?;
                letters::dead(connection, &name, after, limit)
            })
            .await
    }

    async fn redeliver(&self, name: &WebhookName, sequences: Option<BTreeSet<u64>>, now: Timestamp) -> Answer<u64> {
        let name = name.clone();
        self.connections
            .write(move |tx| {
                is_kept(tx, &name)?;
                letters::redeliver(tx, &name, sequences.as_ref(), now)
            })
            .await
    }

    async fn note_webhook_test(&self, name: &WebhookName, end: &str, now: Timestamp) -> Answer<()> {
        let (name, end) = (name.clone(), end.to_owned());
        self.connections.write(move |tx| note(tx, &name, "webhook-tested", &end, now)).await
    }
}

fn note(tx: &Transaction<'_>, name: &WebhookName, kind: &str, what: &str, now: Timestamp) -> Result<()> {
    Note::about("webhook", name).details(json!({"said": what})).write(tx, now, kind, what)
}

fn know(tx: &Transaction<'_>, name: &WebhookName, from_start: bool, now: Timestamp) -> Result<()> {
    let kept = events::kept(tx)?;
    let through = if from_start { kept.dropped_through } else { kept.newest };
    tx.prepare_cached("INSERT INTO webhook (name, through, since) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING")?
        .execute((name.as_str(), through, micros(now)))?;
    Ok(())
}

const COLUMNS: &str = "name, through, since, disabled_at, disabled_because, delivered, failed, died, last_delivered_at, \
     last_failed_at, last_failure, \
     (SELECT count(*) FROM webhook_letter WHERE webhook = name AND next_at IS NOT NULL), \
     (SELECT count(*) FROM webhook_letter WHERE webhook = name AND dead_at IS NOT NULL)";

fn all(connection: &Connection) -> Result<Vec<KeptWebhook>> {
    let mut query = connection.prepare_cached(&format!("SELECT {COLUMNS} FROM webhook ORDER BY name"))?;
    collect(query.query([])?, read)
}

fn read(row: &Row<'_>) -> Result<KeptWebhook> {
    Ok(KeptWebhook {
        name: from_word("webhook", &row.get::<_, String>(0)?)?,
        through: row.get(1)?,
        since: time(row.get(2)?)?,
        disabled_at: optional_time(row.get(3)?)?,
        disabled_because: row.get(4)?,
        delivered: row.get(5)?,
        failed: row.get(6)?,
        died: row.get(7)?,
        last_delivered_at: optional_time(row.get(8)?)?,
        last_failed_at: optional_time(row.get(9)?)?,
        last_failure: row.get(10)?,
        waiting: row.get(11)?,
        dead_letters: row.get(12)?,
    })
}

/// How far it is, and whether it is disabled.
fn is_kept(connection: &Connection, name: &WebhookName) -> Result<(u64, bool)> {
    let mut query =
        connection.prepare_cached("SELECT through, disabled_at IS NOT NULL FROM webhook WHERE name = ?1")?;
    let found = collect(query.query([name.as_str()])?, |row| Ok((row.get(0)?, row.get(1)?)))?.pop();
    found.ok_or_else(|| not_found("webhook", name))
}

fn work(connection: &Connection, name: &WebhookName, after: u64, limit: u32, now: Timestamp) -> Result<WebhookWork> {
    let (through, disabled) = is_kept(connection, name)?;
    if disabled {
        return Ok(WebhookWork { through, disabled, ..WebhookWork::default() });
    }
    let dropped = events::kept(connection)?.dropped_through;
    let after = after.max(through);
    let gone_through = (after < dropped).then_some(dropped);
    Ok(WebhookWork {
        through,
        disabled,
        due: letters::due(connection, name, limit, now)?,
        next_due: letters::next_due(connection, name, now)?,
        waiting: letters::waiting(connection, name)?,
        events: if gone_through.is_some() { Vec::new() } else { events::list(connection, after, limit)? },
        gone_through,
    })
}

fn record(
    tx: &Transaction<'_>,
    name: &WebhookName,
    through: Option<u64>,
    tries: &[WebhookTry],
    now: Timestamp,
) -> Result<()> {
    tries.iter().try_for_each(|one| letters::record(tx, name, one, now))?;
    if let Some(through) = through {
        tx.prepare_cached("UPDATE webhook SET through = max(through, ?2) WHERE name = ?1")?
            .execute((name.as_str(), through))?;
    }
    Ok(())
}

fn skip(tx: &Transaction<'_>, name: &WebhookName, through: u64, now: Timestamp) -> Result<()> {
    let (former, _) = is_kept(tx, name)?;
    record(tx, name, Some(through), &[], now)?;
    let what = format!("events {} to {through} were dropped before they were delivered", former.saturating_add(1));
    note(tx, name, "webhook-events-lost", &what, now)
}

fn disable(tx: &Transaction<'_>, name: &WebhookName, reason: &str, now: Timestamp) -> Result<()> {
    tx.prepare_cached("UPDATE webhook SET disabled_at = ?2, disabled_because = ?3 WHERE name = ?1")?.execute((
        name.as_str(),
        micros(now),
        reason,
    ))?;
    note(tx, name, "webhook-disabled", reason, now)
}

fn enable(tx: &Transaction<'_>, name: &WebhookName, now: Timestamp) -> Result<bool> {
    let (_, disabled) = is_kept(tx, name)?;
    if disabled {
        tx.prepare_cached("UPDATE webhook SET disabled_at = NULL, disabled_because = NULL WHERE name = ?1")?
            .execute([name.as_str()])?;
        note(tx, name, "webhook-enabled", "", now)?;
    }
    Ok(disabled)
}
