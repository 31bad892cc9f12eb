//! One writing thread and a few readers on one file.

use crate::failure::Result;
use crate::fingerprints;
use crate::together::{WriteJob, commit_together};
use crate::transaction::{Author, Transaction};
use purser_store::StoreError;
use rusqlite::{Connection, OpenFlags};
use rusqlite_migration::{M, Migrations};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use tokio::sync::{Semaphore, oneshot};

/// SQLite before 3.51.3 can lose a WAL reset.
const OLDEST_SAFE_SQLITE: i32 = 3_051_003;
/// So many writes are committed together at most.
const MOST_TOGETHER: usize = 64;
const READERS: usize = 4;
const WRITER_CACHE_KIB: i64 = 128 << 10;
const READER_CACHE_KIB: i64 = 16 << 10;

/// In order; one that was released is never changed.
const MIGRATIONS: &[M<'_>] = &[
    M::up(include_str!("../migrations/0001-floor.sql")),
    M::up(include_str!("../migrations/0002-validity.sql")),
    M::up(include_str!("../migrations/0003-claims.sql")),
    M::up(include_str!("../migrations/0004-situations.sql")),
    M::up(include_str!("../migrations/0005-guard.sql")),
    M::up(include_str!("../migrations/0006-plans.sql")),
    M::up(include_str!("../migrations/0007-audit.sql")),
    M::up(include_str!("../migrations/0008-schedule.sql")),
    M::up(include_str!("../migrations/0009-insight.sql")),
    M::up(include_str!("../migrations/0010-references.sql")),
    M::up(include_str!("../migrations/0011-secrets.sql")),
    M::up(include_str!("../migrations/0012-connectors.sql")),
    M::up(include_str!("../migrations/0014-listing.sql")),
    M::up(include_str!("../migrations/0013-limits.sql")),
    M::up(include_str!("../migrations/0015-access.sql")),
    M::up(include_str!("../migrations/0016-scim.sql")),
    M::up(include_str!("../migrations/0017-webhooks.sql")),
    M::up(include_str!("../migrations/0018-additions.sql")),
    M::up(include_str!("../migrations/0019-requests.sql")),
    M::up(include_str!("../migrations/0020-lists.sql")),
    M::up(include_str!("../migrations/0021-approval.sql")),
    M::up(include_str!("../migrations/0022-owners.sql")),
    M::up(include_str!("../migrations/0023-dry-runs.sql")),
    M::up(include_str!("../migrations/0024-fingerprints.sql")),
    M::up(include_str!("../migrations/0025-interruptions.sql")),
];

/// The tables of this version are the first with fingerprints.
const FINGERPRINTS: usize = 24;

/// Why the file could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The library is too old.
    #[error("SQLite {0} can lose committed data (WAL reset); 3.51.3 or newer is needed")]
    UnsafeLibrary(&'static str),
    /// The file cannot be opened.
    #[error("cannot open the store {}: {source}", .file.display())]
    File {
        /// Which file.
        file: PathBuf,
        /// What SQLite says.
        source: rusqlite::Error,
    },
    /// Its tables cannot be brought up to date.
    #[error("cannot bring the tables of {} up to date: {source} (was it written by a newer Purser?)", .file.display())]
    Migration {
        /// Which file.
        file: PathBuf,
        /// What went wrong.
        source: rusqlite_migration::Error,
    },
    /// It is only to be read, and its tables are not those of this program.
    #[error("the tables of {} are those of another version of Purser; let this version work in the home once, for example with `purser status`", .file.display())]
    OtherTables {
        /// Which file.
        file: PathBuf,
    },
    /// The writing thread cannot be started.
    #[error("cannot start the thread that writes: {0}")]
    Thread(std::io::Error),
}

/// What the writing thread does.
enum Job {
    /// A transaction; several that wait are committed together.
    Write(WriteJob),
    /// Reading, between transactions.
    Read(Box<dyn FnOnce(&mut Connection) + Send>),
}

pub(crate) struct Connections {
    file: PathBuf,
    /// None where the file was opened for reading only.
    writer: Option<mpsc::Sender<Job>>,
    readers: Mutex<Vec<Connection>>,
    free_readers: Semaphore,
}

