//! Puts the parts of a host together.

use crate::declared::files;
use crate::folder::Folder;
use crate::home::{Home, Lock, make_private_folder, make_secret, read_or_make_secret};
use crate::registry::Registry;
use crate::secrets::SealedStore;
use crate::sessions::OpenSessions;
use anyhow::{Context, bail};
use jiff::Timestamp;
use purser_catalogue::Copies;
use purser_declare::DeclarationText;
use purser_model::audit::{Actor, AuditKey, hexadecimal};
use purser_model::connectors::CompilingLimits;
use purser_model::id::Ids;
use purser_model::seal::PlanKey;
use purser_model::secret::Secret;
use purser_plan::Rules;
use purser_reconcile::{Clock, Engine, Jitter, Progress, Settings, TakenUp, WhatIf};
use purser_runtime::{ChildCompiler, Compiler, CompilerLimits, Runtime, RuntimeSettings};
use purser_store::Store;
use purser_store_sqlite::SqliteStore;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tracing::{info, warn};

/// A host: one process that works in one home.
pub struct Host {
    /// The engine.
    pub engine: Arc<Engine>,
    /// The store below it.
    pub store: Arc<dyn Store>,
    /// The sealed secrets in it.
    pub secrets: SealedStore,
    /// The connectors in the folder.
    pub registry: Arc<Registry>,
    /// What this host signs its plans with.
    pub plan_key: PlanKey,
    /// The declarations that were read.
    pub declarations: Vec<DeclarationText>,
    /// Where they lie.
    pub place: PathBuf,
    lock: Arc<Lock>,
}

/// Tries other declarations beside those of a host.
pub struct Tryout {
    engine: Arc<Engine>,
    registry: Arc<Registry>,
    secrets: SealedStore,
}

impl Tryout {
    /// What other rules would lead to. Nothing is recorded, woken or written.
    pub fn what_if(&self, rules: Arc<Rules>) -> WhatIf {
        let sessions = OpenSessions::looking(rules.clone(), self.registry.clone(), self.secrets.clone());
        self.engine.what_if(rules, Arc::new(sessions))
    }
}

impl Host {
    /// Reads the declarations, takes the home and puts everything together. What was under way when the last process
    /// stopped is marked to be observed.
    /// What it changes is changed by the account that runs the program.
    pub async fn open(home: &Home) -> anyhow::Result<Self> {
        Self::open_as(home, command_line_actor()).await
    }

    /// As [`Host::open`], for this actor.
    pub async fn open_as(home: &Home, actor: Actor) -> anyhow::Result<Self> {
        files::finish(home)?;
        let declarations = purser_declare::load(&home.declarations())?;
        let rules = Arc::new(declarations.rules);
        let lock = Arc::new(home.lock()?);
        let plan_key = PlanKey::new(&read_or_make_secret(&home.plan_key(), make_secret)?);
        let store = open_store_as(home, actor)?;
        store.note_declarations(declared_files(&home.declarations())?, now()).await?;
        let runtime = open_runtime(home, &rules.configuration().connectors.compiling)?;
        let registry = Arc::new(Registry::new(folder(home, runtime, &rules)?, store.clone()));
        let secrets = SealedStore::new(home, store.clone());
        let sessions = Arc::new(OpenSessions::new(rules.clone(), registry.clone(), secrets.clone()));
        let engine = Arc::new(engine(store.clone(), rules, sessions));
        engine.recover().await?;
        let (declarations, place) = (declarations.files, home.declarations());
        Ok(Self { engine, store, secrets, registry, plan_key, declarations, place, lock })
    }

