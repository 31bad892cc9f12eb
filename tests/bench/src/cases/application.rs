//! Provisioning into an application in memory: every intent is on disk before its call, and every outcome after it. The
//! baseline hands the same requests to the application and keeps nothing.

use super::{Figure, figure};
use async_trait::async_trait;
use purser_connector::{Fault, Session};
use purser_model::Attributes;
use purser_model::edit::{ConnectorError, Edit, EditOutcome, ErrorClass, Request};
use purser_model::id::{Ids, OperationId, SourceName, TargetName};
use purser_model::manifest::{
    CheckLevel, ClassKind, DeleteSemantics, Finding, Limits, Manifest, ObjectClass, Operations,
};
use purser_model::object::{ChangePage, Object, Page, SearchRequest, Tail};
use purser_model::secret::Slots;
use purser_reconcile::{Engine, ImportOptions, NoProgress, Sessions, Settings};
use purser_store_sqlite::SqliteStore;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

const DECLARATIONS: &str = r#"
[source.hr]
connector = "memory"
class = "person"
[target.app]
connector = "memory"
class = "account"
[[target.app.correlation]]
attribute = "userName"
value = "identity.userName"
[target.app.mapping]
userName = "identity.userName"
displayName = "identity.displayName"
email = { value = "identity.email", strength = "strong" }
department = "identity.department"
[role.everybody]
rule = "true"
[[role.everybody.grant]]
target = "app"
"#;

/// People to read, and accounts that can be created.
struct Memory {
    manifest: Manifest,
    people: u64,
    accounts: Mutex<HashMap<String, Attributes>>,
}

impl Memory {
    fn new(people: u64) -> Self {
        let class = |name: &str, kind| ObjectClass {
            name: name.into(),
            title: name.into(),
            kind,
            attributes: Vec::new(),
            open: true,
            operations: Operations {
                search: true,
                get: true,
                create: true,
                update: true,
                set_active: true,
                delete: true,
                ..Operations::default()
            },
            delete_semantics: DeleteSemantics::Hard,
            holding: None,
            consistency_lag_ms: 0,
        };
        let manifest = Manifest {
            name: "memory".into(),
            version: semver::Version::new(1, 0, 0),
            vendor: "bench".into(),
            description: "In memory".into(),
            config_schema: json!({}),
            classes: vec![class("account", ClassKind::Account), class("person", ClassKind::Other)],
            limits: Limits { page_size: 1_000, batch_size: 100 },
            egress: Vec::new(),
            directories: Vec::new(),
            permissions: Vec::new(),
        };
        Self { manifest, people, accounts: Mutex::default() }
    }

    fn count(&self) -> usize {
        self.accounts.lock().unwrap_or_else(PoisonError::into_inner).len()
    }
}

fn object(id: String, active: Option<bool>, attributes: Attributes) -> Object {
    Object { id, secondary_ids: Vec::new(), version: None, active, attributes: Value::Object(attributes).to_string() }
}

fn unsupported() -> ConnectorError {
    ConnectorError { class: ErrorClass::Unsupported, message: "it only creates".into(), native_code: None }
}

#[async_trait]
impl Session for Memory {
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
        let end = self.people.min(start + u64::from(request.page_size));
        let person = |place| object(purser_bench::id(place), None, purser_bench::account(place));
        let tail = if end == self.people { Tail::Complete } else { Tail::More(end.to_string()) };
        Ok(Page { objects: (start..end).map(person).collect(), tail })
    }

    async fn get(&self, _class: &str, _id: &str) -> Result<Object, Fault> {
        Err(Fault::Connector(unsupported()))
    }

    async fn changes(&self, _class: &str, _cursor: Option<&str>) -> Result<ChangePage, Fault> {
        Err(Fault::Connector(unsupported()))
    }

    async fn apply(
        &self,
        requests: Vec<Request>,
        _slots: Slots,
    ) -> Result<Vec<Result<EditOutcome, ConnectorError>>, Fault> {
        let mut accounts = self.accounts.lock().unwrap_or_else(PoisonError::into_inner);
        let results = requests.into_iter().map(|request| {
            let Edit::Create { attributes, active } = request.edit else { return Err(unsupported()) };
            let id = request.operation_id.to_string();
            accounts.insert(id.clone(), attributes.clone());
            Ok(EditOutcome::Done(Some(object(id, active, attributes))))
        });
        Ok(results.collect())
    }
}

struct Both(Arc<Memory>);

#[async_trait]
impl Sessions for Both {
    async fn source(&self, _name: &SourceName) -> Result<Arc<dyn Session>, Fault> {
        Ok(self.0.clone())
    }

    async fn target(&self, _name: &TargetName) -> Result<Arc<dyn Session>, Fault> {
        Ok(self.0.clone())
    }
}

/// Operations planned, written, carried out and recorded per second, each outcome durable.
#[expect(clippy::disallowed_methods, reason = "a bench measures time")]
pub async fn apply(people: u64) -> anyhow::Result<Vec<Figure>> {
    let folder = tempfile::tempdir()?;
    std::fs::create_dir(folder.path().join("declarations"))?;
    std::fs::write(folder.path().join("declarations/all.toml"), DECLARATIONS)?;
    let rules = Arc::new(purser_declare::load(&folder.path().join("declarations"))?.rules);
    let store = Arc::new(SqliteStore::open(&folder.path().join("purser.db"), Arc::new(Ids::new([3; 32])))?);
    let memory = Arc::new(Memory::new(people));
    let clock = Arc::new(super::reconciliation::Now);
    let jitter = Arc::new(super::reconciliation::Halfway);
    let engine = Engine::new(store, rules, Arc::new(Both(memory.clone())), clock, jitter, Settings::default());
    engine.import(&"hr".parse()?, ImportOptions::default(), &NoProgress).await?;
    let begun = Instant::now();
    let report = engine.work_off(&NoProgress).await?;
    let seconds = begun.elapsed().as_secs_f64();
    anyhow::ensure!(report.operations.applied == people, "everybody was created: {report:?}");
    anyhow::ensure!(memory.count() as u64 == people, "and is there");
    let baseline = hand_over(people).await?;
    #[expect(clippy::cast_precision_loss, reason = "a bench's count is far below 2^53")]
    let count = people as f64;
    Ok(vec![figure(
        "apply",
        &format!("{people} creates, durable outcomes"),
        count / seconds,
        "operations/s",
        count / baseline,
    )])
}

/// Seconds that the application itself takes for as many creates.
#[expect(clippy::disallowed_methods, reason = "a bench measures time")]
async fn hand_over(people: u64) -> anyhow::Result<f64> {
    let memory = Memory::new(people);
    let request = |place| Request {
        operation_id: OperationId(uuid::Uuid::from_u128(u128::from(place))),
        class: "account".into(),
        edit: Edit::Create { attributes: purser_bench::account(place), active: Some(true) },
    };
    let requests: Vec<Request> = (0..people).map(request).collect();
    let begun = Instant::now();
    for batch in requests.chunks(50) {
        memory.apply(batch.to_vec(), Slots::default()).await?;
    }
    Ok(begun.elapsed().as_secs_f64())
}
