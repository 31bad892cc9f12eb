//! A company: people in an HR application, their accounts in another one, and few enough planned at a time that a wave of
//! changes comes in several batches.

use crate::application::Application;
use crate::stage::{Halfway, TestClock};
use async_trait::async_trait;
use purser_connector::{Fault, Session};
use purser_model::id::{Ids, SourceName, TargetName};
use purser_model::quarantine::QuarantinedTarget;
use purser_model::seal::PlanKey;
use purser_reconcile::{
    ApplyOptions, ApplyReport, Engine, EngineError, ImportOptions, ImportReport, NoProgress, PLAN_LIFE, ReconcileMode,
    ReconcileReport, Sessions, Settings,
};
use purser_store::{Decision, Held, HeldFilter, HeldState, PageRequest};
use purser_store_sqlite::SqliteStore;
use serde_json::json;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

pub const DECLARATIONS: &str = r#"
[source.hr]
connector = "application"
class = "person"
lifecycle = "record.status == 'left' ? 'departed' : 'active'"

[target.app]
connector = "application"
class = "person"
leaving = "disable"
[[target.app.correlation]]
attribute = "userName"
value = "identity.userName"
[target.app.mapping]
userName = "identity.userName"
mail = { value = "identity.mail", strength = "strong" }
[target.app.entitlement]
everyone = { class = "group", attribute = "name", value = "Everyone", create = true }
engineers = { class = "group", attribute = "name", value = "Engineers", create = true }

[group.builders]
rule = "identity.department == 'Engineering'"

[role.everyone]
rule = "true"
[[role.everyone.grant]]
target = "app"
entitlements = ["everyone"]
[role.engineer]
groups = ["builders"]
[[role.engineer.grant]]
target = "app"
entitlements = ["engineers"]
"#;

pub struct Company {
    pub engine: Arc<Engine>,
    pub hr: Arc<Application>,
    pub app: Arc<Application>,
    clock: Arc<TestClock>,
    folder: tempfile::TempDir,
    declared: String,
    starts: u8,
}

struct Two {
    hr: Arc<Application>,
    app: Arc<Application>,
}

#[async_trait]
impl Sessions for Two {
    async fn source(&self, _name: &SourceName) -> Result<Arc<dyn Session>, Fault> {
        Ok(self.hr.clone())
    }

    async fn target(&self, _name: &TargetName) -> Result<Arc<dyn Session>, Fault> {
        Ok(self.app.clone())
    }
}

impl Company {
    /// So many engineers, all with their accounts, since a week.
    pub async fn of(people: usize) -> Self {
        Self::declared(people, DECLARATIONS).await
    }

    pub async fn declared(people: usize, declared: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (hr, app) = (Arc::new(Application::new()), Arc::new(Application::new()));
        for number in 0..people {
            hr.add(&person(number));
        }
        let clock = Arc::new(TestClock(AtomicI64::new(1_700_000_000_000_000)));
        let engine = Arc::new(engine(&folder, (&hr, &app), &clock, declared, 0));
        let company = Self { engine, hr, app, clock, folder, declared: declared.to_owned(), starts: 0 };
        company.import().await.unwrap();
        company.settle().await;
        company.wait("168h");
        assert_eq!((company.usable(), company.engineers()), (people, people), "everybody has an account");
        company
    }

    /// The host is killed and started again.
    pub async fn restart(&mut self) {
        self.starts += 1;
        let sessions = (&self.hr, &self.app);
        self.engine = Arc::new(engine(&self.folder, sessions, &self.clock, &self.declared, self.starts));
        self.engine.recover().await.unwrap();
    }

    /// The declarations are edited, and the host is started anew.
    pub async fn edit(&mut self, from: &str, to: &str) {
        assert!(self.declared.contains(from), "{from}");
        self.declared = self.declared.replacen(from, to, 1);
        self.restart().await;
        self.engine.store().wake_everyone().await.unwrap();
    }

    /// Changes an attribute of the first so many people, from the first or a later one on.
    pub fn change(&self, people: std::ops::Range<usize>, attribute: &str, value: &str) {
        let mut content = self.hr.content();
        for person in content.people.values_mut().skip(people.start).take(people.len()) {
            person.attributes.insert(attribute.to_owned(), json!(value));
        }
    }

    /// They have left, and HR says so.
    pub fn leave(&self, people: std::ops::Range<usize>) {
        self.change(people, "status", "left");
    }

    pub async fn import(&self) -> Result<ImportReport, EngineError> {
        self.import_allowing(None).await
    }

    pub async fn import_allowing(&self, departures_allowed: Option<u64>) -> Result<ImportReport, EngineError> {
        self.engine.import(&"hr".parse().unwrap(), ImportOptions { departures_allowed }, &NoProgress).await
    }

