//! Copies of the whole file, and whether a file can be worked with.

use crate::connection::newest;
use crate::failure::Result;
use purser_store::{CopyFacts, StoreError};
use rusqlite::{Connection, OpenFlags};
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

/// What a copy's manifest counts.
const COUNTED: [(&str, &str); 7] = [
    ("identities", "SELECT count(*) FROM identity"),
    ("accounts", "SELECT count(*) FROM account"),
    ("operations", "SELECT count(*) FROM operation"),
    ("plans", "SELECT count(*) FROM plan"),
    ("secrets", "SELECT count(*) FROM secret"),
    ("tokens", "SELECT count(*) FROM api_token"),
    ("audit-rows", "SELECT count(*) FROM audit"),
];
/// Others close the file at once, if not very soon.
const TRIES: u32 = 300;
const BETWEEN_TRIES: Duration = Duration::from_millis(100);

/// Why a file cannot take the place of a store.
#[derive(Debug, thiserror::Error)]
pub enum Unsound {
    /// It cannot be read as a store.
    #[error("it cannot be read as a store: {0}")]
    Unreadable(#[from] rusqlite::Error),
    /// Something in it is broken.
    #[error("it is damaged: {0}")]
    Damaged(String),
    /// It is newer than this program.
    #[error(
        "its tables have version {found} and this program knows {known}: take the Purser that wrote it, or a newer one"
    )]
    Newer {
        /// The version of its tables.
        found: u32,
        /// The newest that this program knows.
        known: u32,
    },
}

/// The version of the tables that this program writes.
pub fn newest_schema() -> u32 {
    u32::try_from(newest()).unwrap_or(u32::MAX)
}

/// Writes a copy that holds nothing of what was deleted. Other connections read and write meanwhile.
pub(crate) fn copy(connection: &Connection, file: &Path) -> Result<()> {
    let path = file.to_str().ok_or_else(|| StoreError::Failed(format!("{} is not UTF-8", file.display())))?;
    connection.execute("VACUUM INTO ?1", [path])?;
    Ok(())
}

/// What a copy holds.
pub(crate) fn facts(file: &Path) -> Result<CopyFacts> {
    let copy = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let mut counts = BTreeMap::new();
    for (name, query) in COUNTED {
        counts.insert(name.to_owned(), copy.query_row(query, [], |row| row.get(0))?);
    }
    Ok(CopyFacts { schema: schema(&copy)?, counts })
}

/// Checks a file from its first page to its last, and that this program can work with it. It is not changed.
///
/// # Errors
/// It is no store, is damaged, or was written by a newer Purser.
pub fn check_file(file: &Path) -> std::result::Result<(), Unsound> {
    let connection = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let (found, known) = (schema(&connection)?, newest_schema());
    if found > known {
        return Err(Unsound::Newer { found, known });
    }
    let verdict: String = connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
    if verdict != "ok" {
        return Err(Unsound::Damaged(verdict));
    }
    let orphan =
        connection.query_row("SELECT count(*) FROM pragma_foreign_key_check", [], |row| row.get::<_, u64>(0))?;
    match orphan {
        0 => Ok(()),
        orphan => Err(Unsound::Damaged(format!("{orphan} rows belong to rows that are not there"))),
    }
}

/// What a file that [`check_file`] found sound holds.
///
/// # Errors
/// It cannot be read.
pub fn facts_of(file: &Path) -> std::result::Result<CopyFacts, StoreError> {
    facts(file).map_err(StoreError::from)
}

fn schema(connection: &Connection) -> rusqlite::Result<u32> {
    connection.pragma_query_value(None, "user_version", |row| row.get(0))
}

/// Waits until nobody has the file open any more, and puts all of it into the one file, so that it can be moved.
///
/// # Errors
/// Somebody goes on working with it, or it cannot be written.
pub fn settle(file: &Path) -> std::result::Result<(), Unsound> {
    let connection = Connection::open(file)?;
    let mut tries = 0;
    loop {
        let mode = connection.query_row("PRAGMA journal_mode = DELETE", [], |row| row.get::<_, String>(0));
        match mode {
            Ok(mode) if mode == "delete" => return Ok(()),
            Ok(mode) if tries == TRIES => return Err(Unsound::Damaged(format!("its journal stays in mode {mode}"))),
            Err(error) if tries == TRIES => return Err(error.into()),
            _ => std::thread::sleep(BETWEEN_TRIES),
        }
        tries += 1;
    }
}
