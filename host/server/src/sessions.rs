//! Opens sessions: a declaration, a connector from the folder, a grant with its secrets.

use crate::carried::fitting;
use crate::counted::Counted;
use crate::registry::{Registry, Running};
use crate::secrets::SealedStore;
use crate::staged::Staged;
use async_trait::async_trait;
use purser_connector::{Fault, Session};
use purser_model::configuration::{Configuration, Instance};
use purser_model::connectors::InstanceLimits;
use purser_model::id::{SourceName, TargetName};
use purser_model::upgrade::Stage;
use purser_plan::Rules;
use purser_reconcile::Sessions;
use purser_runtime::{
    CallLimits, Connector, ConnectorDigest, Grant, GuestState, KeptTokens, MAX_TOTAL_BYTES, SessionSettings, StateError,
};
use purser_store::Store;
use semver::Version;
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::Mutex;
use tracing::warn;

/// Sessions for the declared sources and targets.
pub struct OpenSessions {
    rules: Arc<Rules>,
    registry: Arc<Registry>,
    secrets: SealedStore,
    tokens: KeptTokens,
    state: Arc<dyn GuestState>,
    open: Mutex<BTreeMap<String, Open>>,
    /// Whether what a connector was used for is kept.
    records: bool,
}

/// A session, and what it was opened with.
struct Open {
    opened_with: OpenedWith,
    session: Arc<dyn Session>,
}

/// The build in use, the one that is tried with its stage, and which state of the secrets.
type OpenedWith = (ConnectorDigest, Option<(ConnectorDigest, Stage)>, u64);

impl OpenSessions {
    /// Sessions for these declarations, with connectors from this folder, and their secrets and state in this store.
    pub fn new(rules: Arc<Rules>, registry: Arc<Registry>, secrets: SealedStore) -> Self {
        let state = Arc::new(StoredState(secrets.store()));
        let tokens = KeptTokens::new(Arc::new(secrets.clone()));
        Self { rules, registry, secrets, tokens, state, open: Mutex::default(), records: true }
    }

    /// Sessions that only look: what connectors keep meanwhile is forgotten with these sessions.
    pub fn looking(rules: Arc<Rules>, registry: Arc<Registry>, secrets: SealedStore) -> Self {
        let state = Arc::new(ForgottenState { stored: StoredState(secrets.store()), changed: Mutex::default() });
        let tokens = KeptTokens::new(Arc::new(secrets.clone()));
        Self { rules, registry, secrets, tokens, state, open: Mutex::default(), records: false }
    }

    fn configuration(&self) -> &Configuration {
        self.rules.configuration()
    }

    /// The session of this subject; another build takes over, or is tried, from the next call on.
    async fn session(&self, subject: String, instance: &Instance) -> Result<Arc<dyn Session>, Fault> {
        let unusable = |error: anyhow::Error| Fault::Unusable(format!("{error:#}"));
        let running = self.registry.find(&subject, instance, self.records).await.map_err(unusable)?;
        let tried = running.tried.as_ref().map(|tried| (tried.connector.digest(), tried.stage));
        // Read before the secrets are: one that is set meanwhile is seen by the next call.
        let opened_with = (running.connector.digest(), tried, self.secrets.revision());
        let mut open = self.open.lock().await;
        if let Some(known) = open.get(&subject)
            && known.opened_with == opened_with
        {
            return Ok(known.session.clone());
        }
        let session = self.open_running(&subject, instance, running).await.map_err(Fault::Unusable)?;
        open.insert(subject, Open { opened_with, session: session.clone() });
        Ok(session)
    }

    async fn open_running(
        &self,
        subject: &str,
        instance: &Instance,
        running: Running,
    ) -> Result<Arc<dyn Session>, String> {
        let current = self.open(subject, instance, &running.connector, running.former.as_ref()).await?;
        let Some(tried) = running.tried.filter(|_| self.records) else { return Ok(current) };
        let version = &running.connector.manifest().version;
        match self.open(subject, instance, &tried.connector, Some(version)).await {
            Ok(newer) => Ok(Arc::new(Staged {
                current,
                newer,
                tried,
                subject: subject.to_owned(),
                registry: self.registry.clone(),
                cursors: std::sync::Mutex::default(),
            })),
            Err(reason) => {
                warn!(subject, reason, "the newer build of the connector cannot be tried; the one in use goes on");
                Ok(current)
            }
        }
    }

    /// Opens a session with this build. A configuration that does not fit it is carried forward by the build itself, where it
    /// was declared for the former version.
    async fn open(
        &self,
        subject: &str,
        instance: &Instance,
        connector: &Arc<Connector>,
        former: Option<&Version>,
    ) -> Result<Arc<dyn Session>, String> {
        let sealed = self.secrets.of(&instance.grant).await.map_err(|error| error.to_string())?;
        let grant = Grant::resolve(&instance.grant, &sealed).map_err(|error| error.to_string())?;
        grant.keep_tokens(&self.tokens);
        let mut settings = SessionSettings {
            subject: subject.to_owned(),
            config: instance.config.clone(),
            grant,
            limits: call_limits(&instance.limits),
            state: self.state.clone(),
        };
        let fitting = fitting(connector, former, &instance.config).await?;
        if fitting.carried {
            warn!(subject, "the configuration was carried forward; declare it as the newer connector wants it");
            settings.config = fitting.config;
        }
        let session: Arc<dyn Session> = Arc::new(connector.session(settings).map_err(|error| error.to_string())?);
        Ok(Arc::new(Counted { session, subject: subject.to_owned(), store: self.secrets.store() }))
    }
}

