//! `purser login`, `logout` and `ready`: tokens of hosts, in a file of the user's own.

use super::requests::base;
use super::{Remote, RemoteError};
use crate::Ending;
use crate::output::Output;
use bytes::Bytes;
use purser_broker::http::OperatorsClient;
use purser_model::secret::Secret;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::{IsTerminal, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;
use url::Url;

const READY_WITHIN: Duration = Duration::from_secs(4);

/// `purser login URL`: keeps a token, once the host knows it.
///
/// # Errors
/// The host does not know it, or it cannot be kept.
pub async fn sign_in(server: &str, ca: Option<&Path>, output: &Output) -> anyhow::Result<Ending> {
    let base = base(server)?;
    let text = match std::io::stdin().is_terminal() {
        true => rpassword::prompt_password(format!("Token for {base}: "))?,
        false => {
            let mut text = String::new();
            std::io::stdin().lock().read_to_string(&mut text)?;
            text
        }
    };
    let token = Secret::new(text.trim()).map_err(|_| RemoteError::NoToken(server.to_owned()))?;
    let caller: Value = Remote::with_token(base.clone(), token.clone(), ca)?.get("/v1/caller", &[]).await?;
    let mut kept = kept()?;
    kept.insert(key(&base), token.reveal().to_owned());
    let path = keep(&kept)?;
    let answer = json!({"server": key(&base), "name": caller["name"], "role": caller["role"]});
    output.answer(&answer, || {
        let text = |name: &str| caller[name].as_str().unwrap_or_default().to_owned();
        format!("{} is {} ({}); the token is kept in {}", key(&base), text("name"), text("role"), path.display())
    })?;
    Ok(Ending::Done)
}

/// `purser logout URL`: forgets the token. The host knows it as before.
///
/// # Errors
/// The file cannot be written.
pub fn sign_out(server: &str, output: &Output) -> anyhow::Result<Ending> {
    let base = base(server)?;
    let mut kept = kept()?;
    let forgotten = kept.remove(&key(&base)).is_some();
    if forgotten {
        keep(&kept)?;
    }
    output.answer(&json!({"server": key(&base), "forgotten": forgotten}), || match forgotten {
        true => "the token is forgotten; `purser token revoke` makes it worthless".to_owned(),
        false => "no token was kept".to_owned(),
    })?;
    Ok(Ending::Done)
}

/// `purser ready`: whether a host answers and its store does; needs no token.
///
/// # Errors
/// It does not.
pub async fn ready(server: &str, ca: Option<&Path>, output: &Output) -> anyhow::Result<Ending> {
    let base = base(server)?;
    let client = OperatorsClient::new("the host", &base, ca).map_err(RemoteError::from)?;
    let url = format!("{}/readyz", base.as_str().trim_end_matches('/'));
    let answer = client.send(http::Request::get(url).body(Bytes::new())?, READY_WITHIN).await;
    let answer = answer.map_err(|source| RemoteError::NoAnswer { host: base.to_string(), source })?;
    if !answer.status().is_success() {
        return Err(RemoteError::told(answer.status().as_u16(), answer.body()).into());
    }
    output.answer(&json!({"status": "ready"}), || "ready".to_owned())?;
    Ok(Ending::Done)
}

/// The token for a host: that of the environment, else the one that was kept.
pub(super) fn token_of(base: &Url) -> Result<Option<Secret>, RemoteError> {
    let named = std::env::var("PURSER_TOKEN").ok().filter(|text| !text.trim().is_empty());
    let text = match named {
        Some(text) => Some(text),
        None => kept()?.remove(&key(base)),
    };
    Ok(text.and_then(|text| Secret::new(text.trim()).ok()))
}

/// A host as the file names it.
fn key(base: &Url) -> String {
    base.as_str().trim_end_matches('/').to_owned()
}

fn file() -> Result<PathBuf, RemoteError> {
    let folder = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let folder = folder("XDG_CONFIG_HOME").or_else(|| Some(folder("HOME")?.join(".config")));
    let none = || RemoteError::File {
        path: PathBuf::from("~/.config"),
        reason: "neither XDG_CONFIG_HOME nor HOME is set, so tokens cannot be kept: set PURSER_TOKEN".to_owned(),
    };
    Ok(folder.ok_or_else(none)?.join("purser").join("tokens.json"))
}

fn kept() -> Result<BTreeMap<String, String>, RemoteError> {
    let Ok(path) = file() else { return Ok(BTreeMap::new()) };
    match fs::read(&path) {
        // What stands in the file is not told: it is secret.
        Ok(bytes) => serde_json::from_slice(&bytes).map_err(|_| RemoteError::File {
            path,
            reason: "it is not the file that `purser login` writes".to_owned(),
        }),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(BTreeMap::new()),
        Err(error) => Err(RemoteError::File { path, reason: error.to_string() }),
    }
}

/// Writes the file anew beside the old one, readable by its owner only, and puts it in its place.
fn keep(tokens: &BTreeMap<String, String>) -> Result<PathBuf, RemoteError> {
    let path = file()?;
    let written = write(&path, tokens);
    written.map_err(|error| RemoteError::File { path: path.clone(), reason: error.to_string() })?;
    Ok(path)
}

fn write(path: &Path, tokens: &BTreeMap<String, String>) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    let new = path.with_extension("json.new");
    match fs::remove_file(&new) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new)?;
    file.write_all(&serde_json::to_vec_pretty(tokens)?)?;
    file.sync_all()?;
    fs::rename(new, path)
}
