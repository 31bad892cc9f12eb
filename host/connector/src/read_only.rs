//! A session that cannot write.

use crate::{Fault, Session};
use async_trait::async_trait;
use purser_model::edit::{ConnectorError, EditOutcome, Request};
use purser_model::manifest::{CheckLevel, Finding, Manifest, ObjectClass};
use purser_model::object::{ChangePage, Object, Page, SearchRequest};
use purser_model::secret::Slots;
use std::sync::Arc;

/// Passes every reading call on and refuses `apply` before it reaches the connector: a dry run cannot write.
pub struct ReadOnly(pub Arc<dyn Session>);

#[async_trait]
impl Session for ReadOnly {
    fn manifest(&self) -> &Manifest {
        self.0.manifest()
    }

    fn digest(&self) -> Option<String> {
        self.0.digest()
    }

    async fn check(&self, level: CheckLevel) -> Result<Vec<Finding>, Fault> {
        self.0.check(level).await
    }

    async fn schema(&self) -> Result<Vec<ObjectClass>, Fault> {
        self.0.schema().await
    }

    async fn search(&self, request: SearchRequest) -> Result<Page, Fault> {
        self.0.search(request).await
    }

    async fn get(&self, class: &str, id: &str) -> Result<Object, Fault> {
        self.0.get(class, id).await
    }

    async fn changes(&self, class: &str, cursor: Option<&str>) -> Result<ChangePage, Fault> {
        self.0.changes(class, cursor).await
    }

    async fn apply(
        &self,
        _requests: Vec<Request>,
        _slots: Slots,
    ) -> Result<Vec<Result<EditOutcome, ConnectorError>>, Fault> {
        Err(Fault::ReadOnly)
    }
}
