//! The guest's native twin: the same catalogue behind the same trait, without a sandbox.

use async_trait::async_trait;
use purser_connector::{Fault, Session};
use purser_model::edit::{ConnectorError, EditOutcome, Request};
use purser_model::manifest::{CheckLevel, Finding, Manifest, ObjectClass};
use purser_model::object::{ChangePage, Object, Page, SearchRequest, Tail};
use purser_model::secret::Slots;

/// The catalogue as a native trait object.
pub struct Native {
    /// The manifest of the component, so that both are asked alike.
    pub manifest: Manifest,
    /// How many accounts there are.
    pub accounts: u64,
}

fn object(place: u64) -> Object {
    Object {
        id: purser_bench::id(place),
        secondary_ids: Vec::new(),
        version: None,
        active: None,
        attributes: serde_json::Value::Object(purser_bench::account(place)).to_string(),
    }
}

fn unsupported() -> Fault {
    Fault::Unusable("the catalogue only reads".into())
}

#[async_trait]
impl Session for Native {
    fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    async fn check(&self, _level: CheckLevel) -> Result<Vec<Finding>, Fault> {
        Ok(Vec::new())
    }

    async fn schema(&self) -> Result<Vec<ObjectClass>, Fault> {
        Ok(self.manifest.classes.clone())
    }

    async fn search(&self, request: SearchRequest) -> Result<Page, Fault> {
        let start: u64 = request.cursor.as_deref().and_then(|cursor| cursor.parse().ok()).unwrap_or(0);
        let end = self.accounts.min(start + u64::from(request.page_size));
        let tail = if end == self.accounts { Tail::Complete } else { Tail::More(end.to_string()) };
        Ok(Page { objects: (start..end).map(object).collect(), tail })
    }

    async fn get(&self, _class: &str, id: &str) -> Result<Object, Fault> {
        id.parse().map(object).map_err(|_| unsupported())
    }

    async fn changes(&self, _class: &str, _cursor: Option<&str>) -> Result<ChangePage, Fault> {
        Err(unsupported())
    }

    async fn apply(
        &self,
        _requests: Vec<Request>,
        _slots: Slots,
    ) -> Result<Vec<Result<EditOutcome, ConnectorError>>, Fault> {
        Err(unsupported())
    }
}