    /// The host that goes on in place of this one by other declarations, which lie in the home already: its store, its keys
    /// and its hold of the home are the same. The change is audited in `acting`.
    pub async fn succeeded_by(
        &self,
        home: &Home,
        declared: purser_declare::Declarations,
        acting: &Arc<dyn Store>,
    ) -> anyhow::Result<Self> {
        let (store, secrets, plan_key, lock) =
            (self.store.clone(), self.secrets.clone(), self.plan_key.clone(), self.lock.clone());
        let rules = Arc::new(declared.rules);
        let runtime = open_runtime(home, &rules.configuration().connectors.compiling)?;
        let registry = Arc::new(Registry::new(folder(home, runtime, &rules)?, store.clone()));
        let sessions = Arc::new(OpenSessions::new(rules.clone(), registry.clone(), secrets.clone()));
        let engine = Arc::new(self.engine.succeeded_by(rules, sessions));
        acting.note_declarations(declared_files(&home.declarations())?, now()).await?;
        engine.recover().await?;
        let (declarations, place) = (declared.files, self.place.clone());
        Ok(Self { engine, store, secrets, registry, plan_key, declarations, place, lock })
    }

    /// Tries other declarations beside these.
    pub fn tryout(&self) -> Tryout {
        Tryout { engine: self.engine.clone(), registry: self.registry.clone(), secrets: self.secrets.clone() }
    }

    /// Wakes whom declarations touch that are new since the last time. Says what it did; none where they are the same.
    pub async fn take_up_declarations(&self, progress: &dyn Progress) -> anyhow::Result<Option<TakenUp>> {
        self.engine.take_up_pushed().await?;
        let kept = self.store.kept_declarations().await?;
        let digest = self.engine.rules().configuration().digest();
        if kept.as_ref().is_some_and(|kept| kept.digest == digest) {
            return Ok(None);
        }
        let former = kept.as_ref().and_then(|kept| self.former_rules(&kept.text));
        if kept.is_some() && former.is_none() {
            warn!("the former declarations cannot be read any more, so that everybody is looked at again");
        }
        let text = serde_json::to_string(&self.declarations).context("a declaration's path is not UTF-8")?;
        let taken_up = self.engine.take_up(former, text, progress).await?;
        info!(identities = taken_up.identities, woken = taken_up.woken, "the declarations changed");
        Ok(Some(taken_up))
    }

    fn former_rules(&self, text: &str) -> Option<Arc<Rules>> {
        let texts: Vec<DeclarationText> = serde_json::from_str(text).ok()?;
        purser_declare::load_texts(texts, &self.place).ok().map(|former| Arc::new(former.rules))
    }

    /// Tries other declarations, as if they lay where the present ones lie.
    pub fn what_if(&self, directory: &Path) -> anyhow::Result<WhatIf> {
        let rules = Arc::new(purser_declare::load_for(directory, &self.place)?.rules);
        Ok(self.tryout().what_if(rules))
    }
}

/// The state that is kept in the home; a host may work with it at the same time.
pub fn open_store(home: &Home) -> anyhow::Result<Arc<dyn Store>> {
    open_store_as(home, command_line_actor())
}

/// A store that is not in its place yet, and is to take it.
pub fn open_prepared(home: &Home, file: &Path) -> anyhow::Result<Arc<dyn Store>> {
    open_file_as(home, file, command_line_actor())
}

fn open_store_as(home: &Home, actor: Actor) -> anyhow::Result<Arc<dyn Store>> {
    make_private_folder(&home.data())?;
    home.must_be_whole()?;
    open_file_as(home, &home.store(), actor)
}

fn open_file_as(home: &Home, file: &Path, actor: Actor) -> anyhow::Result<Arc<dyn Store>> {
    let seed: [u8; 32] = rand::random();
    let secret = read_or_make_secret(&home.audit_key(), || hexadecimal(&rand::random::<[u8; 32]>()))?;
    let store = SqliteStore::open(file, Arc::new(Ids::new(seed)))?;
    Ok(Arc::new(store.acting_as(actor).signing_with(AuditKey::from_secret(&secret))))
}

/// The key of a home's audit log; none where no host has made it.
pub fn audit_key(home: &Home) -> anyhow::Result<Option<AuditKey>> {
    let path = home.audit_key();
    match std::fs::read_to_string(&path) {
        Ok(secret) => Ok(Some(AuditKey::from_secret(secret.trim()))),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
    }
}

