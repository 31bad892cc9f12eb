//! What goes into the store and comes out of it about the builds of connectors that sources and targets run.

use crate::StoreError;
use async_trait::async_trait;
use jiff::Timestamp;
use purser_model::upgrade::ConnectorUse;

/// What happened to the use of a connector; its name is the kind of the event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UseChange {
    /// A source or target runs a build for the first time, or another one takes over.
    Taken,
    /// A newer build asks for more and waits for a person.
    Waits,
    /// A newer build is tried, or goes one stage on.
    Tried,
    /// A person lets a newer build go on.
    Approved,
    /// A build was left.
    RolledBack,
    /// Only what is counted.
    Counted,
}

impl UseChange {
    /// The kind of its event; none where it is not told.
    pub fn event(self) -> Option<&'static str> {
        match self {
            Self::Taken => Some("connector-taken"),
            Self::Waits => Some("connector-waits"),
            Self::Tried => Some("connector-tried"),
            Self::Approved => Some("connector-approved"),
            Self::RolledBack => Some("connector-rolled-back"),
            Self::Counted => None,
        }
    }
}

/// Which builds of connectors are in use.
#[async_trait]
pub trait Upgrades {
    /// What a source or target runs, such as `target crm`; none where it has run nothing yet.
    async fn connector_use(&self, subject: &str) -> Result<Option<ConnectorUse>, StoreError>;

    /// What all of them run, by subject.
    async fn connector_uses(&self) -> Result<Vec<ConnectorUse>, StoreError>;

    /// Keeps what a source or target runs, with the event and the audit row of the change. Its revision is the one that was
    /// read; it is kept with the next.
    ///
    /// # Errors
    /// [`StoreError::Refused`] where somebody else changed it since.
    async fn keep_connector_use(
        &self,
        used: ConnectorUse,
        change: UseChange,
        detail: &str,
        now: Timestamp,
    ) -> Result<(), StoreError>;

    /// Tells that a file in the folder was refused.
    async fn note_refused_file(&self, file: &str, reason: &str, now: Timestamp) -> Result<(), StoreError>;
}
