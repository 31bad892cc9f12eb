//! `purser declarations`: the files of declarations of a host that serves. Those of a home are in its folder.

use crate::Ending;
use crate::cli::{ApplyDeclarations, DeclarationsCommand, ExportDeclarations};
use crate::output::{Output, table};
use crate::remote::Remote;
use anyhow::{Context, bail};
use purser_api::{Applied, DeclarationFile, DeclarationMistake, Foreseen};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// What a host says is in force.
#[derive(Deserialize)]
struct InForce {
    digest: String,
    files: Vec<DeclarationFile>,
}

#[derive(Serialize)]
struct Exported<'a> {
    digest: &'a str,
    folder: &'a Path,
    files: Vec<&'a str>,
}

/// What a host makes of other declarations.
#[derive(Serialize, Deserialize)]
struct Told {
    applied: Option<Applied>,
    foreseen: Option<Foreseen>,
    mistakes: Vec<DeclarationMistake>,
}

/// Runs the command at a host that serves.
pub async fn ask(remote: &Remote, command: &DeclarationsCommand, output: &Output) -> anyhow::Result<Ending> {
    match command {
        DeclarationsCommand::Export(arguments) => export(remote, arguments, output).await,
        DeclarationsCommand::Apply(arguments) if arguments.dry_run => try_out(remote, arguments, output).await,
        DeclarationsCommand::Apply(arguments) => apply(remote, arguments, output).await,
    }
}

async fn in_force(remote: &Remote) -> anyhow::Result<InForce> {
    Ok(remote.get("/v1/declarations", &[]).await?)
}

async fn export(remote: &Remote, arguments: &ExportDeclarations, output: &Output) -> anyhow::Result<Ending> {
    let InForce { digest, files } = in_force(remote).await?;
    let folder = arguments.folder.as_path();
    std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let names: BTreeSet<_> = files.iter().map(|file| file.name.as_str()).collect();
    if let Some(other) = toml_files(folder)?.iter().find(|path| !names.contains(name(path).as_str())) {
        bail!("{} is none of the host's: remove it first, or give another folder", other.display());
    }
    for file in &files {
        // What a host calls its file leads nowhere else.
        let path = folder.join(Path::new(&file.name).file_name().unwrap_or_default());
        std::fs::write(&path, &file.text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    let exported = Exported { digest: &digest, folder, files: names.into_iter().collect() };
    output.answer(&exported, || {
        format!("{} files are in {}; their digest is {digest}", exported.files.len(), folder.display())
    })?;
    Ok(Ending::Done)
}

async fn try_out(remote: &Remote, arguments: &ApplyDeclarations, output: &Output) -> anyhow::Result<Ending> {
    let files = read(&arguments.folder)?;
    let told: Told = remote.post("/v1/declarations", &json!({"files": files, "dry_run": true})).await?;
    output.answer(&told, || text(&told))?;
    Ok(match &told.foreseen {
        None => Ending::BadUsage,
        Some(foreseen) if foreseen.new + foreseen.withdrawn > 0 => Ending::ChangesPending,
        Some(_) => Ending::Done,
    })
}

async fn apply(remote: &Remote, arguments: &ApplyDeclarations, output: &Output) -> anyhow::Result<Ending> {
    let files = read(&arguments.folder)?;
    let made_from = match &arguments.made_from {
        Some(digest) => digest.clone(),
        None => in_force(remote).await?.digest,
    };
    let told: Told = remote.post_for("/v1/declarations", &made_from, &json!({"files": files})).await?;
    output.answer(&told, || text(&told))?;
    Ok(Ending::Done)
}

fn text(told: &Told) -> String {
    if let Some(applied) = &told.applied {
        return format!(
            "in force; their digest is {}; {} of {} identities are planned anew",
            applied.digest, applied.woken, applied.identities
        );
    }
    let Some(foreseen) = &told.foreseen else {
        let place = |one: &DeclarationMistake| match one.line {
            Some(line) => format!("{}:{line}", one.file),
            None => one.file.clone(),
        };
        let rows = told.mistakes.iter().map(|one| vec![place(one), one.key.clone(), one.message.clone()]);
        return table(&["PLACE", "KEY", "MISTAKE"], rows);
    };
    let mut text = purser_plan::render::text(&foreseen.items, &foreseen.notices, &|_, _| None);
    text.push_str(&format!(
        "\nby this change {} items would be done, and {} would not be done any more; {} in any case",
        foreseen.new, foreseen.withdrawn, foreseen.same
    ));
    for (target, reason) in &foreseen.left_out {
        text.push_str(&format!("\n{target} cannot be planned: {reason}"));
    }
    text
}

/// All files of declarations in a folder.
fn read(folder: &Path) -> anyhow::Result<Vec<DeclarationFile>> {
    let paths = toml_files(folder)?;
    if paths.is_empty() {
        bail!("no `.toml` file is in {}", folder.display());
    }
    let file = |path: &PathBuf| {
        let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        Ok(DeclarationFile { name: name(path), text })
    };
    paths.iter().map(file).collect()
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn toml_files(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let mut paths = Vec::new();
    for entry in entries {
        let path = entry.with_context(|| format!("cannot read {}", folder.display()))?.path();
        let is_hidden = name(&path).starts_with('.');
        if !is_hidden && path.extension().is_some_and(|extension| extension == "toml") {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}