/// The store of a home in which another process may work: it can only be read.
pub fn open_to_read(home: &Home) -> anyhow::Result<Arc<dyn Store>> {
    home.must_be_whole()?;
    if !home.store().exists() {
        bail!("nothing has been done in this home yet: {} is not there", home.store().display());
    }
    Ok(Arc::new(SqliteStore::open_for_reading(&home.store())?))
}

/// The account that runs the program.
fn command_line_actor() -> Actor {
    let uid = rustix::process::getuid().as_raw();
    let names = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    match user_name(&names, uid) {
        Some(name) => Actor::command_line(name),
        None => Actor::command_line(&format!("uid-{uid}")),
    }
}

/// The name of a user id in a file in the form of passwd(5).
fn user_name(names: &str, uid: u32) -> Option<&str> {
    names.lines().find_map(|line| {
        let mut fields = line.split(':');
        let (name, id) = (fields.next()?, fields.nth(1)?);
        (id.parse() == Ok(uid)).then_some(name)
    })
}

/// Digests of the files that declare, by name, so that the audit log tells which of them changed.
fn declared_files(folder: &Path) -> anyhow::Result<BTreeMap<String, String>> {
    let mut files = BTreeMap::new();
    for entry in std::fs::read_dir(folder).with_context(|| format!("cannot look into {}", folder.display()))? {
        let path = entry.with_context(|| format!("cannot look into {}", folder.display()))?.path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            let text = std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            files.insert(name, blake3::hash(&text).to_hex().to_string());
        }
    }
    Ok(files)
}

/// The folder of connectors and their copies.
pub fn folder(home: &Home, runtime: Runtime, rules: &Rules) -> anyhow::Result<Folder> {
    let copies = Copies::open(&home.connector_copies())?;
    Ok(Folder::new(runtime, home.connectors(), copies, rules.configuration().connectors.clone()))
}

/// The runtime, with compiled connectors kept in the home.
pub fn open_runtime(home: &Home, compiling: &CompilingLimits) -> anyhow::Result<Runtime> {
    make_private_folder(&home.compiled())?;
    let key = read_or_make_secret(&home.compiled_key(), make_secret)?;
    let settings = RuntimeSettings {
        cache_key: Some(Secret::new(key).context("the key of compiled connectors")?),
        compiler: child_compiler(compiler_limits(compiling))?,
        ..RuntimeSettings::new(home.compiled())
    };
    Runtime::new(settings).context("the WebAssembly runtime cannot be started")
}

/// What was declared, and the runtime's default for what was not.
fn compiler_limits(declared: &CompilingLimits) -> CompilerLimits {
    let default = CompilerLimits::default();
    CompilerLimits {
        address_space: declared.memory.unwrap_or(default.address_space),
        cpu_time: declared.cpu.unwrap_or(default.cpu_time),
        wall_time: declared.wall.unwrap_or(default.wall_time),
        ..default
    }
}

/// This program, started once more for each component that is compiled.
pub fn child_compiler(limits: CompilerLimits) -> anyhow::Result<Compiler> {
    // The running program itself, also where its file was replaced or removed since.
    let itself = PathBuf::from("/proc/self/exe");
    let program = if itself.exists() { itself } else { std::env::current_exe().context("where is this program?")? };
    Ok(Compiler::InChild(ChildCompiler { program, arguments: vec!["compile-component".to_owned()], limits }))
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

#[cfg(test)]
mod tests {
    use super::user_name;

    #[test]
    fn a_user_is_named_by_its_id() {
        let names = "root:x:0:0:root:/root:/bin/sh\nbroken\nanna:x:1000:1000::/srv/anna:/bin/sh\n";
        assert_eq!(user_name(names, 1000), Some("anna"));
        assert_eq!(user_name(names, 0), Some("root"));
        assert_eq!(user_name(names, 7), None);
    }
}
