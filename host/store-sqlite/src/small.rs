//! Settings and the connectors' own state.

use crate::audit::Note;
use crate::failure::Result;
use crate::rows::from_json;
use crate::transaction::Transaction;
use jiff::Timestamp;
use purser_model::audit::hexadecimal;
use rusqlite::{Connection, OptionalExtension};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

pub(crate) fn setting(connection: &Connection, key: &str) -> Result<Option<String>> {
    Ok(connection
        .prepare_cached("SELECT value FROM setting WHERE key = ?1")?
        .query_row([key], |row| row.get(0))
        .optional()?)
}

pub(crate) fn keep_setting(tx: &Transaction<'_>, key: &str, value: &str, now: Timestamp) -> Result<()> {
    let former = setting(tx, key)?;
    if former.as_deref() == Some(value) {
        return Ok(());
    }
    tx.execute("INSERT OR REPLACE INTO setting (key, value) VALUES (?1, ?2)", (key, value))?;
    let details = json!({"value": {"old": former.as_deref().map(shown), "new": shown(value)}});
    Note::about("setting", &key).details(details).write(tx, now, "setting-changed", "")
}

/// A short value; a long one, such as a schema, by its length and digest.
fn shown(value: &str) -> String {
    const SHORT: usize = 200;
    match value.len() {
        ..=SHORT => value.to_owned(),
        length => format!("{length} bytes, digest {}", hexadecimal(&digest(value))),
    }
}

fn digest(value: &str) -> [u8; 32] {
    let object = purser_model::object::Object {
        id: String::new(),
        secondary_ids: Vec::new(),
        version: None,
        active: None,
        attributes: value.to_owned(),
    };
    object.digest().0
}

/// The files of the declarations as they were read last, by name.
const DECLARATIONS: &str = "declarations as last read";

pub(crate) fn note_declarations(
    tx: &Transaction<'_>,
    files: &BTreeMap<String, String>,
    now: Timestamp,
) -> Result<bool> {
    let former: BTreeMap<String, String> = match setting(tx, DECLARATIONS)? {
        Some(text) => from_json("setting", &text)?,
        None => BTreeMap::new(),
    };
    if &former == files {
        return Ok(false);
    }
    let text = crate::rows::json("setting", files)?;
    tx.execute("INSERT OR REPLACE INTO setting (key, value) VALUES (?1, ?2)", (DECLARATIONS, text))?;
    let names: BTreeSet<&String> = former.keys().chain(files.keys()).collect();
    let changed = names.into_iter().filter(|name| former.get(*name) != files.get(*name));
    let changed: serde_json::Map<String, Value> =
        changed.map(|name| (name.clone(), json!({"old": former.get(name), "new": files.get(name)}))).collect();
    let event = format!("{} files", changed.len());
    let note = Note::about("declarations", &"declarations").details(json!({"files": changed}));
    note.write(tx, now, "declarations-changed", &event)?;
    Ok(true)
}

pub(crate) fn guest_state(connection: &Connection, subject: &str, key: &str) -> Result<Option<Vec<u8>>> {
    Ok(connection
        .prepare_cached("SELECT value FROM guest_state WHERE subject = ?1 AND key = ?2")?
        .query_row((subject, key), |row| row.get(0))
        .optional()?)
}

pub(crate) fn keep_guest_state(tx: &Transaction<'_>, subject: &str, key: &str, value: Option<&[u8]>) -> Result<()> {
    match value {
        Some(value) => tx
            .prepare_cached("INSERT OR REPLACE INTO guest_state (subject, key, value) VALUES (?1, ?2, ?3)")?
            .execute((subject, key, value))?,
        None => {
            tx.prepare_cached("DELETE FROM guest_state WHERE subject = ?1 AND key = ?2")?.execute((subject, key))?
        }
    };
    Ok(())
}

pub(crate) fn guest_state_size(connection: &Connection, subject: &str) -> Result<u64> {
    Ok(connection
        .prepare_cached(
            "SELECT coalesce(sum(length(CAST(key AS BLOB)) + length(value)), 0) FROM guest_state WHERE subject = ?1",
        )?
        .query_row([subject], |row| row.get(0))?)
}
