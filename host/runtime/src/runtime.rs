//! The runtime: one engine, one linker, and the way a file becomes a connector.

use crate::cache::CompiledCode;
use crate::call::{self, CallState};
use crate::caps::{clock, config, files, http, ldap, log, random, state, wasi, wasi_http};
use crate::compiler::Compiler;
use crate::connector::{Connector, ConnectorDigest};
use crate::inspect::{self, NotAConnector};
use crate::meter::Meter;
use crate::settings::RuntimeSettings;
use crate::state::InMemoryState;
use crate::{check, convert, engine};
use purser_connector::Fault;
use purser_model::manifest::Manifest;
use purser_model::phase::Phase;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::sync::Semaphore;
use wasmtime::Engine;
use wasmtime::component::{Component, Linker};

/// A runtime cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum RuntimeError {
    /// The engine refuses its settings, or the machine has too little address space.
    #[error("cannot set up the WebAssembly engine: {0}; lower `max_concurrent_calls` where address space is short")]
    Engine(String),
    /// The folder of compiled code cannot be used.
    #[error("cannot use {} for compiled code: {source}", .directory.display())]
    Cache {
        /// The folder.
        directory: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The thread that interrupts guests cannot be started.
    #[error("cannot start the thread that interrupts connectors: {0}")]
    Ticker(io::Error),
}

/// A file is no connector that can be used. Every message names the file, the reason, and what to do.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The file cannot be read.
    #[error("cannot read {}: {source}", .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file is too large.
    #[error("{} is larger than {limit} bytes, the most that is loaded", .path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The limit.
        limit: u64,
    },
    /// It is no connector, or one that this host cannot run.
    #[error("{} is not a connector for this host: {reason}", .path.display())]
    NotAConnector {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        reason: NotAConnector,
    },
    /// It does not compile: it is damaged, or uses what is switched off.
    #[error("{} cannot be compiled: {reason}", .path.display())]
    Compilation {
        /// The file.
        path: PathBuf,
        /// What the compiler says.
        reason: String,
    },
    /// Its functions do not have the types of the contract.
    #[error("{} does not fit the contract: {reason}; build it against the contract of its version", .path.display())]
    Contract {
        /// The file.
        path: PathBuf,
        /// What does not fit.
        reason: String,
    },
    /// It cannot say what it is.
    #[error("{} cannot describe itself: {fault}", .path.display())]
    Describe {
        /// The file.
        path: PathBuf,
        /// How the call ended.
        #[source]
        fault: Fault,
    },
    /// What it says about itself makes no sense.
    #[error("{} has a manifest that cannot be used: {}", .path.display(), .problems.join("; "))]
    Manifest {
        /// The file.
        path: PathBuf,
        /// Everything that is wrong.
        problems: Vec<String>,
    },
}

/// Loads connectors. Cheap to clone; all clones share one engine.
#[derive(Clone)]
pub struct Runtime {
    shared: Arc<Shared>,
}

/// What connectors of one runtime share.
pub(crate) struct Shared {
    pub(crate) settings: RuntimeSettings,
    pub(crate) places: Semaphore,
    engine: Engine,
    linker: Linker<CallState>,
    cache: CompiledCode,
}

impl Runtime {
    /// Makes a runtime.
    ///
    /// # Errors
    /// See [`RuntimeError`].
    pub fn new(settings: RuntimeSettings) -> Result<Self, RuntimeError> {
        let engine_error = |error: wasmtime::Error| RuntimeError::Engine(format!("{error:#}"));
        let engine = engine::engine(&settings).map_err(engine_error)?;
        let linker = call::linker(&engine).map_err(engine_error)?;
        let cache = CompiledCode::open(&settings.cache_directory, settings.cache_key.as_ref())
            .map_err(|source| RuntimeError::Cache { directory: settings.cache_directory.clone(), source })?;
        engine::start_ticker(&engine).map_err(RuntimeError::Ticker)?;
        let places = Semaphore::new(settings.max_concurrent_calls as usize);
        Ok(Self { shared: Arc::new(Shared { settings, places, engine, linker, cache }) })
    }

