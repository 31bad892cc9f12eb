//! The folder that connectors are dropped into: each file is read when it has settled, validated, and copied by digest.

use crate::inspected::detail;
use anyhow::Context;
use purser_api::ConnectorDetail;
use purser_catalogue::{Copies, Offer, Signature, judge};
use purser_model::connectors::{ConnectorRules, KeepingRules, SignaturePolicy};
use purser_model::upgrade::Build;
use purser_runtime::{Connector, Runtime};
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};
use tracing::{info, warn};

/// Most files that are looked at; the others are named in the log.
const MOST_FILES: usize = 1_000;
/// A file that changed within this time and cannot be used may still be written.
const YOUNG: Duration = Duration::from_secs(2);
const BETWEEN_LOOKS: Duration = Duration::from_millis(300);
/// How often a file that still moves is waited for before it is left for the next look.
const PATIENCE: u32 = 20;
/// Longest signature that is read.
const LONGEST_SIGNATURE: u64 = 4 << 10;

/// What tells whether a file and its signature are still those that were looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Stamp {
    bytes: u64,
    modified: SystemTime,
    signature: Option<(u64, SystemTime)>,
}

/// A file that can be used.
#[derive(Clone)]
pub struct Good {
    /// The connector.
    pub connector: Arc<Connector>,
    /// Who signed it.
    pub signature: Signature,
    modified: SystemTime,
}

/// A file, and why it is refused.
pub struct Refused {
    /// The file.
    pub path: PathBuf,
    /// Why.
    pub reason: String,
}

struct Seen {
    stamp: Stamp,
    found: Result<Good, String>,
}

/// The folder, its copies, and what is loaded.
pub struct Folder {
    runtime: Runtime,
    path: PathBuf,
    copies: Copies,
    rules: ConnectorRules,
    /// Held while files are read and compiled.
    looking: tokio::sync::Mutex<()>,
    seen: Mutex<BTreeMap<PathBuf, Seen>>,
    loaded: Mutex<BTreeMap<String, Arc<Connector>>>,
    /// What was looked at and is perhaps not loaded.
    details: Mutex<BTreeMap<String, ConnectorDetail>>,
}

/// A connector as a build.
pub fn build(connector: &Connector) -> Build {
    let manifest = connector.manifest();
    Build { name: manifest.name.clone(), version: manifest.version.clone(), digest: connector.digest().to_string() }
}

