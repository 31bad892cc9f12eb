//! Which build of a connector each source and target runs: what lies in the folder, what ran so far, and what a person
//! decided.

use crate::carried::fitting;
use crate::folder::{Folder, Good, build};
use crate::host::now;
use purser_catalogue::{Choice, Offer, REQUIRED, Side, asks, choose};
use purser_model::configuration::Instance;
use purser_model::connectors::{StagedRules, UpgradePolicy};
use purser_model::upgrade::{Build, Candidate, ConnectorUse, Judgement, Stage, Trial};
use purser_runtime::Connector;
use purser_store::{Store, StoreError, UseChange};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tracing::{info, warn};

/// How often a change that somebody else overtook is tried again.
const TRIES: u32 = 5;

/// The connectors of one home.
pub struct Registry {
    folder: Folder,
    store: Arc<dyn Store>,
    /// Somebody else looks into the folder, so that nobody who needs a connector waits for that.
    watched: AtomicBool,
}

/// What a source or target runs now.
pub struct Running {
    /// The connector.
    pub connector: Arc<Connector>,
    /// The version that ran before, whose configuration may have to be carried forward.
    pub former: Option<semver::Version>,
    /// A newer build that is tried beside it.
    pub tried: Option<Tried>,
}

/// A newer build that is tried.
#[derive(Clone)]
pub struct Tried {
    /// The connector.
    pub connector: Arc<Connector>,
    /// How far it has come.
    pub stage: Stage,
    /// By which numbers.
    pub rules: StagedRules,
}

impl Registry {
    /// The connectors of this folder; it is read when one is asked for.
    pub fn new(folder: Folder, store: Arc<dyn Store>) -> Self {
        Self { folder, store, watched: AtomicBool::new(false) }
    }

    /// The folder.
    pub fn folder(&self) -> &Folder {
        &self.folder
    }

    /// From now on somebody else calls [`Registry::look`] whenever the folder changes.
    pub fn is_watched(&self) {
        self.watched.store(true, Ordering::Relaxed);
    }

    /// Looks into the folder, and tells of what is refused.
    pub async fn look(&self) -> anyhow::Result<()> {
        for refused in self.folder.look().await? {
            let file = refused.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if self.watched.load(Ordering::Relaxed) {
                self.store.note_refused_file(&file, &refused.reason, now()).await?;
            }
        }
        Ok(())
    }

    /// Every file in the folder: the connector, or why it cannot be used.
    pub async fn all(&self) -> anyhow::Result<Vec<(PathBuf, Result<Good, String>)>> {
        self.look().await?;
        Ok(self.folder.all())
    }

    /// What a source or target runs now, by its declaration, the folder and what ran before. Where `records`, what follows
    /// is kept: the first use, a newer build that takes over or waits.
    ///
    /// # Errors
    /// There is none; the error names what lies in the folder, and why a file in it cannot be used.
    pub async fn find(&self, subject: &str, instance: &Instance, records: bool) -> anyhow::Result<Running> {
        if !self.watched.load(Ordering::Relaxed) {
            self.look().await?;
        }
        for _ in 0..TRIES {
            let known = self.store.connector_use(subject).await?;
            let (used, change) = self.decide(subject, instance, known.as_ref()).await?;
            if let Some((change, detail)) = change.filter(|_| records) {
                match self.store.keep_connector_use(used.clone(), change, &detail, now()).await {
                    Err(StoreError::Refused { .. }) => continue,
                    kept => kept?,
                }
                info!(subject, ?change, detail, "connectors");
            }
            return self.running(instance, used).await;
        }
        anyhow::bail!("{subject}: others change what it runs all the time; try again")
    }

    async fn running(&self, instance: &Instance, used: ConnectorUse) -> anyhow::Result<Running> {
        let connector = self.folder.copy(&used.current.digest).await?;
        let tried = match (&used.candidate, instance.upgrade) {
            (Some(candidate), UpgradePolicy::Staged(rules)) if candidate.stage != Stage::Waiting => {
                let connector = self.folder.copy(&candidate.build.digest).await?;
                Some(Tried { connector, stage: candidate.stage, rules })
            }
            _ => None,
        };
        Ok(Running { connector, former: used.former.map(|former| former.version), tried })
    }

    /// What is to be run, and what of it is new.
    async fn decide(
        &self,
        subject: &str,
        instance: &Instance,
        known: Option<&ConnectorUse>,
    ) -> anyhow::Result<(ConnectorUse, Option<(UseChange, String)>)> {
        let reference = &instance.connector;
        let mut offers = self.folder.offers();
        if reference.digest.is_some() {
            self.offer_copies(instance, &mut offers).await?;
        }
        // A copy that cannot be used any more is as none.
        let mut usable = known;
        if let Some(known) = known
            && let Err(error) = self.folder.copy(&known.current.digest).await
        {
            warn!(subject, error = format!("{error:#}"), "what it ran so far cannot be used any more");
            usable = None;
        }
        match (choose(reference, usable, &offers), known) {
            (Choice::Nothing, _) => Err(self.nothing_fits(instance)),
            (Choice::Keep, Some(used)) => Ok(without_candidate(used)),
            (Choice::Take(build), Some(used)) => Ok(taken(used.clone(), build)),
            (Choice::Take(build), None) => {
                let detail = build.to_string();
                Ok((ConnectorUse::begin(subject, build), Some((UseChange::Taken, detail))))
            }
            (Choice::Consider(build), Some(used)) => self.consider(used.clone(), build, instance).await,
            (Choice::Keep | Choice::Consider(_), None) => Err(self.nothing_fits(instance)),
        }
    }

