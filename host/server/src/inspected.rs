//! What lies in the folder of connectors and is kept of it, as people and the API see it.

use crate::folder::Folder;
use purser_api::{
    ConnectorDetail, ConnectorDifference, ConnectorFile, ConnectorReach, FileState, ReachedInterface, Signed,
};
use purser_catalogue::{Side, Signature, differences};
use purser_model::upgrade::ConnectorUse;
use purser_runtime::Connector;
use std::collections::BTreeSet;
use std::path::Path;

/// The name of a file.
fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// Every file in the folder and every copy that is kept, and who uses them.
///
/// # Errors
/// The folder of copies cannot be read.
pub async fn connector_files(folder: &Folder, uses: &[ConnectorUse]) -> anyhow::Result<Vec<ConnectorFile>> {
    let mut listed = Vec::new();
    let mut shown = BTreeSet::new();
    for (path, found) in folder.all() {
        listed.push(match found {
            Ok(good) => {
                let detail = detail(&good.connector, &good.signature);
                shown.insert(detail.digest.clone());
                of_connector(Some(file_name(&path)), &detail, uses)
            }
            Err(reason) => refused(Some(file_name(&path)), None, reason),
        });
    }
    for digest in folder.copies().digests()?.difference(&shown) {
        listed.push(match folder.detail(digest).await {
            Ok(detail) => of_connector(None, &detail, uses),
            Err(error) => refused(None, Some(digest.clone()), format!("{error:#}")),
        });
    }
    Ok(listed)
}

/// What a connector is.
pub fn detail(connector: &Connector, signature: &Signature) -> ConnectorDetail {
    let reach = connector.reach();
    let interfaces = reach.interfaces.iter();
    ConnectorDetail {
        digest: connector.digest().to_string(),
        bytes: connector.file_bytes(),
        signature: match signature {
            Signature::Good(publisher) => Signed::Good(publisher.clone()),
            Signature::UnknownPublisher => Signed::UnknownPublisher,
            Signature::Missing => Signed::Missing,
        },
        reach: ConnectorReach {
            interfaces: interfaces
                .map(|one| ReachedInterface { name: one.name.to_owned(), meaning: one.meaning.to_owned() })
                .collect(),
            inert: reach.inert.iter().map(|name| (*name).to_owned()).collect(),
            endpoints: reach.endpoints.to_vec(),
            directories: reach.directories.to_vec(),
            permissions: reach.permissions.to_vec(),
        },
        manifest: connector.manifest().clone(),
    }
}

/// The full names of the interfaces that it imports.
fn imports(detail: &ConnectorDetail) -> Vec<String> {
    let reached = detail.reach.interfaces.iter().map(|one| one.name.clone());
    let mut all: Vec<_> = reached.chain(detail.reach.inert.iter().cloned()).collect();
    all.sort();
    all
}

/// What the newer one asks for or does otherwise.
pub fn compared(former: &ConnectorDetail, newer: &ConnectorDetail) -> Vec<ConnectorDifference> {
    let (before, after) = (imports(former), imports(newer));
    let former = Side { imports: &before, manifest: &former.manifest };
    let found = differences(former, Side { imports: &after, manifest: &newer.manifest }).into_iter();
    let shown = found.map(|one| ConnectorDifference {
        kind: one.kind.to_owned(),
        name: one.name,
        added: one.added,
        asks: one.asks,
    });
    shown.collect()
}

fn of_connector(file: Option<String>, detail: &ConnectorDetail, uses: &[ConnectorUse]) -> ConnectorFile {
    let digest = &detail.digest;
    let by = |fits: &dyn Fn(&ConnectorUse) -> bool| -> Vec<String> {
        uses.iter().filter(|used| fits(used)).map(|used| used.subject.clone()).collect()
    };
    let used_by = by(&|used| used.current.digest == *digest);
    let tried_by = by(&|used| used.candidate.as_ref().is_some_and(|candidate| candidate.build.digest == *digest));
    let was_left = uses.iter().any(|used| used.refused.contains(digest));
    ConnectorFile {
        state: if !used_by.is_empty() {
            FileState::Used
        } else if tried_by.is_empty() && was_left {
            FileState::RolledBack
        } else if file.is_none() {
            FileState::Kept
        } else {
            FileState::Candidate
        },
        file,
        name: Some(detail.manifest.name.clone()),
        version: Some(detail.manifest.version.to_string()),
        digest: Some(digest.clone()),
        signature: Some(detail.signature.clone()),
        imports: imports(detail),
        used_by,
        tried_by,
        reason: None,
    }
}

fn refused(file: Option<String>, digest: Option<String>, reason: String) -> ConnectorFile {
    ConnectorFile {
        file,
        state: FileState::Refused,
        name: None,
        version: None,
        digest,
        signature: None,
        imports: Vec::new(),
        used_by: Vec::new(),
        tried_by: Vec::new(),
        reason: Some(reason),
    }
}