impl Folder {
    /// The folder at this path, whose files are copied into that one.
    pub fn new(runtime: Runtime, path: PathBuf, copies: Copies, rules: ConnectorRules) -> Self {
        let (looking, seen, loaded) = (tokio::sync::Mutex::default(), Mutex::default(), Mutex::default());
        Self { runtime, path, copies, rules, looking, seen, loaded, details: Mutex::default() }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The copies.
    pub fn copies(&self) -> &Copies {
        &self.copies
    }

    /// Every file that was looked at: the connector, or why it cannot be used.
    pub fn all(&self) -> Vec<(PathBuf, Result<Good, String>)> {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.iter().map(|(path, seen)| (path.clone(), seen.found.clone())).collect()
    }

    /// The good files.
    pub fn offers(&self) -> Vec<Offer> {
        let good = self.all().into_iter().filter_map(|(_, found)| found.ok());
        good.map(|good| Offer { build: build(&good.connector), modified: good.modified }).collect()
    }

    /// Looks at every file that is new or changed. Says which it refused.
    pub async fn look(&self) -> anyhow::Result<Vec<Refused>> {
        let _looking = self.looking.lock().await;
        let there = files(&self.path)?;
        self.change(|seen| seen.retain(|path, _| there.contains_key(path)));
        let mut refused = Vec::new();
        for (path, stamp) in there {
            if self.change(|seen| seen.get(&path).is_some_and(|seen| seen.stamp == stamp)) {
                continue;
            }
            let Some((stamp, found)) = self.settled(&path, stamp).await else { continue };
            match &found {
                Ok(good) => announce(&path, good, self.rules.signatures),
                Err(reason) => {
                    warn!(file = %path.display(), reason, "the file is refused");
                    refused.push(Refused { path: path.clone(), reason: reason.clone() });
                }
            }
            self.change(|seen| seen.insert(path, Seen { stamp, found }));
        }
        Ok(refused)
    }

    fn change<T>(&self, change: impl FnOnce(&mut BTreeMap<PathBuf, Seen>) -> T) -> T {
        change(&mut self.seen.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// What a file is once nobody writes it any more; none where it is gone or still moves, which the next look tells.
    async fn settled(&self, path: &Path, first: Stamp) -> Option<(Stamp, Result<Good, String>)> {
        let mut stamp = first;
        for _ in 0..PATIENCE {
            let found = self.read(path, stamp.modified).await;
            let is_young = stamp.modified.elapsed().is_ok_and(|age| age < YOUNG);
            // A good file may have been read while it was replaced, a bad one while it was written.
            if found.is_err() && is_young {
                tokio::time::sleep(BETWEEN_LOOKS).await;
            }
            let now = stamp_of(path).ok()?;
            if now == stamp {
                return Some((stamp, found));
            }
            stamp = now;
        }
        None
    }

    async fn read(&self, path: &Path, modified: SystemTime) -> Result<Good, String> {
        let bytes = self.runtime.read(path).await.map_err(|error| error.to_string())?;
        let signature = read_signature(path);
        let (connector, signed) = self.validate(path, bytes.clone(), signature.as_deref()).await?;
        let shown = |reason: String| format!("{}: {reason}", path.display());
        let digest = self.copies.keep(&bytes, signature.as_deref()).map_err(|error| shown(error.to_string()))?;
        self.loaded.lock().unwrap_or_else(PoisonError::into_inner).insert(digest, connector.clone());
        Ok(Good { connector, signature: signed, modified })
    }

    /// What these bytes are, by the rules for every file; `path` is what errors call them. Why not, where they cannot be used.
    pub async fn validate(
        &self,
        path: &Path,
        bytes: Vec<u8>,
        signature: Option<&str>,
    ) -> Result<(Arc<Connector>, Signature), String> {
        let shown = |reason: String| format!("{}: {reason}", path.display());
        let signed = judge(&self.rules, &bytes, signature).map_err(|error| shown(error.to_string()))?;
        let connector = self.runtime.load_bytes(path, bytes).await.map_err(|error| error.to_string())?;
        Ok((connector, signed))
    }

    /// Puts a file into the folder in one step, and its signature beside it. Nobody looks into the folder meanwhile.
    ///
    /// # Errors
    /// It cannot be written, or the folder is full.
    pub async fn put(&self, name: &str, bytes: &[u8], signature: Option<&str>) -> anyhow::Result<PathBuf> {
        let _looking = self.looking.lock().await;
        let path = self.path.join(name);
        if !path.exists() && files(&self.path)?.len() >= MOST_FILES {
            anyhow::bail!("there are {MOST_FILES} files in {} already; remove some", self.path.display());
        }
        let beside = signature_path(&path);
        match signature {
            Some(signature) => write_file(&beside, signature.as_bytes())?,
            None if beside.exists() => {
                std::fs::remove_file(&beside).with_context(|| format!("cannot remove {}", beside.display()))?;
            }
            None => {}
        }
        write_file(&path, bytes)?;
        Ok(path)
    }

    /// What the build of this digest is, also where only its copy is kept. Nothing that it needs to run stays in memory.
    ///
    /// # Errors
    /// There is none, or it cannot be used any more.
    pub async fn detail(&self, digest: &str) -> anyhow::Result<ConnectorDetail> {
        if let Some(known) = self.details.lock().unwrap_or_else(PoisonError::into_inner).get(digest) {
            return Ok(known.clone());
        }
        let bytes = self.copies.read(digest)?;
        let path = self.copies.path(digest);
        let signature = self.copies.signature(digest);
        let validated = self.validate(&path, bytes, signature.as_deref()).await;
        let (connector, signed) = validated.map_err(|reason| anyhow::anyhow!(reason))?;
        let detail = detail(&connector, &signed);
        self.details.lock().unwrap_or_else(PoisonError::into_inner).insert(digest.to_owned(), detail.clone());
        Ok(detail)
    }

    /// The digests of the connectors that lie in the folder or that a session of this process uses.
    pub fn in_use(&self) -> BTreeSet<String> {
        let mut digests: BTreeSet<_> = self.offers().into_iter().map(|offer| offer.build.digest).collect();
        let loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        let used = loaded.iter().filter(|(_, connector)| Arc::strong_count(connector) > 1);
        digests.extend(used.map(|(digest, _)| digest.clone()));
        digests
    }

    /// Removes the copy of this digest and what was compiled from it.
    pub fn forget(&self, digest: &str) -> anyhow::Result<()> {
        self.loaded.lock().unwrap_or_else(PoisonError::into_inner).remove(digest);
        self.details.lock().unwrap_or_else(PoisonError::into_inner).remove(digest);
        self.copies.remove(digest)?;
        self.runtime.forget(digest).with_context(|| format!("what was compiled from {digest}"))
    }

    /// Which copies are kept.
    pub fn keeping(&self) -> &KeepingRules {
        &self.rules.keeping
    }

    /// The connector of this digest, from its copy: that is checked against its digest and its signature again.
    pub async fn copy(&self, digest: &str) -> anyhow::Result<Arc<Connector>> {
        let known = self.loaded.lock().unwrap_or_else(PoisonError::into_inner).get(digest).cloned();
        if let Some(known) = known {
            return Ok(known);
        }
        let bytes = self.copies.read(digest)?;
        let path = self.copies.path(digest);
        judge(&self.rules, &bytes, self.copies.signature(digest).as_deref())
            .with_context(|| format!("the copy {}", path.display()))?;
        let connector = self.runtime.load_bytes(&path, bytes).await?;
        self.loaded.lock().unwrap_or_else(PoisonError::into_inner).insert(digest.to_owned(), connector.clone());
        Ok(connector)
    }
}

fn announce(path: &Path, good: &Good, policy: SignaturePolicy) {
    let (manifest, signature) = (good.connector.manifest(), &good.signature);
    let file = path.display();
    if policy == SignaturePolicy::Warn && !matches!(signature, Signature::Good(_)) {
        warn!(%file, %signature, "the connector is taken although no declared publisher signed it");
    }
    info!(%file, name = manifest.name, version = %manifest.version, %signature, "connector loaded");
}

/// Where the signature of a file lies.
pub fn signature_path(path: &Path) -> PathBuf {
    path.with_added_extension("minisig")
}

/// The signature beside a file.
pub fn read_signature(path: &Path) -> Option<String> {
    let path = signature_path(path);
    let is_short = path.metadata().is_ok_and(|metadata| metadata.is_file() && metadata.len() <= LONGEST_SIGNATURE);
    // What cannot be read as text is no signature, and is refused as such.
    is_short.then(|| std::fs::read_to_string(path).unwrap_or_default())
}

/// Writes a file in one step: whoever looks finds the former one or the whole new one.
fn write_file(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let write = || {
        let mut file = tempfile::Builder::new().prefix(".").tempfile_in(folder)?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        file.persist(path)?;
        std::fs::File::open(folder)?.sync_all()
    };
    write().with_context(|| format!("cannot write {}", path.display()))
}

fn files(folder: &Path) -> anyhow::Result<BTreeMap<PathBuf, Stamp>> {
    let mut found = BTreeMap::new();
    let entries = std::fs::read_dir(folder).with_context(|| format!("cannot look into {}", folder.display()))?;
    for entry in entries {
        let path = entry.with_context(|| format!("cannot look into {}", folder.display()))?.path();
        let hidden = path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
        if hidden || path.extension().is_none_or(|extension| extension != "wasm") {
            continue;
        }
        if found.len() == MOST_FILES {
            warn!(folder = %folder.display(), "only the first {MOST_FILES} files are looked at");
            break;
        }
        // One that is gone again is nothing.
        if let Ok(stamp) = stamp_of(&path) {
            found.insert(path, stamp);
        }
    }
    Ok(found)
}

fn stamp_of(path: &Path) -> std::io::Result<Stamp> {
    let metadata = std::fs::metadata(path)?;
    let signature = std::fs::metadata(signature_path(path)).ok();
    let signature = signature.and_then(|metadata| Some((metadata.len(), metadata.modified().ok()?)));
    Ok(Stamp { bytes: metadata.len(), modified: metadata.modified()?, signature })
}
