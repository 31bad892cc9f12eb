//! A writing transaction that knows who writes: what it changes is audited under that name, chained to what was before.

use crate::connection::Connections;
use crate::failure::Result;
use crate::requests::note_change;
use purser_model::audit::{Actor, AuditHead, AuditKey};
use purser_model::id::TargetName;
use purser_store::{RequestKey, StoreError};
use rusqlite::{Connection, OptionalExtension};
use std::cell::RefCell;
use std::ops::Deref;
use std::sync::Arc;

/// On whose behalf a store is written.
#[derive(Debug, Clone, Default)]
pub(crate) struct Author {
    /// Who.
    pub(crate) actor: Actor,
    /// In the course of what.
    pub(crate) activity: Option<String>,
    /// Through which connector.
    pub(crate) connector: Option<String>,
    /// A target that is only looked at: whom that would wake is put off.
    pub(crate) only_looks_at: Option<TargetName>,
    /// The request that it is told of each change.
    pub(crate) request: Option<RequestKey>,
    /// What the log's head is signed with.
    pub(crate) key: Option<AuditKey>,
}

/// The connections, as one author uses them.
#[derive(Clone)]
pub(crate) struct Access {
    pub(crate) connections: Arc<Connections>,
    pub(crate) author: Arc<Author>,
}

impl Access {
    /// See [`Connections::write`].
    pub(crate) async fn write<T, F>(&self, work: F) -> std::result::Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Transaction<'_>) -> Result<T> + Send + 'static,
    {
        let request = self.author.request.clone();
        let work = move |tx: &Transaction<'_>| {
            let before = tx.total_changes();
            let done = work(tx)?;
            if tx.total_changes() > before {
                request.iter().try_for_each(|request| note_change(tx, request))?;
            }
            Ok(done)
        };
        self.connections.write(self.author.clone(), work).await
    }

    /// See [`Connections::read`].
    pub(crate) async fn read<T, F>(&self, work: F) -> std::result::Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T> + Send + 'static,
    {
        self.connections.read(work).await
    }

    /// See [`Connections::read_warm`].
    pub(crate) async fn read_warm<T, F>(&self, work: F) -> std::result::Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T> + Send + 'static,
    {
        self.connections.read_warm(work).await
    }

    /// The same connections for another author.
    pub(crate) fn with(&self, change: impl FnOnce(&mut Author)) -> Self {
        let mut author = self.author.as_ref().clone();
        change(&mut author);
        Self { connections: self.connections.clone(), author: Arc::new(author) }
    }
}

/// A writing transaction, or the part of one that is one method's.
pub(crate) struct Transaction<'c> {
    connection: &'c Connection,
    author: &'c Author,
    /// The log's end, as far as the transaction has added to it; none where it added nothing.
    head: RefCell<Option<AuditHead>>,
}

impl Deref for Transaction<'_> {
    type Target = Connection;

    fn deref(&self) -> &Self::Target {
        self.connection
    }
}

impl<'c> Transaction<'c> {
    /// A transaction that was begun on this connection, and where the log ends after what it has added so far.
    pub(crate) fn new(connection: &'c Connection, author: &'c Author, head: Option<AuditHead>) -> Self {
        Self { connection, author, head: RefCell::new(head) }
    }

    /// On whose behalf.
    pub(crate) fn author(&self) -> &Author {
        self.author
    }

    /// The log's end after what this transaction added; none where it added nothing so far.
    pub(crate) fn audit_head(&self) -> Option<AuditHead> {
        self.head.borrow().clone()
    }

    /// The log has grown to this.
    pub(crate) fn keep_audit_head(&self, head: AuditHead) {
        *self.head.borrow_mut() = Some(head);
    }

    /// The log's end after what this transaction added.
    pub(crate) fn into_audit_head(self) -> Option<AuditHead> {
        self.head.into_inner()
    }
}

/// Signs the log's new end and keeps it.
pub(crate) fn keep_head(connection: &Connection, mut head: AuditHead, key: Option<&AuditKey>) -> Result<()> {
    head.signature = key.map(|key| head.expected_signature(key).to_vec());
    connection
        .prepare_cached("INSERT OR REPLACE INTO audit_head (one, sequence, hash, signature) VALUES (1, ?1, ?2, ?3)")?
        .execute((head.sequence, head.hash, head.signature))?;
    Ok(())
}

/// The end of the log as it is kept.
pub(crate) fn kept_head(connection: &Connection) -> Result<Option<AuditHead>> {
    let head = connection
        .prepare_cached("SELECT sequence, hash, signature FROM audit_head")?
        .query_row([], |row| Ok(AuditHead { sequence: row.get(0)?, hash: row.get(1)?, signature: row.get(2)? }))
        .optional()?;
    Ok(head)
}
