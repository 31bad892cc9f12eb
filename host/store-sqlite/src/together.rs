//! Committing several writes together.
//!
//! Each is all or nothing, as if it had a transaction of its own: what one did is taken back where it fails, and the others stay. Nobody
//! is told that a write is done before all of them are on disk.

use crate::failure::Result;
use crate::transaction::{Author, Transaction, keep_head};
use purser_model::audit::AuditHead;
use purser_store::StoreError;
use rusqlite::Connection;
use std::sync::Arc;
use tokio::sync::oneshot;

/// Tells a caller how the commit ended.
type Told = Box<dyn FnOnce(std::result::Result<(), &str>) + Send>;

/// Runs a write within a transaction.
type Run = Box<dyn FnOnce(Option<&Transaction<'_>>) -> Done + Send>;

/// What a write did before the commit, and how its caller is told.
struct Done {
    is_good: bool,
    tell: Told,
}

/// One write, with the caller who waits for it.
pub(crate) struct WriteJob {
    author: Arc<Author>,
    /// Without a transaction nothing is run, and only the caller is told.
    run: Run,
}

impl WriteJob {
    /// Runs `work`, and answers once it is committed, or at once where it fails.
    pub(crate) fn new<T, F>(
        author: Arc<Author>,
        work: F,
        answer: oneshot::Sender<std::result::Result<T, StoreError>>,
    ) -> Self
    where
        T: Send + 'static,
        F: FnOnce(&Transaction<'_>) -> Result<T> + Send + 'static,
    {
        let run = move |transaction: Option<&Transaction<'_>>| {
            let result = match transaction {
                Some(transaction) => work(transaction).map_err(StoreError::from),
                None => Err(StoreError::Failed("nothing can be written now".to_owned())),
            };
            let is_good = result.is_ok();
            let tell = move |committed: std::result::Result<(), &str>| {
                let result = match committed {
                    Ok(()) => result,
                    Err(reason) => result.and_then(|_| Err(StoreError::Failed(reason.to_owned()))),
                };
                // Nobody listens any more when the caller was dropped; the work is done all the same.
                let _ = answer.send(result);
            };
            Done { is_good, tell: Box::new(tell) }
        };
        Self { author, run: Box::new(run) }
    }
}

/// Runs the writes in their order in one transaction, and tells every caller.
pub(crate) fn commit_together(connection: &Connection, jobs: Vec<WriteJob>) {
    let mut told = Vec::with_capacity(jobs.len());
    let committed = run_all(connection, jobs, &mut told);
    if let Err(error) = &committed
        && !connection.is_autocommit()
        && let Err(rollback) = connection.execute_batch("ROLLBACK")
    {
        tracing::error!(%error, %rollback, "a transaction cannot be taken back");
    }
    for tell in told {
        tell(committed.as_ref().copied().map_err(String::as_str));
    }
}

/// The error is that of the commit, or of the transaction as a whole; whoever failed alone is told so by its own result.
fn run_all(connection: &Connection, jobs: Vec<WriteJob>, told: &mut Vec<Told>) -> std::result::Result<(), String> {
    let are_several = jobs.len() > 1;
    let mut failure = batch(connection, "BEGIN IMMEDIATE").err();
    let mut head: Option<AuditHead> = None;
    let mut key = None;
    let mut all_failed = true;
    for WriteJob { author, run } in jobs {
        if failure.is_none() && are_several {
            failure = batch(connection, "SAVEPOINT one").err();
        }
        if failure.is_some() {
            told.push(run(None).tell);
            continue;
        }
        let transaction = Transaction::new(connection, &author, head.clone());
        let done = run(Some(&transaction));
        if done.is_good {
            head = transaction.into_audit_head();
        }
        key = author.key.clone().or(key);
        told.push(done.tell);
        all_failed &= !done.is_good;
        failure = ended(connection, are_several, done.is_good).err();
    }
    if let Some(failure) = failure {
        return Err(failure);
    }
    if all_failed {
        return batch(connection, "ROLLBACK");
    }
    if let Some(head) = head {
        keep_head(connection, head, key.as_ref()).map_err(|error| StoreError::from(error).to_string())?;
    }
    batch(connection, "COMMIT")
}

/// Keeps or takes back what one write did, where it is not alone.
fn ended(connection: &Connection, are_several: bool, is_good: bool) -> std::result::Result<(), String> {
    if connection.is_autocommit() {
        return Err("the database took the transaction back".to_owned());
    }
    match (are_several, is_good) {
        (false, _) => Ok(()),
        (true, true) => batch(connection, "RELEASE one"),
        (true, false) => batch(connection, "ROLLBACK TO one; RELEASE one"),
    }
}

fn batch(connection: &Connection, sql: &str) -> std::result::Result<(), String> {
    connection.execute_batch(sql).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::Note;
    use crate::failure::refused;
    use jiff::Timestamp;
    use purser_model::audit::{AuditKey, ChainCheck};

    fn store() -> Connection {
        let mut connection = Connection::open_in_memory().unwrap();
        crate::connection::migrate(&mut connection).unwrap();
        connection
    }

    type Answer = oneshot::Receiver<std::result::Result<(), StoreError>>;

    /// A write that notes something and then succeeds or not.
    fn write(what: &'static str, is_good: bool) -> (WriteJob, Answer) {
        let (answer, answered) = oneshot::channel();
        let author = Author { key: Some(AuditKey::from_secret("key")), ..Author::default() };
        let work = move |tx: &Transaction<'_>| {
            Note::about("test", &what).write(tx, Timestamp::UNIX_EPOCH, what, "")?;
            if is_good { Ok(()) } else { Err(refused("test", what, "it is to fail")) }
        };
        (WriteJob::new(Arc::new(author), work, answer), answered)
    }

    fn actions(connection: &Connection) -> Vec<String> {
        let mut query = connection.prepare("SELECT action FROM audit ORDER BY sequence").unwrap();
        query.query_map([], |row| row.get(0)).unwrap().collect::<rusqlite::Result<_>>().unwrap()
    }

    fn run(connection: &Connection, writes: Vec<(WriteJob, Answer)>) -> Vec<bool> {
        let (jobs, answers): (Vec<_>, Vec<_>) = writes.into_iter().unzip();
        commit_together(connection, jobs);
        answers.into_iter().map(|mut answer| answer.try_recv().unwrap().is_ok()).collect()
    }

    #[test]
    fn who_fails_leaves_nothing_behind_and_the_others_stay() {
        let connection = store();
        let told = run(&connection, vec![write("a", true), write("b", false), write("c", true)]);
        assert_eq!(told, [true, false, true]);
        assert_eq!(run(&connection, vec![write("d", false)]), [false]);
        assert_eq!(run(&connection, vec![write("e", true)]), [true]);
        assert_eq!(run(&connection, vec![write("f", false), write("g", false)]), [false, false]);
        assert_eq!(actions(&connection), ["a", "c", "e"]);
        let rows = crate::audit::list(
            &connection,
            &Default::default(),
            &purser_store::AuditPage { after: None, limit: 9, order: purser_store::AuditOrder::OldestFirst },
        );
        let mut chain = ChainCheck::default();
        rows.unwrap().iter().for_each(|row| chain.next(row).unwrap());
        let head = crate::transaction::kept_head(&connection).unwrap().unwrap();
        assert_eq!(chain.end(&head, Some(&AuditKey::from_secret("key"))), Ok(()));
    }

    #[test]
    fn where_the_commit_fails_nobody_is_told_that_it_is_done() {
        let connection = store();
        connection.execute_batch("CREATE TABLE parent (id INTEGER PRIMARY KEY); CREATE TABLE child (id REFERENCES parent (id) DEFERRABLE INITIALLY DEFERRED)").unwrap();
        connection.pragma_update(None, "foreign_keys", true).unwrap();
        let (answer, answered) = oneshot::channel();
        let orphan = |tx: &Transaction<'_>| Ok(tx.execute("INSERT INTO child VALUES (7)", []).map(|_| ())?);
        let orphan = (WriteJob::new(Arc::default(), orphan, answer), answered);
        assert_eq!(run(&connection, vec![write("a", true), orphan]), [false, false]);
        assert!(actions(&connection).is_empty() && connection.is_autocommit());
    }

    #[test]
    fn where_nothing_can_be_written_nothing_is_run() {
        let connection = store();
        connection.execute_batch("BEGIN").unwrap();
        assert_eq!(run(&connection, vec![write("a", true), write("b", true)]), [false, false]);
        assert!(connection.is_autocommit());
        assert!(actions(&connection).is_empty());
    }
}