    /// Loads a file: reads it, checks what it imports and exports, compiles it (or finds it compiled), lets it describe
    /// itself without any capability, and checks what it says.
    ///
    /// # Errors
    /// See [`LoadError`]. Nothing of the file stays behind.
    pub async fn load(&self, path: &Path) -> Result<Arc<Connector>, LoadError> {
        let bytes = self.read(path).await?;
        self.load_bytes(path, bytes).await
    }

    /// Reads a file that may be a component; one that is too large is not read to its end.
    ///
    /// # Errors
    /// [`LoadError::File`] and [`LoadError::TooLarge`].
    pub async fn read(&self, path: &Path) -> Result<Vec<u8>, LoadError> {
        let (limit, owned) = (self.shared.settings.max_component_bytes, path.to_path_buf());
        blocking(path, move || read_file(&owned, limit)).await?
    }

    /// As [`Runtime::load`], for the bytes of a component that were read before; `path` is what errors call it.
    ///
    /// # Errors
    /// See [`LoadError`].
    pub async fn load_bytes(&self, path: &Path, bytes: Vec<u8>) -> Result<Arc<Connector>, LoadError> {
        let compiled = self.compiled(path, bytes).await?;
        let manifest = self.describe(&compiled).await?;
        Ok(Arc::new(Connector {
            shared: Arc::clone(&self.shared),
            pre: compiled.pre,
            manifest,
            digest: compiled.digest,
            imports: compiled.imports,
            file_bytes: compiled.file_bytes,
            path: compiled.path,
        }))
    }

    /// Removes the compiled code of the component with this digest in hexadecimal. A connector that was loaded goes on.
    ///
    /// # Errors
    /// It is there and cannot be removed.
    pub fn forget(&self, digest: &str) -> io::Result<()> {
        // What is no digest was never compiled.
        blake3::Hash::from_hex(digest).map_or(Ok(()), |digest| self.shared.cache.forget(&self.shared.engine, &digest))
    }

    async fn compiled(&self, path: &Path, bytes: Vec<u8>) -> Result<Compiled, LoadError> {
        let source = Arc::new(Source { path: path.to_path_buf(), digest: blake3::hash(&bytes), bytes });
        let (shared, looked_for) = (Arc::clone(&self.shared), Arc::clone(&source));
        let kept = blocking(path, move || {
            let component = shared.cache.find(&shared.engine, &looked_for.digest)?;
            Some(finish(&shared, &looked_for, &component))
        });
        if let Some(compiled) = kept.await? {
            return compiled;
        }
        let shared = Arc::clone(&self.shared);
        match &self.shared.settings.compiler {
            Compiler::InThisProcess => {
                blocking(path, move || {
                    inspected(&source)?;
                    let code = shared.engine.precompile_component(&source.bytes);
                    keep(&shared, &source, &code.map_err(|error| not_compiled(&source, format!("{error:#}")))?)
                })
                .await?
            }
            Compiler::InChild(child) => {
                let code = child.compile(&self.shared.engine, &source.bytes).await;
                blocking(path, move || match code {
                    Ok(code) => keep(&shared, &source, &code),
                    // Where it is no connector, the reason has its own type.
                    Err(error) => inspected(&source).and_then(|_| Err(not_compiled(&source, error.to_string()))),
                })
                .await?
            }
        }
    }

    async fn describe(&self, compiled: &Compiled) -> Result<Manifest, LoadError> {
        let path = || compiled.path.clone();
        let answer = call::run(
            &compiled.pre,
            &self.shared,
            without_capabilities(&self.shared, &compiled.path),
            |guest, store| Box::pin(guest.call_describe(store)),
        );
        let said = answer.await.map_err(|fault| LoadError::Describe { path: path(), fault })?;
        let manifest = convert::manifest(said)
            .map_err(|broken| LoadError::Manifest { path: path(), problems: vec![broken.to_string()] })?;
        let problems = check::manifest_problems(&manifest);
        if problems.is_empty() { Ok(manifest) } else { Err(LoadError::Manifest { path: path(), problems }) }
    }
}

