//! The engine: what it is made of, and its errors.

use crate::awaited::Awaited;
use crate::environment::{Clock, Jitter};
use crate::guard::LookAhead;
use crate::live::{Live, LiveRun};
use crate::pace::{Pace, Paced};
use crate::plans::PlanRefused;
use crate::reconcile::ReconcileMode;
use crate::rest::Tally;
use crate::stopping::Stopping;
use crate::traced::Causes;
use crate::waiting::Waiting;
use async_trait::async_trait;
use jiff::Timestamp;
use purser_connector::{Fault, Session};
use purser_model::configuration::{Rate, Source, Target};
use purser_model::id::{IdentityId, SourceName, TargetName};
use purser_model::manifest::{Attribute, AttributeKind, ObjectClass};
use purser_model::quarantine::{Breaker, Permit};
use purser_model::run::StopAsked;
use purser_plan::{Rules, TargetView};
use purser_store::{Store, StoreError};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::Notify;

/// Opens sessions by the names of the declarations.
#[async_trait]
pub trait Sessions: Send + Sync {
    /// The session of a source.
    async fn source(&self, name: &SourceName) -> Result<Arc<dyn Session>, Fault>;

    /// The session of a target.
    async fn target(&self, name: &TargetName) -> Result<Arc<dyn Session>, Fault>;
}

/// Numbers that an operator may set.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Objects asked for in one page; the connector's own limit holds as well.
    pub page_size: u32,
    /// Operations handed over in one call; the connector's own limit holds as well.
    pub batch_size: u32,
    /// Identities planned at a time.
    pub plan_batch: u32,
    /// A complete listing that is empty although at least this many accounts are known stops the reconciliation.
    pub empty_listing_floor: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self { page_size: 500, batch_size: 50, plan_batch: 200, empty_listing_floor: 20 }
    }
}

/// Why the engine stopped.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// No such source or target is declared.
    #[error("no {what} `{name}` is declared; declared are: {declared}")]
    NotDeclared {
        /// `source` or `target`.
        what: &'static str,
        /// What was asked for.
        name: String,
        /// What there is.
        declared: String,
    },
    /// A connector failed.
    #[error("{subject}: {fault}")]
    Connector {
        /// Which source or target.
        subject: String,
        /// Why; the message has it whole, so it is no `source` that would say it again.
        fault: Fault,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A run was stopped before it changed anything, because going on could do damage.
    #[error("{subject}: stopped before anything was changed: {reason}")]
    Stopped {
        /// Which source or target.
        subject: String,
        /// Why, and what to do.
        reason: String,
    },
    /// A person stopped the run.
    #[error("the {what} was stopped by {}; what it had seen stays recorded, and the next one begins anew", .asked.by)]
    RunStopped {
        /// Such as `import of hr`.
        what: String,
        /// Who wanted that.
        asked: StopAsked,
    },
    /// The target is looked at as a whole only in its window.
    #[error(
        "target {target}: its window is closed until {opens}; wait for it, or say --outside-window to go on without it"
    )]
    WindowClosed {
        /// The target.
        target: String,
        /// When the window opens.
        opens: Timestamp,
    },
    /// The connector does not say what changed.
    #[error("target {target}: its connector has no change feed of class `{class}`; run a full reconciliation instead")]
    NoChangeFeed {
        /// The target.
        target: String,
        /// The class of its accounts.
        class: String,
    },
    /// There is no such account or identity.
    #[error("no {what} `{id}`{place}; {advice}")]
    Nobody {
        /// `account` or `identity`.
        what: &'static str,
        /// What was asked for.
        id: String,
        /// Where it was looked for.
        place: String,
        /// What to do.
        advice: &'static str,
    },
    /// A stored plan is not applied.
    #[error(transparent)]
    Plan(#[from] PlanRefused),
    /// What was written a moment ago is not shown yet.
    #[error("target {target}: `{id}` is not shown, which proves nothing before {until}: it was written just now")]
    NotShownYet {
        /// The target.
        target: TargetName,
        /// The primary id.
        id: String,
        /// From when on it counts as gone.
        until: Timestamp,
    },
    /// The store was restored, and what there is now is not known.
    #[error(
        "the store was restored from a backup, and nothing is written before it is known what is there now: {0}; or, knowing \
         what you do, `purser restore --go-on`"
    )]
    NotLookedAt(Awaited),
    /// A target is quarantined.
    #[error(
        "target {target} rests until {until:.0}: {reason}; look at it with `purser quarantine list`, and when it works \
         again, `purser quarantine release --target {target}`"
    )]
    Resting {
        /// Which.
        target: TargetName,
        /// Why.
        reason: String,
        /// When it is tried next.
        until: Timestamp,
    },
}

