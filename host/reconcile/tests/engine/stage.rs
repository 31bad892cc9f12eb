//! The stage: an engine over a store in a temporary folder, a clock that the test moves, and one application.

use crate::application::Application;
use async_trait::async_trait;
use jiff::Timestamp;
use purser_connector::{Fault, Session};
use purser_model::access::Reach;
use purser_model::id::{Ids, SourceName, TargetName};
use purser_model::identity::{IdentityRecord, LifecycleState, Validity};
use purser_reconcile::{
    ApplyReport, Clock, Engine, EngineError, ImportOptions, ImportReport, Jitter, NoProgress, ReconcileMode,
    ReconcileReport, Sessions, Settings,
};
use purser_store::{PageRequest, StoreError};
use purser_store_sqlite::SqliteStore;
use serde_json::{Value, json};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::task::Poll;
use std::time::Duration;

pub const DECLARATIONS: &str = r#"
[source.hr]
connector = "application"
class = "person"

[target.app]
connector = "application"
class = "person"
leaving = LEAVING
unlinked = "UNLINKED"
# FURTHER KEYS
[[target.app.correlation]]
attribute = "userName"
value = "identity.userName"
[target.app.mapping]
userName = "identity.userName"
mail = { value = "identity.mail", strength = "strong" }
title = "identity.title"
manager = { value = "identity.manager", refers_by = "id" }
[target.app.entitlement]
everyone = { class = "group", attribute = "name", value = "Everyone", create = true }
engineers = { class = "group", attribute = "name", value = "Engineers", create = true }

[role.everyone]
rule = "true"
[[role.everyone.grant]]
target = "app"
entitlements = ["everyone"]
[role.engineer]
rule = "identity.department == 'Engineering'"
[[role.engineer.grant]]
target = "app"
entitlements = ["engineers"]
"#;

pub struct Stage {
    pub engine: Engine,
    pub application: Arc<Application>,
    pub clock: Arc<TestClock>,
    folder: tempfile::TempDir,
    declarations: String,
    keys: String,
    starts: u8,
}

pub struct TestClock(pub AtomicI64);

impl TestClock {
    pub fn set(&self, time: &str) {
        let time: Timestamp = time.parse().unwrap();
        self.0.store(time.as_microsecond(), Ordering::SeqCst);
    }
}

#[async_trait]
impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        // Every look takes a microsecond, so that nothing happens at the same time.
        Timestamp::from_microsecond(self.0.fetch_add(1, Ordering::SeqCst)).unwrap()
    }

    async fn sleep(&self, wait: Duration) {
        self.0.fetch_add(i64::try_from(wait.as_micros()).unwrap(), Ordering::SeqCst);
        tokio::task::yield_now().await;
    }
}

pub struct Halfway;

impl Jitter for Halfway {
    fn fraction(&self) -> f64 {
        0.5
    }
}

pub struct Only(pub Arc<Application>);

#[async_trait]
impl Sessions for Only {
    async fn source(&self, _name: &SourceName) -> Result<Arc<dyn Session>, Fault> {
        Ok(self.0.clone())
    }

    async fn target(&self, _name: &TargetName) -> Result<Arc<dyn Session>, Fault> {
        Ok(self.0.clone())
    }
}

impl Stage {
    pub fn new(leaving: &str, unlinked: &str) -> Self {
        Self::with_keys(leaving, unlinked, "", "")
    }

    /// With further keys of the target and further tables.
    pub fn with_keys(leaving: &str, unlinked: &str, keys: &str, tables: &str) -> Self {
        let declarations = DECLARATIONS.replace("LEAVING", &leaving_value(leaving)).replace("UNLINKED", unlinked);
        Self::begin(declarations + tables, keys.to_owned())
    }

    /// A stage with its own declarations, of a source `hr` and a target `app`.
    pub fn declared(declarations: String) -> Self {
        Self::begin(declarations, String::new())
    }

