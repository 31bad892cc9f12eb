//! Reconciling a target in memory with no drift, up to a million accounts: the cost per account must stay the same. The
//! baseline is the same with ten thousand accounts, in the same process. Each is done several times and the median counts,
//! since ten thousand accounts are listed in less time than a busy machine may take away at once.

use super::reconciliation::{Halfway, Now};
use super::{Figure, figure};
use async_trait::async_trait;
use purser_connector::{Fault, Session};
use purser_model::edit::{ConnectorError, EditOutcome, ErrorClass, Request};
use purser_model::id::{Ids, SourceName, TargetName};
use purser_model::manifest::{
    CheckLevel, ClassKind, DeleteSemantics, Finding, Limits, Manifest, ObjectClass, Operations,
};
use purser_model::object::{ChangePage, Object, Page, SearchRequest, Tail};
use purser_model::secret::Slots;
use purser_reconcile::{Engine, ImportOptions, NoProgress, ReconcileMode, Sessions, Settings};
use purser_store_sqlite::SqliteStore;
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

const SMALL: u64 = 10_000;
const SMALL_TIMES: usize = 5;
const MANY_TIMES: usize = 5;
pub const DECLARATIONS: &str = r#"
[source.hr]
connector = "memory"
class = "person"
[target.app]
connector = "memory"
class = "account"
unlinked = "adopt"
[[target.app.correlation]]
attribute = "userName"
value = "identity.userName"
[target.app.mapping]
userName = "identity.userName"
email = { value = "identity.email", strength = "strong" }
[role.everybody]
rule = "true"
[[role.everybody.grant]]
target = "app"
"#;

/// So many people, and an account for each. The ids are scattered, as those of most applications are.
struct Listed {
    manifest: Manifest,
    people: u64,
}

impl Listed {
    fn new(people: u64) -> Self {
        let class = |name: &str, kind| ObjectClass {
            name: name.into(),
            title: name.into(),
            kind,
            attributes: Vec::new(),
            open: true,
            operations: Operations { search: true, get: true, ..Operations::default() },
            delete_semantics: DeleteSemantics::None,
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
        Self { manifest, people }
    }
}

/// The object at this place of the list. Multiplying by an odd number scatters the places and keeps them apart.
fn object(class: &str, place: u64) -> Object {
    let id = format!("{:016x}", place.wrapping_mul(0x9E37_79B9_7F4A_7C15));
    let active = (class == "account").then_some(true);
    let attributes = Value::Object(purser_bench::account(place)).to_string();
    Object { id, secondary_ids: Vec::new(), version: None, active, attributes }
}

fn unsupported() -> Fault {
    let message = "it only lists".to_owned();
    Fault::Connector(ConnectorError { class: ErrorClass::Unsupported, message, native_code: None })
}

#[async_trait]
impl Session for Listed {
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
        let tail = if end == self.people { Tail::Complete } else { Tail::More(end.to_string()) };
        Ok(Page { objects: (start..end).map(|place| object(&request.class, place)).collect(), tail })
    }

    async fn get(&self, _class: &str, _id: &str) -> Result<Object, Fault> {
        Err(unsupported())
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

struct Both(Arc<Listed>);

#[async_trait]
impl Sessions for Both {
    async fn source(&self, _name: &SourceName) -> Result<Arc<dyn Session>, Fault> {
        Ok(self.0.clone())
    }

    async fn target(&self, _name: &TargetName) -> Result<Arc<dyn Session>, Fault> {
        Ok(self.0.clone())
    }
}

/// Accounts per second of a reconciliation that finds everything as it was, beside the same with few accounts.
pub async fn no_drift(people: u64) -> anyhow::Result<Vec<Figure>> {
    let (few, many) = (Company::of(SMALL).await?, Company::of(people).await?);
    let (mut seconds_of_few, mut seconds_of_many) = (Vec::new(), Vec::new());
    // In turn, so that a machine that is slower for a while is so for both.
    for _ in 0..MANY_TIMES {
        for _ in 0..SMALL_TIMES {
            seconds_of_few.push(few.seconds_of_one().await?);
        }
        seconds_of_many.push(many.seconds_of_one().await?);
    }
    let case = format!("{people} accounts listed, no drift");
    let (few, many) = (few.per_second(seconds_of_few), many.per_second(seconds_of_many));
    Ok(vec![figure("listing", &case, many, "accounts/s", few)])
}

/// A target in memory with so many accounts, as it should be.
struct Company {
    people: u64,
    engine: Engine,
    _folder: tempfile::TempDir,
}

impl Company {
    async fn of(people: u64) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let engine = settled(folder.path(), DECLARATIONS, people).await?;
        Ok(Self { people, engine, _folder: folder })
    }

    #[expect(clippy::disallowed_methods, reason = "a bench measures time")]
    async fn seconds_of_one(&self) -> anyhow::Result<f64> {
        let begun = Instant::now();
        let report = self.engine.reconcile(&"app".parse()?, ReconcileMode::Repair, &NoProgress).await?;
        let seconds = begun.elapsed().as_secs_f64();
        anyhow::ensure!(report.unchanged == self.people, "every account is as it was: {report:?}");
        anyhow::ensure!(report.operations.applied == 0, "nothing is done");
        Ok(seconds)
    }

    /// Accounts per second, of the median.
    fn per_second(&self, mut seconds: Vec<f64>) -> f64 {
        seconds.sort_by(f64::total_cmp);
        #[expect(clippy::cast_precision_loss, reason = "a million fits")]
        let people = self.people as f64;
        people / seconds[seconds.len() / 2]
    }
}

/// An engine over a target that lists so many accounts, each with its identity, in a state in which nothing is to be done.
pub async fn settled(folder: &Path, declarations: &str, people: u64) -> anyhow::Result<Engine> {
    let place = folder.join("declarations");
    std::fs::create_dir_all(&place)?;
    std::fs::write(place.join("all.toml"), declarations)?;
    let rules = Arc::new(purser_declare::load(&place)?.rules);
    let store = SqliteStore::open(&folder.join("purser.db"), Arc::new(Ids::new([7; 32])))?;
    let sessions = Arc::new(Both(Arc::new(Listed::new(people))));
    let engine = Engine::new(Arc::new(store), rules, sessions, Arc::new(Now), Arc::new(Halfway), Settings::default());
    engine.import(&"hr".parse()?, ImportOptions::default(), &NoProgress).await?;
    engine.reconcile(&"app".parse()?, ReconcileMode::Repair, &NoProgress).await?;
    Ok(engine)
}