impl Connections {
    pub(crate) fn open(file: &Path) -> std::result::Result<Self, OpenError> {
        if rusqlite::version_number() < OLDEST_SAFE_SQLITE {
            return Err(OpenError::UnsafeLibrary(rusqlite::version()));
        }
        let in_file = |source| OpenError::File { file: file.to_owned(), source };
        let mut writer = Connection::open(file).map_err(in_file)?;
        set_up(&writer).map_err(in_file)?;
        migrate(&mut writer).map_err(|source| OpenError::Migration { file: file.to_owned(), source })?;
        let readers: Vec<Connection> =
            (0..READERS).map(|_| reader(file)).collect::<rusqlite::Result<_>>().map_err(in_file)?;
        let (sender, jobs) = mpsc::channel::<Job>();
        std::thread::Builder::new()
            .name("purser-store".into())
            .spawn(move || work(&mut writer, &jobs))
            .map_err(OpenError::Thread)?;
        let file = file.to_owned();
        Ok(Self { file, writer: Some(sender), readers: Mutex::new(readers), free_readers: Semaphore::new(READERS) })
    }

    /// Opens a file that is there for reading only, beside the process that writes it.
    pub(crate) fn open_for_reading(file: &Path) -> std::result::Result<Self, OpenError> {
        if rusqlite::version_number() < OLDEST_SAFE_SQLITE {
            return Err(OpenError::UnsafeLibrary(rusqlite::version()));
        }
        let in_file = |source| OpenError::File { file: file.to_owned(), source };
        let readers: Vec<Connection> =
            (0..READERS).map(|_| reader(file)).collect::<rusqlite::Result<_>>().map_err(in_file)?;
        let tables =
            readers[0].pragma_query_value(None, "user_version", |row| row.get::<_, usize>(0)).map_err(in_file)?;
        if tables != MIGRATIONS.len() {
            return Err(OpenError::OtherTables { file: file.to_owned() });
        }
        let file = file.to_owned();
        Ok(Self { file, writer: None, readers: Mutex::new(readers), free_readers: Semaphore::new(READERS) })
    }

    /// Runs `work` on the writing thread, all of it or nothing; it is durable when this returns `Ok`. Others that wait at the same time
    /// may be committed with it, and whoever fails among them leaves nothing behind.
    pub(crate) async fn write<T, F>(&self, author: Arc<Author>, work: F) -> std::result::Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Transaction<'_>) -> Result<T> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let job = Job::Write(WriteJob::new(author, work, answer));
        let writer = self.writer.as_ref().ok_or_else(read_only)?;
        writer.send(job).map_err(|_| gone())?;
        answered.await.map_err(|_| gone())?
    }

    /// Runs `work`, which only reads, on the writing thread: the pages that it needs again and again stay in memory there,
    /// while a reading connection forgets all of them after each write of anybody.
    pub(crate) async fn read_warm<T, F>(&self, work: F) -> std::result::Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T> + Send + 'static,
    {
        let Some(writer) = &self.writer else { return self.read(work).await };
        let (answer, answered) = oneshot::channel();
        let job = Job::Read(Box::new(move |connection| {
            let _ = answer.send(in_snapshot(connection, work));
        }));
        writer.send(job).map_err(|_| gone())?;
        answered.await.map_err(|_| gone())?.map_err(StoreError::from)
    }

    /// Runs `work` on a reading connection.
    pub(crate) async fn read<T, F>(&self, work: F) -> std::result::Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T> + Send + 'static,
    {
        let _free = self.free_readers.acquire().await.map_err(|_| gone())?;
        let connection = self.readers.lock().unwrap_or_else(PoisonError::into_inner).pop().ok_or_else(gone)?;
        let (connection, result) = tokio::task::spawn_blocking(move || {
            let result = in_snapshot(&connection, work);
            (connection, result)
        })
        .await
        .map_err(|error| StoreError::Failed(error.to_string()))?;
        self.readers.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
        result.map_err(StoreError::from)
    }
}

impl Connections {
    /// Runs `work` on a reading connection of its own and outside of any transaction.
    pub(crate) async fn apart<T, F>(&self, work: F) -> std::result::Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T> + Send + 'static,
    {
        let file = self.file.clone();
        let done = tokio::task::spawn_blocking(move || work(&reader(&file)?)).await;
        done.map_err(|error| StoreError::Failed(error.to_string()))?.map_err(StoreError::from)
    }
}