impl EngineError {
    /// What kind of fault it is, where a connector failed.
    pub(crate) fn kind(&self) -> Option<&'static str> {
        match self {
            Self::Connector { fault, .. } => Some(fault.kind()),
            _ => None,
        }
    }
}

/// The engine.
pub struct Engine {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) rules: Arc<Rules>,
    pub(crate) sessions: Arc<dyn Sessions>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) jitter: Arc<dyn Jitter>,
    pub(crate) settings: Settings,
    pub(crate) changed: Notify,
    /// Nothing is recorded, not even what is seen on the way.
    pub(crate) looks_only: bool,
    classes: Mutex<BTreeMap<TargetName, Arc<Vec<ObjectClass>>>>,
    pub(crate) turns: Arc<Mutex<BTreeMap<TargetName, Arc<Turn>>>>,
    /// Each held while its source is read: two imports would take up each other's run.
    pub(crate) reading: Arc<Mutex<BTreeMap<SourceName, Arc<tokio::sync::Mutex<()>>>>>,
    /// The runs that are worked on.
    pub(crate) live: Live,
    /// Held while what is planned is counted and enqueued.
    pub(crate) guarding: tokio::sync::Mutex<LookAhead>,
    /// Who has an account that could not be read.
    pub(crate) unread: Waiting<IdentityId>,
    /// Targets that never showed what they hold.
    pub(crate) left_out: Waiting<TargetName>,
    pub(crate) stopping: Stopping,
    /// In the course of what the worker was told to look.
    pub(crate) causes: Causes,
    /// What has to be looked at before anything is written.
    pub(crate) awaited: Mutex<Awaited>,
}

/// Who may work with a target now, and from when on.
#[derive(Default)]
pub(crate) struct Turn {
    /// Held while operations are carried out: two batches at once could overtake each other.
    pub(crate) working: Arc<tokio::sync::Mutex<()>>,
    /// Held while the target is listed or its changes are followed: two listings would take up each other's run.
    pub(crate) looking: tokio::sync::Mutex<()>,
    /// How many wait until nothing is carried out, or keep it so.
    pub(crate) wants_quiet: AtomicU32,
    pace: Mutex<Option<Arc<Pace>>>,
    paced: Mutex<Option<Arc<Paced>>>,
    paused_until: Mutex<Option<Timestamp>>,
    /// How often in a row it asked to be asked less, or could not be asked.
    throttles: AtomicU32,
    /// As it is kept in the store; none until it was read.
    breaker: Mutex<Option<Breaker>>,
    /// Held while the breaker is changed and kept.
    pub(crate) breaking: tokio::sync::Mutex<()>,
    /// What was done since there was nothing to do.
    tally: Mutex<Tally>,
}

impl Turn {
    /// Until when the target asked to be left alone; none where that is over.
    pub(crate) fn paused_until(&self, now: Timestamp) -> Option<Timestamp> {
        self.paused_until.lock().unwrap_or_else(PoisonError::into_inner).filter(|until| now < *until)
    }

    /// Until when the target is left alone, because it asked for it or because it rests.
    pub(crate) fn left_alone_until(&self, now: Timestamp) -> Option<Timestamp> {
        let rests = self.breaker().and_then(|breaker| match breaker.permit(now) {
            Permit::Nothing(until) => Some(until),
            Permit::All | Permit::One => None,
        });
        self.paused_until(now).max(rests)
    }