/// A component that fits the contract and has not been called yet.
struct Compiled {
    path: PathBuf,
    pre: crate::bindings::GuestPre<CallState>,
    digest: ConnectorDigest,
    imports: Vec<String>,
    file_bytes: u64,
}

/// A component that was read.
struct Source {
    path: PathBuf,
    digest: blake3::Hash,
    bytes: Vec<u8>,
}

/// Does what takes long where that holds nobody up.
async fn blocking<T: Send + 'static>(path: &Path, work: impl FnOnce() -> T + Send + 'static) -> Result<T, LoadError> {
    tokio::task::spawn_blocking(work).await.map_err(|error| LoadError::Compilation {
        path: path.to_path_buf(),
        reason: format!("the compiler failed ({error}); report this with the file"),
    })
}

fn inspected(source: &Source) -> Result<Vec<String>, LoadError> {
    inspect::inspect(&source.bytes).map_err(|reason| LoadError::NotAConnector { path: source.path.clone(), reason })
}

fn not_compiled(source: &Source, reason: String) -> LoadError {
    LoadError::Compilation { path: source.path.clone(), reason }
}

fn keep(shared: &Shared, source: &Source, code: &[u8]) -> Result<Compiled, LoadError> {
    let component = shared.cache.keep(&shared.engine, &source.digest, code);
    finish(shared, source, &component.map_err(|error| not_compiled(source, format!("{error:#}")))?)
}

fn finish(shared: &Shared, source: &Source, component: &Component) -> Result<Compiled, LoadError> {
    let imports = inspected(source)?;
    let pre = shared
        .linker
        .instantiate_pre(component)
        .and_then(crate::bindings::GuestPre::new)
        .map_err(|error| LoadError::Contract { path: source.path.clone(), reason: format!("{error:#}") })?;
    let digest = ConnectorDigest(*source.digest.as_bytes());
    Ok(Compiled { path: source.path.clone(), pre, digest, imports, file_bytes: source.bytes.len() as u64 })
}

fn read_file(path: &Path, limit: u64) -> Result<Vec<u8>, LoadError> {
    let file_error = |source| LoadError::File { path: path.to_path_buf(), source };
    // A named pipe would be waited for without end.
    if !path.metadata().map_err(file_error)?.is_file() {
        return Err(file_error(io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file")));
    }
    let mut bytes = Vec::new();
    // One byte more than allowed tells a file that is too large from one that just fits.
    File::open(path).and_then(|file| file.take(limit + 1).read_to_end(&mut bytes)).map_err(file_error)?;
    if bytes.len() as u64 > limit {
        return Err(LoadError::TooLarge { path: path.to_path_buf(), limit });
    }
    Ok(bytes)
}

/// A call without any capability.
pub(crate) fn without_capabilities(shared: &Shared, path: &Path) -> CallState {
    let file = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    let settings = &shared.settings;
    CallState {
        phase: Phase::Describe,
        meter: Meter::new(settings.describe_limits.clone()),
        slots: Arc::default(),
        operations: Arc::default(),
        config: config::ConfigContext::nothing(),
        http: http::HttpContext::default(),
        ldap: ldap::LdapContext::default(),
        files: files::FilesContext::new(Arc::default(), Arc::clone(&settings.clock), Arc::clone(&settings.randomness)),
        log: log::LogContext::new(&file, "describe"),
        clock: clock::ClockContext::new(Arc::clone(&settings.clock)),
        random: random::RandomContext::new(Arc::clone(&settings.randomness)),
        state: state::StateContext::new(Arc::new(InMemoryState::default()), "describe"),
        wasi: wasi::Wasi::new(Phase::Describe),
        wasi_http: wasi_http::WasiHttp::default(),
    }
}
