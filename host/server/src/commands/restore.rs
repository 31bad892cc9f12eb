//! `purser restore`: puts the store back from a backup, once the backup is known to be whole.

use crate::Ending;
use crate::cli::Restore;
use crate::commands::audit::{Checked, check};
use crate::home::{Home, make_private_folder};
use crate::host::{Host, audit_key, now, open_prepared};
use crate::output::Output;
use anyhow::{Context, bail};
use purser_backup::Manifest;
use purser_reconcile::{Awaited, Progress};
use purser_store_sqlite::{check_file, facts_of, settle};
use serde::Serialize;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

#[derive(Serialize)]
struct Answer {
    #[serde(flatten)]
    manifest: Manifest,
    /// Rows of the audit log that hold together.
    audit_rows: i64,
    /// Whether the end of the log is known to be signed by this home.
    audit_signed: bool,
    /// Where the store lies that was there before.
    former: Option<PathBuf>,
}

#[derive(Serialize)]
struct WentOn {
    unseen: Awaited,
}

/// Runs the command.
pub async fn run(home: &Home, arguments: &Restore, output: &Output) -> anyhow::Result<Ending> {
    match &arguments.file {
        Some(file) => restore(home, file, arguments.force, output).await,
        None => go_on(home, output).await,
    }
}

async fn restore(home: &Home, file: &Path, force: bool, output: &Output) -> anyhow::Result<Ending> {
    let _lock = home.lock_for_restore()?;
    if home.store().exists() && !force {
        bail!(
            "there is a store in this home already: {}; with --force the backup takes its place, and it is kept beside",
            home.store().display()
        );
    }
    let progress = output.progress();
    let answer = prepare_and_swap(home, file, &progress).await;
    // What was prepared is of no use any more, whatever became of it.
    let _ = fs::remove_dir_all(home.restoring());
    drop(progress);
    let answer = answer?;
    output.answer(&answer, || text(&answer))?;
    Ok(Ending::Done)
}

async fn prepare_and_swap(home: &Home, file: &Path, progress: &dyn Progress) -> anyhow::Result<Answer> {
    let folder = home.restoring();
    if folder.exists() {
        fs::remove_dir_all(&folder).with_context(|| format!("cannot remove {}", folder.display()))?;
    }
    make_private_folder(&folder)?;
    let prepared = folder.join("purser.db");
    let manifest = purser_backup::read(file, &prepared, |bytes| progress.advance("bytes read", bytes))?;
    check_file(&prepared).with_context(|| format!("the store in {} cannot be used", file.display()))?;
    let facts = facts_of(&prepared)?;
    if (facts.schema, &facts.counts) != (manifest.schema, &manifest.counts) {
        bail!("{} is damaged: its store does not hold what its manifest says; take another backup", file.display());
    }
    let key = audit_key(home)?;
    let store = open_prepared(home, &prepared)?;
    let Checked { rows, broken, .. } = check(store.as_ref(), key.as_ref(), None, progress).await?;
    if let Some(broken) = broken {
        bail!(
            "the audit log in {} is broken at row {}: {}; take another backup, or put the audit-key of the host that made it \
             into {}",
            file.display(),
            broken.sequence,
            broken.reason,
            home.audit_key().display()
        );
    }
    store.note_restored(manifest.made_at, now()).await?;
    drop(store);
    settle(&prepared).context("the restored store cannot be closed")?;
    let former = swap(home, &prepared)?;
    Ok(Answer { manifest, audit_rows: rows, audit_signed: key.is_some(), former })
}

/// Puts the prepared store in its place. The former one is kept, with its log of what was not yet written into it; until
/// that is done, a mark keeps everybody from working with the half of it.
fn swap(home: &Home, prepared: &Path) -> anyhow::Result<Option<PathBuf>> {
    let store = home.store();
    let former = match store.exists() {
        true => Some(keep_former(home, &store)?),
        false => None,
    };
    fs::rename(prepared, &store).with_context(|| format!("cannot put {} in place", store.display()))?;
    keep_on_disk(&home.data())?;
    match fs::remove_file(home.half_restored()) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(error).with_context(|| format!("cannot remove {}", home.half_restored().display()));
        }
        _ => {}
    }
    keep_on_disk(&home.data())?;
    Ok(former)
}

fn keep_former(home: &Home, store: &Path) -> anyhow::Result<PathBuf> {
    let folder = home.data().join(format!("before-restore-{}", now().strftime("%Y%m%dT%H%M%S%.6fZ")));
    make_private_folder(&folder)?;
    let mark = home.half_restored();
    File::create(&mark).and_then(|mark| mark.sync_all()).with_context(|| format!("cannot write {}", mark.display()))?;
    keep_on_disk(&home.data())?;
    let kept = folder.join("purser.db");
    fs::hard_link(store, &kept)
        .or_else(|_| fs::copy(store, &kept).map(|_| ()))
        .with_context(|| format!("cannot keep the former store in {}", folder.display()))?;
    for suffix in ["-wal", "-shm"] {
        let beside = PathBuf::from(format!("{}{suffix}", store.display()));
        if beside.exists() {
            let to = folder.join(format!("purser.db{suffix}"));
            fs::rename(&beside, to).with_context(|| format!("cannot keep {}", beside.display()))?;
        }
    }
    keep_on_disk(&folder)?;
    Ok(folder)
}

fn keep_on_disk(folder: &Path) -> anyhow::Result<()> {
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .with_context(|| format!("cannot write {} to the disk", folder.display()))
}

async fn go_on(home: &Home, output: &Output) -> anyhow::Result<Ending> {
    let host = Host::open(home).await?;
    let unseen = host.engine.go_on_unseen().await?;
    output.answer(&WentOn { unseen: unseen.clone() }, || match unseen.is_nothing() {
        true => "nothing had to be looked at".to_owned(),
        false => format!("what was not looked at is written to from now on: {unseen}"),
    })?;
    Ok(Ending::Done)
}

fn text(answer: &Answer) -> String {
    let mut lines = vec![format!(
        "The store is that of {:.0} again: {} identities, {} accounts; its audit log is whole ({} rows).",
        answer.manifest.made_at,
        answer.manifest.counts.get("identities").unwrap_or(&0),
        answer.manifest.counts.get("accounts").unwrap_or(&0),
        answer.audit_rows
    )];
    if !answer.audit_signed {
        lines.push("Who signed the log could not be checked, since this home had no data/audit-key.".to_owned());
    }
    if let Some(former) = &answer.former {
        lines.push(format!("The former store is kept in {}.", former.display()));
    }
    lines.push(
        "Before anything is written, every source is read and every target is reconciled: `purser serve` does so at once. Tokens, \
         secrets and decisions are those of then: look at `purser token list` and `purser secret list`."
            .to_owned(),
    );
    lines.join("\n")
}
