//! `purser connector list`: the files in the folder and the copies that are kept.

use crate::Ending;
use crate::folder::Folder;
use crate::home::Home;
use crate::host::{folder, open_runtime, open_to_read};
use crate::output::{Output, table};
use purser_catalogue::Signature;
use purser_model::upgrade::ConnectorUse;
use purser_plan::Rules;
use purser_runtime::Connector;
use serde::Serialize;
use std::collections::BTreeSet;

/// What becomes of a file or copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum State {
    /// Somebody runs it.
    Used,
    /// It may take over somewhere, or could be used.
    Candidate,
    /// It was rolled back everywhere it was used.
    RolledBack,
    /// It cannot be used.
    Refused,
    /// Its file is gone; the copy is kept for a rollback.
    Kept,
}

#[derive(Serialize)]
struct Listed {
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<String>,
    state: State,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    digest: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    signature: Option<Signature>,
    imports: Vec<String>,
    used_by: Vec<String>,
    tried_by: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

/// Runs the command.
pub async fn run(home: &Home, output: &Output) -> anyhow::Result<Ending> {
    let folder = open_folder(home)?;
    folder.look().await?;
    let uses = uses(home).await?;
    let mut listed = Vec::new();
    let mut shown = BTreeSet::new();
    for (path, found) in folder.all() {
        let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let one = match found {
            Ok(good) => {
                shown.insert(good.connector.digest().to_string());
                of_connector(Some(file), &good.connector, Some(good.signature), &uses)
            }
            Err(reason) => refused(Some(file), None, reason),
        };
        listed.push(one);
    }
    for digest in folder.copies().digests()?.difference(&shown) {
        listed.push(match folder.copy(digest).await {
            Ok(connector) => of_connector(None, &connector, None, &uses),
            Err(error) => refused(None, Some(digest.clone()), format!("{error:#}")),
        });
    }
    output.answer(&listed, || text(&listed))?;
    Ok(Ending::Done)
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

fn of_connector(
    file: Option<String>,
    connector: &Connector,
    signature: Option<Signature>,
    uses: &[ConnectorUse],
) -> Listed {
    let digest = connector.digest().to_string();
    let by = |fits: &dyn Fn(&ConnectorUse) -> bool| -> Vec<String> {
        uses.iter().filter(|used| fits(used)).map(|used| used.subject.clone()).collect()
    };
    let used_by = by(&|used| used.current.digest == digest);
    let tried_by = by(&|used| used.candidate.as_ref().is_some_and(|candidate| candidate.build.digest == digest));
    let state = if !used_by.is_empty() {
        State::Used
    } else if tried_by.is_empty() && uses.iter().any(|used| used.refused.contains(&digest)) {
        State::RolledBack
    } else if file.is_none() {
        State::Kept
    } else {
        State::Candidate
    };
    let manifest = connector.manifest();
    Listed {
        file,
        state,
        name: Some(manifest.name.clone()),
        version: Some(manifest.version.to_string()),
        digest: Some(digest),
        signature,
        imports: connector.imports().to_vec(),
        used_by,
        tried_by,
        reason: None,
    }
}

fn refused(file: Option<String>, digest: Option<String>, reason: String) -> Listed {
    Listed {
        file,
        state: State::Refused,
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

fn text(listed: &[Listed]) -> String {
    if listed.is_empty() {
        return "no connector is here: drop a .wasm file into the folder `connectors`".to_owned();
    }
    let rows = listed.iter().map(|one| {
        let state = match one.state {
            State::Used if one.file.is_none() => "used, its file is gone",
            State::Used => "used",
            State::Candidate => "candidate",
            State::RolledBack => "rolled back",
            State::Refused => "refused",
            State::Kept => "kept for rollback",
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
