//! Counts the calls that reach a limit, so that operators see which connector asks for more than it may.

use crate::host::now;
use async_trait::async_trait;
use purser_connector::{Fault, Session};
use purser_model::edit::{ConnectorError, EditOutcome, Request};
use purser_model::manifest::{CheckLevel, Finding, Manifest, ObjectClass};
use purser_model::object::{ChangePage, Object, Page, SearchRequest};
use purser_model::secret::Slots;
use purser_store::{LimitReached, Store};
use std::sync::Arc;
use tracing::warn;

/// A session whose calls are counted where they reach a limit.
pub struct Counted {
    /// The session.
    pub session: Arc<dyn Session>,
    /// The source or target.
    pub subject: String,
    /// Where it is counted.
    pub store: Arc<dyn Store>,
}

impl Counted {
    async fn count<T>(&self, answer: Result<T, Fault>) -> Result<T, Fault> {
        if let Some(limit) = answer.as_ref().err().and_then(Fault::limit) {
            let Manifest { name, version, .. } = self.session.manifest();
            let reached = LimitReached {
                limit: limit.name().to_owned(),
                connector: format!("{name} {version}"),
                subject: self.subject.clone(),
            };
            // The call failed for its own reason, and that is what its caller must learn.
            if let Err(error) = self.store.note_limit_reached(reached, now()).await {
                warn!(subject = self.subject, %error, "a limit that was reached cannot be counted");
            }
        }
        answer
    }
}

#[async_trait]
impl Session for Counted {
    fn manifest(&self) -> &Manifest {
        self.session.manifest()
    }

    fn digest(&self) -> Option<String> {
        self.session.digest()
    }

    async fn check(&self, level: CheckLevel) -> Result<Vec<Finding>, Fault> {
        self.count(self.session.check(level).await).await
    }

    async fn schema(&self) -> Result<Vec<ObjectClass>, Fault> {
        self.count(self.session.schema().await).await
    }

    async fn search(&self, request: SearchRequest) -> Result<Page, Fault> {
        self.count(self.session.search(request).await).await
    }

    async fn get(&self, class: &str, id: &str) -> Result<Object, Fault> {
        self.count(self.session.get(class, id).await).await
    }

    async fn changes(&self, class: &str, cursor: Option<&str>) -> Result<ChangePage, Fault> {
        self.count(self.session.changes(class, cursor).await).await
    }

    async fn apply(
        &self,
        requests: Vec<Request>,
        slots: Slots,
    ) -> Result<Vec<Result<EditOutcome, ConnectorError>>, Fault> {
        self.count(self.session.apply(requests, slots).await).await
    }
}
