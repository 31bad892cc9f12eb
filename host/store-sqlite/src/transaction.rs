//! A writing transaction that knows who writes: what it changes is audited under that name, chained to what was before.

use crate::connection::Connections;
use crate::failure::Result;
use purser_model::audit::{Actor, AuditHead, AuditKey};
use purser_store::StoreError;
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

/// A writing transaction.
pub(crate) struct Transaction<'c> {
    inner: rusqlite::Transaction<'c>,
    author: &'c Author,
    /// The log's end after what this transaction added; none where it added nothing.
    head: RefCell<Option<AuditHead>>,
}

impl<'c> Deref for Transaction<'c> {
    type Target = rusqlite::Transaction<'c>;

    fn deref(&self) -> &Self::Target {
        &self.inner
    }
}

impl<'c> Transaction<'c> {
    pub(crate) fn new(inner: rusqlite::Transaction<'c>, author: &'c Author) -> Self {
        Self { inner, author, head: RefCell::new(None) }
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

    /// Signs the log's new end and commits.
    pub(crate) fn commit(self) -> Result<()> {
        if let Some(mut head) = self.head.into_inner() {
            head.signature = self.author.key.as_ref().map(|key| head.expected_signature(key).to_vec());
            self.inner
                .prepare_cached(
                    "INSERT OR REPLACE INTO audit_head (one, sequence, hash, signature) VALUES (1, ?1, ?2, ?3)",
                )?
                .execute((head.sequence, head.hash, head.signature))?;
        }
        Ok(self.inner.commit()?)
    }
}

/// The end of the log as it is kept.
pub(crate) fn kept_head(connection: &Connection) -> Result<Option<AuditHead>> {
    let head = connection
        .prepare_cached("SELECT sequence, hash, signature FROM audit_head")?
        .query_row([], |row| Ok(AuditHead { sequence: row.get(0)?, hash: row.get(1)?, signature: row.get(2)? }))
        .optional()?;
    Ok(head)
}
