//! Reconciling a target with no drift: the real connector, the real store, and, as baseline, the listing alone.

use super::{Figure, figure, sources};
use async_trait::async_trait;
use purser_connector::{Fault, Session};
use purser_model::id::{Ids, SourceName, TargetName};
use purser_model::object::{SearchRequest, Tail};
use purser_reconcile::{Clock, Engine, Jitter, NoProgress, ReconcileMode, Sessions, Settings};
use purser_runtime::{Access, Connector, DirectoryGrant, Grant};
use purser_store_sqlite::SqliteStore;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

const DECLARATIONS: &str = r#"
[source.hr]
connector = "flatfile"
class = "person"
[source.hr.config.classes.person]
kind = "other"
file = "people.csv"
key = "number"
[source.hr.directory.data]
path = "../files"
access = "read"

[target.app]
connector = "flatfile"
class = "account"
unlinked = "adopt"
[target.app.config.classes.account]
kind = "account"
file = "accounts.csv"
key = "number"
active = "active"
[target.app.directory.data]
path = "../files"
access = "read-write"
[[target.app.correlation]]
attribute = "number"
value = "identity.number"
[target.app.mapping]
number = "identity.number"
name = { value = "identity.name", strength = "strong" }
mail = { value = "identity.mail", strength = "strong" }
department = { value = "identity.department", strength = "strong" }

[role.everybody]
rule = "true"
[[role.everybody.grant]]
target = "app"
"#;

/// An engine over the real connector, with its files in a folder.
pub struct Bench {
    /// The engine.
    pub engine: Engine,
    /// A second session of the target, for baselines.
    pub target: Arc<dyn Session>,
    _folder: tempfile::TempDir,
}

/// Builds and fills a bench; `count` people are in the HR file and in the application.
pub async fn bench(count: u32) -> anyhow::Result<Bench> {
    let folder = tempfile::tempdir()?;
    let root = folder.path();
    std::fs::create_dir_all(root.join("declarations"))?;
    std::fs::create_dir_all(root.join("files"))?;
    std::fs::write(root.join("declarations/all.toml"), DECLARATIONS)?;
    write_files(&root.join("files"), count)?;
    let declarations = purser_declare::load(&root.join("declarations"))?;
    let rules = Arc::new(declarations.rules);
    let connector = sources::flatfile(root).await?;
    let sessions = OneTarget::open(&connector, &root.join("files"), rules.configuration())?;
    let target = sessions.target.clone();
    let store = SqliteStore::open(&root.join("purser.db"), Arc::new(Ids::new([7; 32])))?;
    let engine =
        Engine::new(Arc::new(store), rules, Arc::new(sessions), Arc::new(Now), Arc::new(Halfway), Settings::default());
    Ok(Bench { engine, target, _folder: folder })
}

fn write_files(folder: &Path, count: u32) -> anyhow::Result<()> {
    let mut people = String::from("number,name,mail,department\n");
    let mut accounts = String::from("number,name,mail,department,active\n");
    for place in 0..count {
        let row = format!("{place:07},Given{place} Family{place},person{place}@example.org,Department {}", place % 40);
        writeln!(people, "{row}")?;
        writeln!(accounts, "{row},true")?;
    }
    std::fs::write(folder.join("people.csv"), people)?;
    std::fs::write(folder.join("accounts.csv"), accounts)?;
    Ok(())
}

struct OneTarget {
    source: Arc<dyn Session>,
    target: Arc<dyn Session>,
}

impl OneTarget {
    fn open(
        connector: &Arc<Connector>,
        files: &Path,
        configuration: &purser_model::configuration::Configuration,
    ) -> anyhow::Result<Self> {
        let directory = DirectoryGrant { path: files.to_owned(), access: Access::ReadWrite };
        let grant = Grant { directories: [("data".to_owned(), directory)].into(), ..Grant::default() };
        let (source, target): (SourceName, TargetName) = ("hr".parse()?, "app".parse()?);
        let of_source = configuration.sources[&source].instance.config.clone();
        let of_target = configuration.targets[&target].instance.config.clone();
        Ok(Self {
            source: Arc::new(sources::session(connector, "source hr", of_source, grant.clone())?),
            target: Arc::new(sources::session(connector, "target app", of_target, grant)?),
        })
    }
}

#[async_trait]
impl Sessions for OneTarget {
    async fn source(&self, _name: &SourceName) -> Result<Arc<dyn Session>, Fault> {
        Ok(self.source.clone())
    }

    async fn target(&self, _name: &TargetName) -> Result<Arc<dyn Session>, Fault> {
        Ok(self.target.clone())
    }
}

/// The time of the machine.
pub struct Now;

impl Clock for Now {
    #[expect(clippy::disallowed_methods, reason = "a bench runs in real time")]
    fn now(&self) -> jiff::Timestamp {
        jiff::Timestamp::now()
    }
}

/// Jitter that is always the same.
pub struct Halfway;

impl Jitter for Halfway {
    fn fraction(&self) -> f64 {
        0.5
    }
}

/// Accounts per second of a reconciliation that finds everything as it was, beside the listing alone.
#[expect(clippy::disallowed_methods, reason = "a bench measures time")]
pub async fn no_drift(count: u32) -> anyhow::Result<Vec<Figure>> {
    let bench = bench(count).await?;
    let (source, target): (SourceName, TargetName) = ("hr".parse()?, "app".parse()?);
    let begun = Instant::now();
    bench.engine.import(&source, purser_reconcile::ImportOptions::default(), &NoProgress).await?;
    let imported = begun.elapsed().as_secs_f64();
    bench.engine.reconcile(&target, ReconcileMode::Repair, &NoProgress).await?;
    let begun = Instant::now();
    let report = bench.engine.reconcile(&target, ReconcileMode::Repair, &NoProgress).await?;
    let reconciled = begun.elapsed().as_secs_f64();
    anyhow::ensure!(report.unchanged == u64::from(count), "every account is as it was: {report:?}");
    anyhow::ensure!(report.operations.applied == 0, "nothing is done");
    let begun = Instant::now();
    let listed = list(bench.target.as_ref()).await?;
    let listing = begun.elapsed().as_secs_f64();
    anyhow::ensure!(listed == u64::from(count), "the listing is whole");
    let per_second = |seconds: f64| f64::from(count) / seconds;
    let case = format!("{count} accounts, no drift");
    Ok(vec![
        figure("reconcile", &case, per_second(reconciled), "accounts/s", per_second(listing)),
        figure(
            "reconcile",
            &format!("{count} identities imported"),
            per_second(imported),
            "identities/s",
            per_second(listing),
        ),
    ])
}

async fn list(session: &dyn Session) -> anyhow::Result<u64> {
    let mut request = SearchRequest {
        class: "account".into(),
        conditions: Vec::new(),
        extra_attributes: Vec::new(),
        page_size: Settings::default().page_size,
        cursor: None,
    };
    let mut listed = 0;
    loop {
        let page = session.search(request.clone()).await?;
        listed += page.objects.len() as u64;
        match page.tail {
            Tail::More(cursor) => request.cursor = Some(cursor),
            Tail::Complete => return Ok(listed),
            Tail::Truncated(reason) => anyhow::bail!("cut short: {reason}"),
        }
    }
}
