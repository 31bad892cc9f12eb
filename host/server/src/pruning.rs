//! Removes copies of connectors that nobody needs any more, with what was compiled from them.

use crate::registry::Registry;
use purser_catalogue::{Kept, superfluous};
use purser_model::configuration::Configuration;
use purser_model::connectors::DigestPrefix;
use purser_store::Store;
use std::collections::BTreeSet;
use std::time::SystemTime;
use tracing::info;

/// The copies that can be removed. Those that are needed are noted as needed now, so that their age begins when they are not.
///
/// Needed is what lies in the folder, what a source or target runs, tries or ran before, what one pins, and what a session of
/// this process uses.
pub async fn unneeded(
    registry: &Registry,
    store: &dyn Store,
    configuration: &Configuration,
    now: SystemTime,
) -> anyhow::Result<Vec<String>> {
    registry.look().await?;
    let folder = registry.folder();
    let mut needed = folder.in_use();
    for used in store.connector_uses().await? {
        let candidate = used.candidate.map(|candidate| candidate.build);
        needed.extend([Some(used.current), used.former, candidate].into_iter().flatten().map(|build| build.digest));
    }
    let digests = folder.copies().digests()?;
    needed.extend(pinned(configuration, &digests));
    let mut copies = Vec::new();
    for digest in digests {
        if needed.contains(&digest) {
            folder.copies().is_needed(&digest, now)?;
        }
        copies.push(Kept { needed_at: folder.copies().needed_at(&digest)?, digest });
    }
    Ok(superfluous(copies, &needed, folder.keeping(), now))
}

/// The copies whose digests a declaration names.
fn pinned(configuration: &Configuration, digests: &BTreeSet<String>) -> Vec<String> {
    let sources = configuration.sources.values().map(|source| &source.instance);
    let targets = configuration.targets.values().map(|target| &target.instance);
    let pins: Vec<&DigestPrefix> =
        sources.chain(targets).filter_map(|instance| instance.connector.digest.as_ref()).collect();
    digests.iter().filter(|digest| pins.iter().any(|pin| pin.fits(digest))).cloned().collect()
}

/// Removes the copies that can be removed; says which.
pub async fn prune(
    registry: &Registry,
    store: &dyn Store,
    configuration: &Configuration,
    now: SystemTime,
) -> anyhow::Result<Vec<String>> {
    let unneeded = unneeded(registry, store, configuration, now).await?;
    for digest in &unneeded {
        registry.folder().forget(digest)?;
        info!(digest, "a copy of a connector that nobody needs any more is removed");
    }
    Ok(unneeded)
}