/// The version of the tables that this program writes.
pub(crate) fn newest() -> usize {
    MIGRATIONS.len()
}

/// Brings the tables up to date, and what they hold.
pub(crate) fn migrate(connection: &mut Connection) -> rusqlite_migration::Result<()> {
    let before = connection.pragma_query_value(None, "user_version", |row| row.get::<_, usize>(0))?;
    Migrations::from_slice(MIGRATIONS).to_latest(connection)?;
    // Where this is interrupted, the next listing takes the accounts that have none for changed, and gives them theirs.
    if (1..FINGERPRINTS).contains(&before) {
        let transaction = connection.transaction()?;
        fingerprints::keep_of_all(&transaction)
            .map_err(|failure| rusqlite_migration::Error::Hook(StoreError::from(failure).to_string()))?;
        transaction.commit()?;
    }
    Ok(())
}

fn gone() -> StoreError {
    StoreError::Failed("the store has been closed".into())
}

fn read_only() -> StoreError {
    StoreError::Failed("the store was opened for reading only".into())
}

/// Does the jobs in their order. Writes that wait at the same time share one transaction, and so one wait for the disk.
fn work(connection: &mut Connection, jobs: &mpsc::Receiver<Job>) {
    let mut next = jobs.recv().ok();
    while let Some(job) = next.take() {
        match job {
            Job::Read(read) => read(connection),
            Job::Write(first) => {
                let mut together = vec![first];
                while together.len() < MOST_TOGETHER && next.is_none() {
                    match jobs.try_recv() {
                        Ok(Job::Write(more)) => together.push(more),
                        Ok(other) => next = Some(other),
                        Err(_) => break,
                    }
                }
                commit_together(connection, together);
            }
        }
        if next.is_none() {
            next = jobs.recv().ok();
        }
    }
}

/// All that one method reads comes from one moment.
fn in_snapshot<T>(connection: &Connection, work: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
    let transaction = connection.unchecked_transaction()?;
    let value = work(connection)?;
    transaction.commit()?;
    Ok(value)
}

fn set_up(connection: &Connection) -> rusqlite::Result<()> {
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    // Rarer checkpoints make large page-by-page runs about three times faster.
    connection.pragma_update(None, "wal_autocheckpoint", 20_000)?;
    connection.pragma_update(None, "journal_size_limit", 64 << 20)?;
    // The index by which a million accounts are compared stays in memory.
    connection.pragma_update(None, "cache_size", -WRITER_CACHE_KIB)?;
    connection.busy_timeout(std::time::Duration::from_secs(10))?;
    connection.set_prepared_statement_cache_capacity(128);
    Ok(())
}

fn reader(file: &Path) -> rusqlite::Result<Connection> {
    let connection =
        Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(std::time::Duration::from_secs(10))?;
    connection.pragma_update(None, "cache_size", -READER_CACHE_KIB)?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(connection)
}

#[cfg(test)]
mod tests {
    use super::*;
    use purser_model::manifest::ClassKind;
    use purser_model::object::Digest;
    use purser_store::ClassOfTarget;

    #[test]
    fn accounts_from_before_there_were_fingerprints_get_theirs() {
        let mut connection = Connection::open_in_memory().unwrap();
        Migrations::from_slice(MIGRATIONS).to_version(&mut connection, FINGERPRINTS - 1).unwrap();
        let digest = Digest::of("{}");
        connection
            .execute(
                "INSERT INTO account (number, id, target, class, situation, remote_id, digest, secondary_ids, attributes, pushed) \
                 VALUES (7, x'07', 'app', 'account', 'unmatched', 'a', ?1, '[]', '{}', '{}')",
                [digest.0],
            )
            .unwrap();
        migrate(&mut connection).unwrap();
        let class = ClassOfTarget { target: "app".parse().unwrap(), class: "account".into(), kind: ClassKind::Account };
        assert_eq!(fingerprints::numbers(&connection, &class, &[("a".into(), digest)]).unwrap(), [Some(7)]);
    }
}