    /// A build that is pinned by its digest may have left the folder.
    async fn offer_copies(&self, instance: &Instance, offers: &mut Vec<Offer>) -> anyhow::Result<()> {
        let Some(pin) = &instance.connector.digest else { return Ok(()) };
        let mut digests = self.folder.copies().digests()?;
        digests.retain(|digest| pin.fits(digest));
        if digests.len() > 1 {
            let all: Vec<_> = digests.into_iter().collect();
            anyhow::bail!("`{}` could be any of {}; write more digits", instance.connector, all.join(", "));
        }
        for digest in digests {
            if !offers.iter().any(|offer| offer.build.digest == digest) {
                let connector = self.folder.copy(&digest).await?;
                offers.push(Offer { build: build(&connector), modified: std::time::SystemTime::UNIX_EPOCH });
            }
        }
        Ok(())
    }

    /// A newer build that may take over.
    async fn consider(
        &self,
        mut used: ConnectorUse,
        newer: Build,
        instance: &Instance,
    ) -> anyhow::Result<(ConnectorUse, Option<(UseChange, String)>)> {
        let (former, next) = (self.folder.copy(&used.current.digest).await?, self.folder.copy(&newer.digest).await?);
        let side = |connector: &'_ Connector| (connector.imports().to_vec(), connector.manifest().clone());
        let ((before, was), (after, is)) = (side(&former), side(&next));
        let mut asks = asks(Side { imports: &before, manifest: &was }, Side { imports: &after, manifest: &is });
        match fitting(&next, Some(&used.current.version), &instance.config).await {
            // What it requires newly is in there.
            Ok(fitting) if fitting.carried => asks.retain(|what| !what.starts_with(REQUIRED)),
            Ok(_) => {}
            Err(misfit) => asks.push(format!("another configuration ({misfit})")),
        }
        let waits = !asks.is_empty() && !used.approved.contains(&newer.digest);
        let stage = match instance.upgrade {
            _ if waits => Stage::Waiting,
            UpgradePolicy::Direct => return Ok(taken(used, newer)),
            UpgradePolicy::Staged(_) => Stage::Shadow,
        };
        let is_known = used.candidate.as_ref().is_some_and(|candidate| {
            candidate.build.digest == newer.digest && (candidate.stage == Stage::Waiting) == waits
        });
        if is_known {
            return Ok((used, None));
        }
        let (change, detail) = match stage {
            Stage::Waiting => (UseChange::Waits, format!("{newer} asks for {}", asks.join(", "))),
            Stage::Shadow | Stage::Canary => (UseChange::Tried, format!("{newer}: {stage}")),
        };
        used.candidate = Some(Candidate { build: newer, stage, since: now(), asks, trial: Trial::default() });
        Ok((used, Some((change, detail))))
    }

    /// Counts what a newer build did, and draws the conclusion: it goes on, takes over, or is rolled back.
    pub async fn count(
        &self,
        subject: &str,
        digest: &str,
        rules: &StagedRules,
        more: &Trial,
    ) -> Result<(), StoreError> {
        for _ in 0..TRIES {
            let Some(mut used) = self.store.connector_use(subject).await? else { return Ok(()) };
            let Some(candidate) = used.candidate.as_mut().filter(|candidate| candidate.build.digest == digest) else {
                return Ok(());
            };
            candidate.trial.add(more);
            let build = candidate.build.clone();
            let (change, detail) = match candidate.judge(rules) {
                Judgement::Stay => (UseChange::Counted, String::new()),
                Judgement::Canary => {
                    candidate.stage = Stage::Canary;
                    (UseChange::Tried, format!("{build}: {}", Stage::Canary))
                }
                Judgement::Full => {
                    used.take(build.clone());
                    (UseChange::Taken, build.to_string())
                }
                Judgement::RollBack(reason) => {
                    // There is a candidate, so there is something to leave.
                    let _ = used.roll_back();
                    (UseChange::RolledBack, format!("{build}: {reason}"))
                }
            };
            match self.store.keep_connector_use(used, change, &detail, now()).await {
                Err(StoreError::Refused { .. }) => {}
                kept => {
                    if change != UseChange::Counted {
                        info!(subject, ?change, detail, "connectors");
                    }
                    return kept;
                }
            }
        }
        Ok(())
    }

    fn nothing_fits(&self, instance: &Instance) -> anyhow::Error {
        let all = self.folder.all();
        let one = |(path, found): &(PathBuf, Result<Good, String>)| match found {
            Ok(good) => build(&good.connector).to_string(),
            Err(reason) => format!("{} (refused: {reason})", path.display()),
        };
        let there = match all.as_slice() {
            [] => "none (drop a .wasm file in)".to_owned(),
            all => all.iter().map(one).collect::<Vec<_>>().join(", "),
        };
        let (reference, folder) = (&instance.connector, self.folder.path().display());
        match &reference.digest {
            Some(digest) => {
                anyhow::anyhow!(
                    "no connector `{}` blake3:{digest} lies in {folder} or was kept; there are: {there}",
                    reference.name
                )
            }
            None => anyhow::anyhow!(
                "no connector `{}` {} lies in {folder}; there are: {there}",
                reference.name,
                reference.version
            ),
        }
    }
}

fn taken(mut used: ConnectorUse, build: Build) -> (ConnectorUse, Option<(UseChange, String)>) {
    let detail = format!("{build} instead of {}", used.current);
    used.take(build);
    (used, Some((UseChange::Taken, detail)))
}

/// What is in use goes on; a newer build that is gone from the folder is tried no longer.
fn without_candidate(used: &ConnectorUse) -> (ConnectorUse, Option<(UseChange, String)>) {
    let mut used = used.clone();
    let gone = used.candidate.take();
    let change =
        gone.map(|gone| (UseChange::RolledBack, format!("{} does not lie in the folder any more", gone.build)));
    (used, change)
}
