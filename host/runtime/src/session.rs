//! A configured source or target: a connector with its configuration, its grant and its connections.

use crate::bindings::exports::purser::connector::provisioning::Guest as Provisioning;
use crate::bindings::purser::connector::types as wit;
use crate::call::{self, CallState, Invocation};
use crate::caps::files::{self, Directories, storage};
use crate::caps::http::HttpContext;
use crate::caps::{clock, config, ldap, log, random, state, wasi, wasi_http};
use crate::connector::Connector;
use crate::grant::Grant;
use crate::meter::Meter;
use crate::settings::CallLimits;
use crate::state::GuestState;
use crate::{check, convert};
use async_trait::async_trait;
use purser_broker::Endpoint;
use purser_broker::http::EndpointError;
use purser_connector::{Fault, Session};
use purser_ldap::SettingsError;
use purser_model::edit::{ConnectorError, EditOutcome, Request};
use purser_model::manifest::{CheckLevel, Finding, Manifest, ObjectClass};
use purser_model::object::{Change, ChangePage, Object, Page, SearchRequest};
use purser_model::phase::Phase;
use purser_model::secret::Slots;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use wasmtime::Store;

/// What a source or target is made of.
#[derive(Clone)]
pub struct SessionSettings {
    /// What it is, such as `target crm`: names it in logs and keeps its state apart from others'.
    pub subject: String,
    /// Its configuration: a JSON object without secrets.
    pub config: serde_json::Value,
    /// What it may reach.
    pub grant: Grant,
    /// What each call may use.
    pub limits: CallLimits,
    /// Where its state is kept.
    pub state: Arc<dyn GuestState>,
}

/// A connector cannot be used as this source or target.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// The configuration is no JSON object.
    #[error("{subject}: the configuration is no JSON object")]
    ConfigIsNoObject {
        /// The source or target.
        subject: String,
    },
    /// The connector needs an endpoint that is not granted.
    #[error(
        "{subject}: connector `{connector}` needs the HTTP endpoint `{endpoint}` ({description}); grant it with its URL"
    )]
    EndpointNotGranted {
        /// The source or target.
        subject: String,
        /// The connector.
        connector: String,
        /// The endpoint.
        endpoint: String,
        /// What is there.
        description: String,
    },
    /// The connector needs a directory that is not granted.
    #[error(
        "{subject}: connector `{connector}` needs the directory `{directory}` ({description}); grant it with its path"
    )]
    DirectoryNotGranted {
        /// The source or target.
        subject: String,
        /// The connector.
        connector: String,
        /// The directory.
        directory: String,
        /// What is there.
        description: String,
    },
    /// The LDAP directory of the grant cannot be used.
    #[error("{subject}: ldap: {source}")]
    Ldap {
        /// The source or target.
        subject: String,
        /// Why.
        source: SettingsError,
    },
    /// An endpoint of the grant cannot be used.
    #[error("{subject}: {source}")]
    Endpoint {
        /// The source or target.
        subject: String,
        /// Which one, and why.
        source: Box<EndpointError>,
    },
    /// A directory of the grant cannot be opened.
    #[error("{subject}: directory `{directory}`: cannot open {}: {source}", .path.display())]
    Directory {
        /// The source or target.
        subject: String,
        /// The directory's name in the grant.
        directory: String,
        /// Where it should be.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A limit lies above what the runtime can give.
    #[error("{subject}: the limit `memory` of {asked} bytes lies above the runtime's {allowed}")]
    Memory {
        /// The source or target.
        subject: String,
        /// What the limits say.
        asked: usize,
        /// What the runtime has.
        allowed: usize,
    },
}

/// A session whose connector is a WebAssembly component. It may be used by many tasks at once.
pub struct WasmSession {
    connector: Arc<Connector>,
    limits: CallLimits,
    directories: Directories,
    config: config::ConfigContext,
    http: HttpContext,
    ldap: ldap::LdapContext,
    log: log::LogContext,
    state: state::StateContext,
}

