//! The connectors that lie in the folder. The folder is looked at whenever a connector is needed, so that a file dropped
//! in while the host runs is found.

use anyhow::Context;
use purser_model::configuration::ConnectorReference;
use purser_runtime::{Connector, Runtime};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;
use tokio::sync::Mutex;
use tracing::{info, warn};

/// What tells whether a file is still the one that was loaded.
type Stamp = (u64, SystemTime);

struct Seen {
    stamp: Stamp,
    loaded: Result<Arc<Connector>, String>,
}

/// The connectors of one folder.
pub struct Registry {
    runtime: Runtime,
    folder: PathBuf,
    seen: Mutex<BTreeMap<PathBuf, Seen>>,
}

impl Registry {
    /// The connectors of this folder; it is read when one is asked for.
    pub fn new(runtime: Runtime, folder: PathBuf) -> Self {
        Self { runtime, folder, seen: Mutex::default() }
    }

    /// The newest connector of this name whose version is accepted.
    ///
    /// # Errors
    /// There is none; the error names what lies in the folder, and why a file in it cannot be used.
    pub async fn find(&self, reference: &ConnectorReference) -> anyhow::Result<Arc<Connector>> {
        let mut seen = self.seen.lock().await;
        self.look(&mut seen).await?;
        let fitting = seen
            .values()
            .filter_map(|file| file.loaded.as_ref().ok())
            .filter(|connector| connector.manifest().name == reference.name)
            .filter(|connector| reference.version.matches(&connector.manifest().version))
            .max_by(|left, right| left.manifest().version.cmp(&right.manifest().version));
        fitting.cloned().ok_or_else(|| {
            anyhow::anyhow!(
                "no connector `{}` {} lies in {}; there are: {}",
                reference.name,
                reference.version,
                self.folder.display(),
                describe(&seen)
            )
        })
    }

    /// Every file in the folder: the connector, or why it cannot be used.
    pub async fn all(&self) -> anyhow::Result<Vec<(PathBuf, Result<Arc<Connector>, String>)>> {
        let mut seen = self.seen.lock().await;
        self.look(&mut seen).await?;
        Ok(seen.iter().map(|(path, file)| (path.clone(), file.loaded.clone())).collect())
    }

    async fn look(&self, seen: &mut BTreeMap<PathBuf, Seen>) -> anyhow::Result<()> {
        let there = files(&self.folder)?;
        seen.retain(|path, _| there.contains_key(path));
        for (path, stamp) in there {
            if seen.get(&path).is_some_and(|file| file.stamp == stamp) {
                continue;
            }
            let loaded = self.load(&path).await;
            // A bad file does not take the place of the connector that was loaded from the same name before.
            match (seen.get_mut(&path), loaded) {
                (Some(Seen { stamp: known, loaded: Ok(_) }), Err(_)) => *known = stamp,
                (_, loaded) => {
                    seen.insert(path, Seen { stamp, loaded });
                }
            }
        }
        Ok(())
    }

    async fn load(&self, path: &Path) -> Result<Arc<Connector>, String> {
        match self.runtime.load(path).await {
            Ok(connector) => {
                let manifest = connector.manifest();
                info!(file = %path.display(), name = manifest.name, version = %manifest.version, "connector loaded");
                Ok(connector)
            }
            Err(error) => {
                warn!(file = %path.display(), %error, "the file is refused");
                Err(error.to_string())
            }
        }
    }
}

fn files(folder: &Path) -> anyhow::Result<BTreeMap<PathBuf, Stamp>> {
    let mut found = BTreeMap::new();
    let entries = std::fs::read_dir(folder).with_context(|| format!("cannot look into {}", folder.display()))?;
    for entry in entries {
        let path = entry.with_context(|| format!("cannot look into {}", folder.display()))?.path();
        if path.extension().is_some_and(|extension| extension == "wasm") {
            let metadata = std::fs::metadata(&path).with_context(|| format!("cannot look at {}", path.display()))?;
            found.insert(path, (metadata.len(), metadata.modified()?));
        }
    }
    Ok(found)
}

fn describe(seen: &BTreeMap<PathBuf, Seen>) -> String {
    if seen.is_empty() {
        return "none (drop a .wasm file in)".to_owned();
    }
    let one = |(path, file): (&PathBuf, &Seen)| match &file.loaded {
        Ok(connector) => format!("{} {}", connector.manifest().name, connector.manifest().version),
        Err(reason) => format!("{} (refused: {reason})", path.display()),
    };
    seen.iter().map(one).collect::<Vec<_>>().join(", ")
}