    fn begin(declarations: String, keys: String) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let application = Arc::new(Application::new());
        let clock = Arc::new(TestClock(AtomicI64::new(1_700_000_000_000_000)));
        let engine = engine(&folder, &application, &clock, &declarations.replace("# FURTHER KEYS", &keys), 0);
        Self { engine, application, clock, folder, declarations, keys, starts: 0 }
    }

    /// The operator declares something else; the host starts with it.
    pub async fn declare(&mut self, declarations: String) {
        self.declarations = declarations;
        self.restart().await;
    }

    /// A stage on which what leaves is disabled, what matches is adopted, and these lines are added to the target.
    pub fn with(lines: &str) -> Self {
        Self::new(&format!("{{ action = \"disable\" }}\n{lines}"), "adopt")
    }

    /// People who have their accounts, and nothing is left to do.
    pub async fn employ(&self, people: u32) {
        for number in 1..=people {
            let mail = format!("p{number}@example.org");
            self.person(&format!("E{number}"), json!({"userName": format!("p{number}"), "mail": mail})).await;
        }
        self.settle().await;
    }

    /// The clock that the engine looks at.
    pub fn clock(&self) -> Arc<TestClock> {
        self.clock.clone()
    }

    /// It is this time now.
    /// Where the store keeps its files.
    pub fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    pub fn wait_until(&self, time: &str) {
        self.clock.set(time);
    }

    /// The host is killed and started again: all that is left is the store.
    pub async fn restart(&mut self) {
        // What the host had handed to the store before it died is done or not; nothing of it comes later.
        self.engine.store().keep_setting("last words", "", Timestamp::UNIX_EPOCH).await.unwrap();
        self.starts += 1;
        let declarations = self.declarations.replace("# FURTHER KEYS", &self.keys);
        self.engine = engine(&self.folder, &self.application, &self.clock, &declarations, self.starts);
        self.engine.recover().await.unwrap();
    }

    /// The host is started again with other keys of the target.
    pub async fn restart_with(&mut self, keys: &str) {
        keys.clone_into(&mut self.keys);
        self.restart().await;
    }

    pub async fn person(&self, key: &str, attributes: Value) {
        self.accept(key, LifecycleState::Active, attributes).await;
    }

    pub async fn accept(&self, key: &str, state: LifecycleState, attributes: Value) {
        self.accept_for(key, state, Validity::ALWAYS, attributes).await;
    }

    pub async fn accept_for(&self, key: &str, state: LifecycleState, validity: Validity, attributes: Value) {
        let attributes = attributes.as_object().unwrap().clone();
        let record = IdentityRecord { key: key.into(), state, attributes, validity };
        self.engine.accept(&"hr".parse().unwrap(), record).await.unwrap();
    }

    /// Time passes.
    pub fn wait(&self, span: &str) {
        let span: jiff::SignedDuration = span.parse().unwrap();
        let micros = i64::try_from(span.as_micros()).unwrap();
        self.clock.0.fetch_add(micros, Ordering::SeqCst);
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub async fn import(&self) -> ImportReport {
        self.engine.import(&"hr".parse().unwrap(), ImportOptions::default(), &NoProgress).await.unwrap()
    }

    /// Works until it is polled for the last time: the host dies between two steps, or within one.
    pub async fn work_and_die(&mut self, polls: u64) {
        let mut work = Box::pin(self.engine.work_off(&NoProgress));
        poll_so_often(work.as_mut(), polls).await;
        drop(work);
        self.restart().await;
    }

    pub async fn work(&self) -> ApplyReport {
        self.engine.work_off(&NoProgress).await.unwrap()
    }

    /// Works, and lets time pass to the next retry, until nothing waits.
    pub async fn settle(&self) -> ApplyReport {
        let mut total = ApplyReport::default();
        for _ in 0..200 {
            let round = self.work().await;
            let unknown = round.operations.unknown;
            total.operations.merge(round.operations);
            total.operations.unknown = unknown;
            match round.next {
                Some(next) => self.clock.0.store(next.as_microsecond() + 1, Ordering::SeqCst),
                None if unknown == 0 => return total,
                None => {}
            }
        }
        panic!("it never settles: {total:?}");
    }

    /// Reconciles until it was polled so often; then its run, if it has begun one, is told to stop, and it goes on to its end.
    pub async fn reconcile_and_stop(&self, polls: u64) {
        let (target, store) = ("app".parse().unwrap(), self.engine.store());
        let mut work = Box::pin(self.engine.reconcile(&target, ReconcileMode::Repair, &NoProgress));
        if poll_so_often(work.as_mut(), polls).await {
            return;
        }
        for run in store.runs(&Reach::Everything, PageRequest::first(3)).await.unwrap() {
            match self.engine.stop_run(store.as_ref(), run.id, Duration::ZERO).await {
                Ok(_) | Err(EngineError::Store(StoreError::Refused { .. })) => {}
                Err(error) => panic!("{error}"),
            }
        }
        match work.await {
            Ok(_)
            | Err(EngineError::RunStopped { .. } | EngineError::Resting { .. } | EngineError::Connector { .. }) => {}
            Err(error) => panic!("{error}"),
        }
    }

    /// Reconciles; where the target rests, when that is over.
    pub async fn reconcile(&self, mode: ReconcileMode) -> ReconcileReport {
        loop {
            match self.engine.reconcile(&"app".parse().unwrap(), mode, &NoProgress).await {
                Err(EngineError::Resting { until, .. }) => {
                    self.clock.0.fetch_max(until.as_microsecond() + 1, Ordering::SeqCst);
                }
                other => return other.unwrap(),
            }
        }
    }
}

/// Polls work so often, or to its end. Whether that came.
async fn poll_so_often<T>(mut work: Pin<&mut impl Future<Output = T>>, polls: u64) -> bool {
    let mut left = polls;
    std::future::poll_fn(|context| {
        if left == 0 {
            return Poll::Ready(false);
        }
        left -= 1;
        work.as_mut().poll(context).map(|_| true)
    })
    .await
}

/// A word stands in quotes, a table as it is.
fn leaving_value(leaving: &str) -> String {
    if leaving.starts_with('{') { leaving.to_owned() } else { format!("\"{leaving}\"") }
}

fn engine(
    folder: &tempfile::TempDir,
    application: &Arc<Application>,
    clock: &Arc<TestClock>,
    declarations: &str,
    starts: u8,
) -> Engine {
    let directory = folder.path().join("declarations");
    std::fs::create_dir_all(&directory).unwrap();
    std::fs::write(directory.join("all.toml"), declarations).unwrap();
    let rules = purser_declare::load(&directory).unwrap().rules;
    let store = SqliteStore::open(&folder.path().join("purser.db"), Arc::new(Ids::new([starts; 32]))).unwrap();
    Engine::new(
        Arc::new(store),
        Arc::new(rules),
        Arc::new(Only(application.clone())),
        clock.clone(),
        Arc::new(Halfway),
        Settings::default(),
    )
}