impl Connector {
    /// Makes a source or target. Directories are opened now, connections when they are first used.
    ///
    /// A directory that the manifest would write to may be granted for reading only: a source needs no more, and a write
    /// is then denied when it is tried.
    ///
    /// # Errors
    /// See [`SessionError`]; each names what to grant or to put right.
    pub fn session(self: &Arc<Self>, settings: SessionSettings) -> Result<WasmSession, SessionError> {
        let SessionSettings { subject, config, grant, limits, state } = settings;
        if !config.is_object() {
            return Err(SessionError::ConfigIsNoObject { subject });
        }
        let allowed = self.shared.settings.max_memory_bytes;
        if limits.memory_bytes > allowed {
            return Err(SessionError::Memory { subject, asked: limits.memory_bytes, allowed });
        }
        self.check_needs(&subject, &grant)?;
        let label = format!("{} {}", self.manifest.name, self.manifest.version);
        let directories = open(&subject, &grant)?;
        let http = HttpContext::new(&self.declaring(grant.endpoints))
            .map_err(|source| SessionError::Endpoint { subject: subject.clone(), source: Box::new(source) })?;
        let ldap = ldap::LdapContext::new(grant.ldap)
            .map_err(|source| SessionError::Ldap { subject: subject.clone(), source })?;
        Ok(WasmSession {
            connector: Arc::clone(self),
            limits,
            directories,
            config: config::ConfigContext::new(&config),
            http,
            ldap,
            log: log::LogContext::new(&label, &subject),
            state: state::StateContext::new(state, &subject),
        })
    }

    /// The endpoints with what the manifest says about them: a POST only reads where both it and the grant say so.
    fn declaring(&self, mut endpoints: BTreeMap<String, Endpoint>) -> BTreeMap<String, Endpoint> {
        for (name, endpoint) in &mut endpoints {
            let needs = self.manifest.egress.iter().filter(|need| need.endpoint == *name);
            endpoint.declared_reading_posts = needs.flat_map(|need| need.reading_posts.clone()).collect();
        }
        endpoints
    }

    fn check_needs(&self, subject: &str, grant: &Grant) -> Result<(), SessionError> {
        let connector = || self.manifest.name.clone();
        if let Some(need) = self.manifest.egress.iter().find(|need| !grant.endpoints.contains_key(&need.endpoint)) {
            return Err(SessionError::EndpointNotGranted {
                subject: subject.to_owned(),
                connector: connector(),
                endpoint: need.endpoint.clone(),
                description: need.description.clone(),
            });
        }
        let missing = self.manifest.directories.iter().find(|need| !grant.directories.contains_key(&need.directory));
        match missing {
            None => Ok(()),
            Some(need) => Err(SessionError::DirectoryNotGranted {
                subject: subject.to_owned(),
                connector: connector(),
                directory: need.directory.clone(),
                description: need.description.clone(),
            }),
        }
    }
}

fn open(subject: &str, grant: &Grant) -> Result<Directories, SessionError> {
    let opened = grant.directories.iter().map(|(name, directory)| {
        let granted = storage::open(&directory.path, directory.access).map_err(|source| SessionError::Directory {
            subject: subject.to_owned(),
            directory: name.clone(),
            path: directory.path.clone(),
            source,
        })?;
        Ok((name.clone(), granted))
    });
    opened.collect::<Result<_, _>>().map(Arc::new)
}

impl WasmSession {
    /// The connector behind it.
    pub fn connector(&self) -> &Arc<Connector> {
        &self.connector
    }

    async fn call<R, F>(&self, phase: Phase, invoke: F) -> Result<R, Fault>
    where
        F: for<'a> FnOnce(&'a Provisioning, &'a mut Store<CallState>) -> Invocation<'a, R>,
    {
        self.call_with(self.call_state(phase), invoke).await
    }

    async fn call_with<R, F>(&self, state: CallState, invoke: F) -> Result<R, Fault>
    where
        F: for<'a> FnOnce(&'a Provisioning, &'a mut Store<CallState>) -> Invocation<'a, R>,
    {
        call::run(&self.connector.pre, &self.connector.shared, state, invoke).await
    }

