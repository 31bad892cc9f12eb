//! Puts the parts of a host together.

use crate::home::{Home, Lock};
use crate::registry::Registry;
use crate::sessions::OpenSessions;
use anyhow::Context;
use jiff::Timestamp;
use purser_model::id::Ids;
use purser_plan::Rules;
use purser_reconcile::{Clock, Engine, Jitter, Settings};
use purser_runtime::{Runtime, RuntimeSettings};
use purser_store::Store;
use purser_store_sqlite::SqliteStore;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A host: one process that works in one home.
pub struct Host {
    /// The engine.
    pub engine: Engine,
    /// The store below it.
    pub store: Arc<dyn Store>,
    /// The connectors in the folder.
    pub registry: Arc<Registry>,
    _lock: Lock,
}

impl Host {
    /// Reads the declarations, takes the home and puts everything together. What was under way when the last process
    /// stopped is marked to be observed.
    pub async fn open(home: &Home) -> anyhow::Result<Self> {
        let declarations = purser_declare::load(&home.declarations())?;
        let rules = Arc::new(declarations.rules);
        let lock = home.lock()?;
        let store = open_store(home)?;
        let registry = Arc::new(Registry::new(open_runtime(home)?, home.connectors()));
        let sessions = Arc::new(OpenSessions::new(rules.clone(), registry.clone(), store.clone()));
        let engine = engine(store.clone(), rules, sessions);
        engine.recover().await?;
        Ok(Self { engine, store, registry, _lock: lock })
    }
}

/// The state that is kept in the home; a host may work with it at the same time.
pub fn open_store(home: &Home) -> anyhow::Result<Arc<dyn Store>> {
    let seed: [u8; 32] = rand::random();
    Ok(Arc::new(SqliteStore::open(&home.store(), Arc::new(Ids::new(seed)))?))
}

/// The runtime, with compiled connectors kept in the home.
pub fn open_runtime(home: &Home) -> anyhow::Result<Runtime> {
    crate::home::make_private_folder(&home.compiled())?;
    Runtime::new(RuntimeSettings::new(home.compiled())).context("the WebAssembly runtime cannot be started")
}

fn engine(store: Arc<dyn Store>, rules: Arc<Rules>, sessions: Arc<OpenSessions>) -> Engine {
    Engine::new(store, rules, sessions, Arc::new(SystemTime::new()), Arc::new(SystemJitter), Settings::default())
}

/// The machine's clock, and one beside it that nobody can set.
pub struct SystemTime(Instant);

impl SystemTime {
    #[expect(clippy::disallowed_methods, reason = "this is where time enters the process")]
    fn new() -> Self {
        Self(Instant::now())
    }
}

impl Clock for SystemTime {
    fn now(&self) -> Timestamp {
        now()
    }

    fn uptime(&self) -> Duration {
        self.0.elapsed()
    }
}

/// The machine's time.
#[expect(clippy::disallowed_methods, reason = "this is where time enters the process")]
pub fn now() -> Timestamp {
    Timestamp::now()
}

struct SystemJitter;

impl Jitter for SystemJitter {
    fn fraction(&self) -> f64 {
        rand::random()
    }
}