    /// It asked to be asked less, or could not be asked. Returns how often in a row.
    pub(crate) fn throttled(&self) -> u32 {
        self.throttles.fetch_add(1, Ordering::Relaxed).saturating_add(1)
    }

    pub(crate) fn throttles(&self) -> u32 {
        self.throttles.load(Ordering::Relaxed)
    }

    /// It answered.
    pub(crate) fn answered(&self) {
        self.throttles.store(0, Ordering::Relaxed);
    }

    /// The breaker, where it was read.
    pub(crate) fn breaker(&self) -> Option<Breaker> {
        self.breaker.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn set_breaker(&self, breaker: Breaker) {
        *self.breaker.lock().unwrap_or_else(PoisonError::into_inner) = Some(breaker);
    }

    /// What was done so far in this go, to be counted on.
    pub(crate) fn take_tally(&self) -> Tally {
        std::mem::take(&mut *self.tally.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The go is not over yet.
    pub(crate) fn keep_tally(&self, tally: Tally) {
        *self.tally.lock().unwrap_or_else(PoisonError::into_inner) = tally;
    }

    /// What the target asked for holds no longer.
    pub(crate) fn end_pause(&self) {
        *self.paused_until.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Whether somebody waits until nothing is carried out: what is under way ends after its batch.
    pub(crate) fn is_to_be_quiet(&self) -> bool {
        self.wants_quiet.load(Ordering::Relaxed) > 0
    }

    /// The rate is another one from now on.
    pub(crate) fn forget_pace(&self) {
        *self.paced.lock().unwrap_or_else(PoisonError::into_inner) = None;
        *self.pace.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Leaves the target alone until then.
    pub(crate) fn pause(&self, until: Timestamp) {
        let mut paused = self.paused_until.lock().unwrap_or_else(PoisonError::into_inner);
        *paused = (*paused).max(Some(until));
    }

    /// The session, kept within the rate that all work on the target shares.
    fn paced(&self, session: Arc<dyn Session>, rate: Rate, clock: &Arc<dyn Clock>) -> Arc<dyn Session> {
        let mut paced = self.paced.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(paced) = paced.as_ref().filter(|paced| paced.is_over(&session)) {
            return paced.clone();
        }
        let mut pace = self.pace.lock().unwrap_or_else(PoisonError::into_inner);
        let pace = pace.get_or_insert_with(|| Arc::new(Pace::new(rate, clock.clone()))).clone();
        paced.insert(Arc::new(Paced::new(session, pace))).clone()
    }
}

impl Engine {
    /// An engine over these parts.
    pub fn new(
        store: Arc<dyn Store>,
        rules: Arc<Rules>,
        sessions: Arc<dyn Sessions>,
        clock: Arc<dyn Clock>,
        jitter: Arc<dyn Jitter>,
        settings: Settings,
    ) -> Self {
        Self {
            store,
            rules,
            sessions,
            clock,
            jitter,
            settings,
            changed: Notify::new(),
            looks_only: false,
            classes: Mutex::default(),
            turns: Arc::default(),
            reading: Arc::default(),
            live: Live::default(),
            guarding: tokio::sync::Mutex::default(),
            unread: Waiting::default(),
            left_out: Waiting::default(),
            stopping: Stopping::default(),
            causes: Causes::default(),
            awaited: Mutex::default(),
        }
    }

    /// An engine for other rules over the same store, to see what they would lead to: it plans, and records nothing.
    pub(crate) fn trying(&self, rules: Arc<Rules>, sessions: Arc<dyn Sessions>) -> Self {
        let (store, clock, jitter) = (self.store.clone(), self.clock.clone(), self.jitter.clone());
        Self { looks_only: true, ..Self::new(store, rules, sessions, clock, jitter, self.settings.clone()) }
    }

    /// Somebody else wrote to the store: what waits there is looked at without delay.
    pub fn look_again(&self) {
        self.tell_worker();
    }

    /// The store below.
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    /// The declared rules.
    pub fn rules(&self) -> &Arc<Rules> {
        &self.rules
    }

    pub(crate) fn source(&self, name: &SourceName) -> Result<&Source, EngineError> {
        let sources = &self.rules.configuration().sources;
        if self.rules.configuration().pushed.contains_key(name) {
            let reason = "it pushes its identities over SCIM, so that nothing is to be read".to_owned();
            return Err(EngineError::Stopped { subject: format!("source {name}"), reason });
        }
        sources.get(name).ok_or_else(|| not_declared("source", name.as_str(), sources.keys().map(SourceName::as_str)))
    }

    pub(crate) fn target(&self, name: &TargetName) -> Result<&Target, EngineError> {
        let targets = &self.rules.configuration().targets;
        targets.get(name).ok_or_else(|| not_declared("target", name.as_str(), targets.keys().map(TargetName::as_str)))
    }

    pub(crate) fn turn(&self, name: &TargetName) -> Arc<Turn> {
        self.turns.lock().unwrap_or_else(PoisonError::into_inner).entry(name.clone()).or_default().clone()
    }

    pub(crate) fn reading(&self, name: &SourceName) -> Arc<tokio::sync::Mutex<()>> {
        self.reading.lock().unwrap_or_else(PoisonError::into_inner).entry(name.clone()).or_default().clone()
    }

    /// Until when nothing is written to a target: it asked to be left alone, rests, or its window is closed.
    pub(crate) fn held_until(&self, name: &TargetName, at: Timestamp) -> Option<Timestamp> {
        let unseen = self.asked_again_at(name, at);
        self.turn(name).left_alone_until(at).max(self.window_opens(name, at)).max(unseen)
    }

    /// When a target may be written to, where that has to wait for its window.
    pub(crate) fn window_opens(&self, name: &TargetName, at: Timestamp) -> Option<Timestamp> {
        self.target(name).ok().and_then(|target| target.windows.writes_open_at(at))
    }

    /// The names of all declared targets.
    pub fn target_names(&self) -> Vec<TargetName> {
        self.rules.configuration().targets.keys().cloned().collect()
    }

    pub(crate) async fn target_session(&self, name: &TargetName) -> Result<Arc<dyn Session>, EngineError> {
        let rate = self.target(name)?.rate;
        let session = self.sessions.target(name).await.map_err(|fault| in_target(name, fault))?;
        Ok(match rate {
            Some(rate) => self.turn(name).paced(session, rate, &self.clock),
            None => session,
        })
    }

    /// The classes of a target, read once and kept: planning looks at them for every identity. A target that cannot be
    /// reached is planned with the classes it last showed; its operations wait in the queue.
    pub(crate) async fn classes(&self, name: &TargetName) -> Result<Arc<Vec<ObjectClass>>, EngineError> {
        let kept = self.classes.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned();
        if let Some(classes) = kept {
            return Ok(classes);
        }
        let error = match self.must_not_rest(name).await {
            Ok(()) => match self.read_classes(name).await {
                Ok(classes) => return Ok(classes),
                Err(error) => error,
            },
            Err(error) => error,
        };
        if let EngineError::Connector { fault, .. } = &error {
            self.note_fault(name, fault).await?;
        }
        match self.store.setting(&classes_key(name)).await? {
            Some(text) => {
                let classes: Vec<ObjectClass> = serde_json::from_str(&text)
                    .map_err(|error| StoreError::Damaged { what: "schema", reason: error.to_string() })?;
                self.keep_hidden(name, &classes).await?;
                Ok(Arc::new(classes))
            }
            None => Err(error),
        }
    }

    /// Reads the classes of a target again, perhaps in the course of a run; a target that asks for patience gets it.
    pub(crate) async fn read_classes_patiently(
        &self,
        name: &TargetName,
        run: Option<&LiveRun>,
    ) -> Result<Arc<Vec<ObjectClass>>, EngineError> {
        let session = self.target_session(name).await?;
        let classes = self.patiently(run, name, || session.schema()).await?;
        self.keep_classes(name, classes).await
    }

    async fn read_classes(&self, name: &TargetName) -> Result<Arc<Vec<ObjectClass>>, EngineError> {
        let session = self.target_session(name).await?;
        let classes = session.schema().await.map_err(|fault| in_target(name, fault))?;
        self.keep_classes(name, classes).await
    }

    async fn keep_classes(
        &self,
        name: &TargetName,
        classes: Vec<ObjectClass>,
    ) -> Result<Arc<Vec<ObjectClass>>, EngineError> {
        let classes = Arc::new(classes);
        let text = serde_json::to_string(classes.as_ref())
            .map_err(|error| StoreError::Damaged { what: "schema", reason: error.to_string() })?;
        if !self.looks_only {
            let known = self.store.setting(&classes_key(name)).await?;
            if known.is_none() {
                // Whoever was planned before it was seen was planned without it.
                self.store.wake_without_account(name).await?;
            }
            if known.as_ref() != Some(&text) {
                self.store.keep_setting(&classes_key(name), &text, self.clock.now()).await?;
            }
            self.keep_hidden(name, &classes).await?;
        }
        self.left_out.forget(name);
        self.classes.lock().unwrap_or_else(PoisonError::into_inner).insert(name.clone(), classes.clone());
        Ok(classes)
    }

    /// Whether the target ever told its classes.
    pub(crate) async fn was_seen(&self, name: &TargetName) -> Result<bool, EngineError> {
        Ok(self.store.setting(&classes_key(name)).await?.is_some())
    }

    /// The store, in which what a run finds in a target is audited as part of it and as found through the connector.
    pub(crate) fn store_of_run(
        &self,
        what: &str,
        name: &TargetName,
        session: &dyn Session,
        mode: ReconcileMode,
    ) -> Arc<dyn Store> {
        self.store_of(name, mode).during(&format!("{what} of {name}")).through(&connector_of(session))
    }

    /// The store for looking at a target; a dry run wakes nobody, so that nothing is repaired because of what it saw.
    pub(crate) fn store_of(&self, name: &TargetName, mode: ReconcileMode) -> Arc<dyn Store> {
        match mode {
            ReconcileMode::Repair => self.store.clone(),
            ReconcileMode::DryRun => self.store.only_looking_at(name),
        }
    }

    /// Tells the store which attributes are never shown: what a class marks as write-only, and secret slots.
    async fn keep_hidden(&self, name: &TargetName, classes: &[ObjectClass]) -> Result<(), EngineError> {
        let is_hidden =
            |attribute: &&Attribute| attribute.traits.write_only || attribute.kind == AttributeKind::SecretSlot;
        let hidden = classes.iter().map(|class| {
            let names = class.attributes.iter().filter(is_hidden).map(|attribute| attribute.name.to_lowercase());
            (class.name.clone(), names.collect())
        });
        Ok(self.store.keep_hidden(name, hidden.collect()).await?)
    }

    pub(crate) async fn view(&self, name: &TargetName) -> Result<TargetView, EngineError> {
        let classes = self.classes(name).await?;
        Ok(TargetView { classes: classes.to_vec(), entitlements: self.store.declared_entitlements(name).await? })
    }
}

fn classes_key(name: &TargetName) -> String {
    format!("classes of target {name}")
}

/// A connector as the audit log names it: name, version and the digest of its file.
pub(crate) fn connector_of(session: &dyn Session) -> String {
    let manifest = session.manifest();
    let digest = session.digest().map(|digest| format!(" {digest}")).unwrap_or_default();
    format!("{}@{}{digest}", manifest.name, manifest.version)
}

pub(crate) fn in_target(name: &TargetName, fault: Fault) -> EngineError {
    EngineError::Connector { subject: format!("target {name}"), fault }
}

pub(crate) fn not_declared<'a>(what: &'static str, name: &str, declared: impl Iterator<Item = &'a str>) -> EngineError {
    let declared: Vec<_> = declared.collect();
    EngineError::NotDeclared { what, name: name.to_owned(), declared: declared.join(", ") }
}
