//! `purser backup`: copies the store into one file. Works beside a host that serves.

use crate::Ending;
use crate::cli::Backup;
use crate::home::Home;
use crate::host::{now, open_to_read};
use crate::output::Output;
use crate::remote::Remote;
use anyhow::Context;
use purser_backup::{FileDigest, Incoming, KeptBackup, Manifest, make};
use purser_reconcile::Progress;
use serde::Serialize;
use serde_json::json;
use std::path::Path;

/// Where a host says which bytes it sends.
const DIGEST: &str = "repr-digest";

#[derive(Serialize)]
struct Answer<'a> {
    file: &'a Path,
    #[serde(flatten)]
    manifest: &'a Manifest,
}

/// Runs the command.
pub async fn run(home: &Home, arguments: &Backup, output: &Output) -> anyhow::Result<Ending> {
    let store = open_to_read(home)?;
    let progress = output.progress();
    let ticks = |bytes| progress.advance("bytes copied", bytes);
    let made = make(store.as_ref(), &arguments.file, env!("CARGO_PKG_VERSION"), now(), &ticks).await;
    drop(progress);
    let manifest = made?;
    output.answer(&Answer { file: &arguments.file, manifest: &manifest }, || text(&arguments.file, &manifest))?;
    Ok(Ending::Done)
}

/// The same at a host that serves: it makes one, which is read and checked, and stays there with the others.
pub async fn ask(remote: &Remote, arguments: &Backup, output: &Output) -> anyhow::Result<Ending> {
    let mut incoming = Incoming::begin(&arguments.file)?;
    let KeptBackup { name, manifest } = remote.post("/v1/backups", &json!({})).await?;
    let progress = output.progress();
    let mut download = remote.download(&format!("/v1/backups/{name}/content")).await?;
    let sent: FileDigest =
        download.header(DIGEST).unwrap_or_default().parse().with_context(|| format!("`{DIGEST}`"))?;
    while let Some(piece) = download.next().await? {
        incoming.add(&piece)?;
        progress.advance("bytes copied", piece.len() as u64);
    }
    drop(progress);
    incoming.finish(&sent, &manifest)?;
    output.answer(&Answer { file: &arguments.file, manifest: &manifest }, || text(&arguments.file, &manifest))?;
    Ok(Ending::Done)
}

fn text(file: &Path, manifest: &Manifest) -> String {
    let counts: Vec<String> = manifest.counts.iter().map(|(name, count)| format!("{count} {name}")).collect();
    format!(
        "{} holds {}.\nNo key is in it: keep data/secret-key and data/audit-key elsewhere; without the first its secrets cannot \
         be opened.",
        file.display(),
        counts.join(", ")
    )
}