    /// An import that lets depart whoever departs: what stands then between HR and the accounts is the target's guard.
    pub async fn import_all(&self) {
        self.import_allowing(Some(u64::MAX)).await.unwrap();
    }

    pub async fn reconcile(&self) -> Result<ReconcileReport, EngineError> {
        self.engine.reconcile(&"app".parse().unwrap(), ReconcileMode::Repair, &NoProgress).await
    }

    pub async fn work(&self) -> ApplyReport {
        self.engine.work_off(&NoProgress).await.unwrap()
    }

    /// Works until nothing waits, going from one time to the next at which something is due.
    pub async fn settle(&self) -> ApplyReport {
        let mut total = ApplyReport::default();
        for _ in 0..100 {
            let round = self.work().await;
            total.operations.merge(round.operations);
            (total.held, total.later) = (round.held, round.later);
            let Some(next) = round.next else { return total };
            self.clock.0.fetch_max(next.as_microsecond() + 1, Ordering::SeqCst);
        }
        panic!("it never settles: {total:?}");
    }

    /// Works until nothing waits that is due now.
    pub async fn settle_for_now(&self) {
        for _ in 0..100 {
            let round = self.work().await;
            if round.next.is_none_or(|next| next > self.now()) {
                return;
            }
        }
        panic!("it never settles");
    }

    /// Time passes, or with a sign before it, goes back.
    pub fn wait(&self, span: &str) {
        let span: jiff::SignedDuration = span.parse().unwrap();
        self.clock.0.fetch_add(i64::try_from(span.as_micros()).unwrap(), Ordering::SeqCst);
    }

    pub fn now(&self) -> jiff::Timestamp {
        jiff::Timestamp::from_microsecond(self.clock.0.fetch_add(1, Ordering::SeqCst)).unwrap()
    }

    /// Accounts that can be used.
    pub fn usable(&self) -> usize {
        self.app.content().people.values().filter(|person| person.active).count()
    }

    pub fn engineers(&self) -> usize {
        self.app.members("Engineers").len()
    }

    pub async fn held(&self) -> Vec<Held> {
        let filter = HeldFilter { state: Some(HeldState::Pending), ..HeldFilter::default() };
        self.engine.store().held(filter, PageRequest::first(10_000)).await.unwrap()
    }

    /// Everything that is held waits for a person, and the person is told why in these words.
    pub async fn assert_held(&self, items: usize, why: &str) {
        let held = self.held().await;
        assert_eq!(held.len(), items, "{:?}", held.first().map(|held| &held.reason));
        assert!(held.iter().all(|held| held.reason.contains(why)), "{:?}", held[0].reason);
        assert_eq!(self.engine.store().held_count().await.unwrap(), items as u64);
    }

    /// Plans everybody, keeps that as a plan and applies it.
    pub async fn plan_and_apply(&self, options: ApplyOptions) -> ApplyReport {
        let key = PlanKey::new("secret");
        let planned = self.engine.plan_everyone(None, &NoProgress).await.unwrap();
        let plan = self.engine.keep_plan(&planned.items, &key, PLAN_LIFE).await.unwrap();
        self.engine.apply(plan.id, &key, options, &NoProgress).await.unwrap()
    }

    pub async fn decide_all(&self, decision: Decision) -> purser_store::HeldDecided {
        let accounts = self.held().await.into_iter().map(|held| held.account).collect();
        self.engine.store().decide_held(accounts, decision, BTreeSet::new(), self.now()).await.unwrap()
    }

    pub async fn resting(&self) -> Vec<QuarantinedTarget> {
        self.engine.store().resting().await.unwrap()
    }

    /// How often something happened, by the kind of its event.
    pub async fn events(&self, kind: &str) -> usize {
        let events = self.engine.store().events(0, 1_000_000).await.unwrap();
        events.iter().filter(|event| event.kind == kind).count()
    }
}

fn person(number: usize) -> serde_json::Value {
    let name = format!("p{number}");
    json!({"userName": name, "mail": format!("{name}@x"), "department": "Engineering", "status": "employed"})
}

fn engine(
    folder: &tempfile::TempDir,
    (hr, app): (&Arc<Application>, &Arc<Application>),
    clock: &Arc<TestClock>,
    declared: &str,
    starts: u8,
) -> Engine {
    let declarations = folder.path().join("declarations");
    std::fs::create_dir_all(&declarations).unwrap();
    std::fs::write(declarations.join("all.toml"), declared).unwrap();
    let rules = purser_declare::load(&declarations).unwrap().rules;
    let store = SqliteStore::open(&folder.path().join("purser.db"), Arc::new(Ids::new([starts; 32]))).unwrap();
    let sessions = Two { hr: hr.clone(), app: app.clone() };
    let settings = Settings { plan_batch: 20, ..Settings::default() };
    Engine::new(Arc::new(store), Arc::new(rules), Arc::new(sessions), clock.clone(), Arc::new(Halfway), settings)
}