    fn check_values<'a>(&self, objects: impl IntoIterator<Item = &'a Object>) -> Result<(), Fault> {
        objects.into_iter().try_for_each(|object| check::value(object, self.limits.value_bytes))
    }

    fn call_state(&self, phase: Phase) -> CallState {
        let settings = &self.connector.shared.settings;
        let http = self.http.of_a_call();
        CallState {
            phase,
            meter: Meter::new(self.limits.clone()).with_requests(http.counts.clone()),
            slots: Arc::default(),
            operations: Arc::default(),
            config: self.config.clone(),
            http,
            ldap: self.ldap.clone(),
            files: files::FilesContext::new(
                Arc::clone(&self.directories),
                Arc::clone(&settings.clock),
                Arc::clone(&settings.randomness),
            ),
            log: self.log.clone(),
            clock: clock::ClockContext::new(Arc::clone(&settings.clock)),
            random: random::RandomContext::new(Arc::clone(&settings.randomness)),
            state: self.state.clone(),
            wasi: wasi::Wasi::new(phase),
            wasi_http: wasi_http::WasiHttp::default(),
        }
    }
}

/// An error that the connector answered with is a fault of this call alone.
fn answered<R>(answer: Result<R, wit::Error>) -> Result<R, Fault> {
    answer.map_err(|error| Fault::Connector(error.into()))
}

#[async_trait]
impl Session for WasmSession {
    fn manifest(&self) -> &Manifest {
        &self.connector.manifest
    }

    fn digest(&self) -> Option<String> {
        Some(self.connector.digest().to_string())
    }

    async fn check(&self, level: CheckLevel) -> Result<Vec<Finding>, Fault> {
        let level = convert::check_level(level);
        let findings = self.call(Phase::Read, move |guest, store| Box::pin(guest.call_check(store, level))).await?;
        Ok(findings.iter().map(convert::finding).collect())
    }

    async fn schema(&self) -> Result<Vec<ObjectClass>, Fault> {
        let answer = self.call(Phase::Read, |guest, store| Box::pin(guest.call_schema(store))).await?;
        let classes = convert::classes(answered(answer)?)?;
        match check::class_problems(&classes) {
            problems if problems.is_empty() => Ok(classes),
            problems => Err(Fault::BrokenContract(format!("schema: {}", problems.join("; ")))),
        }
    }

    async fn search(&self, request: SearchRequest) -> Result<Page, Fault> {
        let page_size = request.page_size.min(self.limits.page_objects);
        let cursor = request.cursor.clone();
        let request = convert::search_request(SearchRequest { page_size, ..request });
        let answer = self
            .call(Phase::Read, move |guest, store| Box::pin(async move { guest.call_search(store, &request).await }));
        let page = convert::page(answered(answer.await?)?);
        self.check_values(&page.objects)?;
        check::page(page, page_size, cursor.as_deref())
    }

    async fn get(&self, class: &str, id: &str) -> Result<Object, Fault> {
        let (class, asked) = (class.to_owned(), id.to_owned());
        let answer = self.call(Phase::Read, move |guest, store| {
            Box::pin(async move { guest.call_get(store, &class, &asked).await })
        });
        let object = convert::object(answered(answer.await?)?);
        self.check_values([&object])?;
        check::object(object, id)
    }

    async fn changes(&self, class: &str, cursor: Option<&str>) -> Result<ChangePage, Fault> {
        let (class, from) = (class.to_owned(), cursor.map(str::to_owned));
        let answer = self.call(Phase::Read, move |guest, store| {
            Box::pin(async move { guest.call_changes(store, &class, from.as_deref()).await })
        });
        let page = convert::change_page(answered(answer.await?)?);
        self.check_values(page.changes.iter().filter_map(|change| match change {
            Change::Present(object) => Some(object),
            Change::Touched(_) | Change::Gone(_) => None,
        }))?;
        check::change_page(page, cursor)
    }

    async fn apply(
        &self,
        requests: Vec<Request>,
        slots: Slots,
    ) -> Result<Vec<Result<EditOutcome, ConnectorError>>, Fault> {
        let operations = requests.iter().map(|request| request.operation_id).collect();
        let state = CallState { slots: Arc::new(slots), operations, ..self.call_state(Phase::Write) };
        let requests: Vec<wit::Request> = requests.into_iter().map(convert::request).collect();
        let asked = requests.len();
        let answers = self
            .call_with(state, move |guest, store| Box::pin(async move { guest.call_apply(store, &requests).await }));
        let mut outcomes = convert::outcomes(check::answers(answers.await?, asked)?);
        outcomes.iter_mut().flatten().for_each(|outcome| check::known_state(outcome, self.limits.value_bytes));
        Ok(outcomes)
    }
}