/// What was declared, and the runtime's default for what was not.
fn call_limits(declared: &InstanceLimits) -> CallLimits {
    let default = CallLimits::default();
    let size = |declared: Option<u64>, default| declared.map_or(default, |n| usize::try_from(n).unwrap_or(usize::MAX));
    CallLimits {
        memory_bytes: size(declared.memory, default.memory_bytes),
        table_elements: size(declared.table, default.table_elements),
        host_calls: declared.host_calls.unwrap_or(default.host_calls),
        traffic_bytes: declared.traffic.unwrap_or(default.traffic_bytes),
        instances: size(declared.instances, default.instances),
        log_lines: declared.log_lines.unwrap_or(default.log_lines),
        log_bytes: size(declared.log_bytes, default.log_bytes),
        output_bytes: size(declared.output, default.output_bytes),
        page_objects: declared.page.unwrap_or(default.page_objects),
        value_bytes: size(declared.value, default.value_bytes),
        cpu_time: declared.cpu.unwrap_or(default.cpu_time),
        wall_time: declared.wall.unwrap_or(default.wall_time),
    }
}

#[async_trait]
impl Sessions for OpenSessions {
    async fn source(&self, name: &SourceName) -> Result<Arc<dyn Session>, Fault> {
        let source = self.configuration().sources.get(name);
        let source = source.ok_or_else(|| Fault::Unusable(format!("source {name} is not declared")))?;
        self.session(format!("source {name}"), &source.instance).await
    }

    async fn target(&self, name: &TargetName) -> Result<Arc<dyn Session>, Fault> {
        let target = self.configuration().targets.get(name);
        let target = target.ok_or_else(|| Fault::Unusable(format!("target {name} is not declared")))?;
        self.session(format!("target {name}"), &target.instance).await
    }
}

/// The connectors' own state, in the host's store.
struct StoredState(Arc<dyn Store>);

#[async_trait]
impl GuestState for StoredState {
    async fn get(&self, subject: &str, key: &str) -> Result<Option<Vec<u8>>, StateError> {
        self.0.guest_state(subject, key).await.map_err(unavailable)
    }

    async fn set(&self, subject: &str, key: &str, value: Vec<u8>) -> Result<(), StateError> {
        let replaced = self.get(subject, key).await?.map_or(0, |old| old.len() + key.len());
        let kept = usize::try_from(self.0.guest_state_size(subject).await.map_err(unavailable)?).unwrap_or(usize::MAX);
        if kept.saturating_sub(replaced) + key.len() + value.len() > MAX_TOTAL_BYTES {
            return Err(StateError::Full);
        }
        self.0.keep_guest_state(subject, key, Some(value)).await.map_err(unavailable)
    }

    async fn delete(&self, subject: &str, key: &str) -> Result<(), StateError> {
        self.0.keep_guest_state(subject, key, None).await.map_err(unavailable)
    }
}

/// Values by subject and key; none where one was removed.
type ChangedState = BTreeMap<(String, String), Option<Vec<u8>>>;

/// The connectors' own state as it is stored; changes stay in memory.
struct ForgottenState {
    stored: StoredState,
    changed: Mutex<ChangedState>,
}

#[async_trait]
impl GuestState for ForgottenState {
    async fn get(&self, subject: &str, key: &str) -> Result<Option<Vec<u8>>, StateError> {
        let changed = self.changed.lock().await.get(&(subject.to_owned(), key.to_owned())).cloned();
        match changed {
            Some(value) => Ok(value),
            None => self.stored.get(subject, key).await,
        }
    }

    async fn set(&self, subject: &str, key: &str, value: Vec<u8>) -> Result<(), StateError> {
        let mut changed = self.changed.lock().await;
        let kept: usize = changed.iter().map(|((_, key), value)| key.len() + value.as_ref().map_or(0, Vec::len)).sum();
        if kept + key.len() + value.len() > MAX_TOTAL_BYTES {
            return Err(StateError::Full);
        }
        changed.insert((subject.to_owned(), key.to_owned()), Some(value));
        Ok(())
    }

    async fn delete(&self, subject: &str, key: &str) -> Result<(), StateError> {
        self.changed.lock().await.insert((subject.to_owned(), key.to_owned()), None);
        Ok(())
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it is what map_err gives")]
fn unavailable(error: purser_store::StoreError) -> StateError {
    StateError::Unavailable(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn what_is_declared_is_the_limit_and_the_rest_has_its_default() {
        let limits = call_limits(&InstanceLimits { memory: Some(64 << 20), ..InstanceLimits::default() });
        assert_eq!(limits, CallLimits { memory_bytes: 64 << 20, ..CallLimits::default() });
        let declared = InstanceLimits {
            memory: Some(1),
            table: Some(2),
            cpu: Some(Duration::from_secs(3)),
            wall: Some(Duration::from_secs(4)),
            host_calls: Some(5),
            log_lines: Some(6),
            output: Some(7),
            instances: Some(8),
            log_bytes: Some(9),
            page: Some(10),
            value: Some(11),
            traffic: Some(12),
        };
        let limits = call_limits(&declared);
        assert_eq!((limits.memory_bytes, limits.table_elements, limits.host_calls), (1, 2, 5));
        assert_eq!((limits.cpu_time.as_secs(), limits.wall_time.as_secs()), (3, 4));
        assert_eq!((limits.log_lines, limits.output_bytes, limits.instances, limits.log_bytes), (6, 7, 8, 9));
        assert_eq!((limits.page_objects, limits.value_bytes, limits.traffic_bytes), (10, 11, 12));
    }
}
