//! `purser connector list`: the files in the folder and the copies that are kept.

use crate::Ending;
use crate::folder::Folder;
use crate::home::Home;
use crate::host::{folder, open_runtime, open_to_read};
use crate::inspected::connector_files;
use crate::output::{Output, table};
use crate::remote::{Remote, RemoteError};
use anyhow::bail;
use purser_api::{ConnectorFile, FileState};
use purser_model::upgrade::ConnectorUse;
use purser_plan::Rules;
use std::collections::BTreeSet;

/// Fewer digits of a digest name nothing.
const FEWEST_DIGITS: usize = 4;

/// Runs the command.
pub async fn run(home: &Home, output: &Output) -> anyhow::Result<Ending> {
    let folder = open_folder(home)?;
    folder.look().await?;
    let listed = connector_files(&folder, &uses(home).await?).await?;
    output.answer(&listed, || text(&listed))?;
    Ok(Ending::Done)
}

/// The same at a host that serves.
pub async fn ask(remote: &Remote, output: &Output) -> anyhow::Result<Ending> {
    let listed = files(remote).await?;
    output.answer(&listed, || text(&listed))?;
    Ok(Ending::Done)
}

/// What lies in the folder of a host, and which copies it keeps.
pub(super) async fn files(remote: &Remote) -> Result<Vec<ConnectorFile>, RemoteError> {
    remote.whole("/v1/connectors", &[]).await
}

/// The digest of the build that is named by the name of its file, or by the first digits of its digest.
pub(super) async fn find(remote: &Remote, name: &str) -> anyhow::Result<String> {
    let files = files(remote).await?;
    let fits = |one: &&ConnectorFile| {
        let begins = |digest: &String| name.len() >= FEWEST_DIGITS && digest.starts_with(name);
        one.file.as_deref() == Some(name) || one.digest.as_ref().is_some_and(begins)
    };
    let fitting: BTreeSet<_> = files.iter().filter(fits).filter_map(|one| one.digest.clone()).collect();
    match fitting.into_iter().collect::<Vec<_>>().as_slice() {
        [digest] => Ok(digest.clone()),
        [] => bail!(
            "no build at the host is called {name}, or has a digest that begins so; `purser connector list` shows them"
        ),
        several => bail!("{name} could be any of {}; write more digits", several.join(", ")),
    }
}

/// The folder of a home by its declarations; a home without any has the defaults.
pub(super) fn open_folder(home: &Home) -> anyhow::Result<Folder> {
    let rules = match purser_declare::load(&home.declarations()) {
        Ok(declarations) => declarations.rules,
        Err(_) if !has_declarations(home) => Rules::compile(purser_model::configuration::Configuration::default())
            .map_err(|_| anyhow::anyhow!("no declarations"))?,
        Err(errors) => return Err(errors.into()),
    };
    folder(home, open_runtime(home, &rules.configuration().connectors.compiling)?, &rules)
}

fn has_declarations(home: &Home) -> bool {
    let mut files = std::fs::read_dir(home.declarations()).into_iter().flatten().flatten();
    files.any(|file| file.path().extension().is_some_and(|extension| extension == "toml"))
}

/// What every source and target runs; nothing in a home where nothing was done.
pub(super) async fn uses(home: &Home) -> anyhow::Result<Vec<ConnectorUse>> {
    if !home.store().exists() {
        return Ok(Vec::new());
    }
    Ok(open_to_read(home)?.connector_uses().await?)
}

fn text(listed: &[ConnectorFile]) -> String {
    if listed.is_empty() {
        return "no connector is here: drop a .wasm file into the folder `connectors`".to_owned();
    }
    let rows = listed.iter().map(|one| {
        let state = match one.state {
            FileState::Used if one.file.is_none() => "used, its file is gone",
            FileState::Used => "used",
            FileState::Candidate => "candidate",
            FileState::RolledBack => "rolled back",
            FileState::Refused => "refused",
            FileState::Kept => "kept for rollback",
        };
        let about = match &one.reason {
            Some(reason) => reason.clone(),
            None => {
                let interfaces = one.imports.iter().map(|name| {
                    name.split_once('/').map_or(name.as_str(), |(_, rest)| rest.split('@').next().unwrap_or(rest))
                });
                format!("imports {}", interfaces.collect::<Vec<_>>().join(", "))
            }
        };
        let users = one.used_by.iter().cloned().chain(one.tried_by.iter().map(|who| format!("{who} (newer)")));
        vec![
            one.file.clone().unwrap_or_default(),
            one.name.clone().unwrap_or_default(),
            one.version.clone().unwrap_or_default(),
            one.digest.as_ref().map(|digest| digest[..digest.len().min(12)].to_owned()).unwrap_or_default(),
            state.to_owned(),
            one.signature.as_ref().map(ToString::to_string).unwrap_or_default(),
            users.collect::<Vec<_>>().join(", "),
            about,
        ]
    });
    table(&["FILE", "NAME", "VERSION", "DIGEST", "STATE", "SIGNATURE", "USED BY", "ABOUT"], rows)
}
