//! `purser secret`: secrets that are sealed in the store. No value is ever shown.

use crate::Ending;
use crate::cli::{RemoveSecret, RotateKey, SecretCommand, SetSecret};
use crate::home::Home;
use crate::host::{now, open_store, open_to_read};
use crate::output::{Output, table};
use crate::remote::{Remote, RemoteError};
use crate::secrets::SealedStore;
use anyhow::{Context, bail};
use jiff::Timestamp;
use purser_model::id::SecretName;
use purser_model::secret::Secret;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::io::{IsTerminal, Read};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Larger ones are files that somebody took for a secret.
const LARGEST: u64 = 64 << 10;

#[derive(Serialize, Deserialize)]
struct SetAnswer {
    name: SecretName,
    version: u32,
    /// The key file that was made, where this is the first secret; a host does not say where it lies.
    #[serde(default)]
    made_key_file: Option<PathBuf>,
}

#[derive(Serialize, Deserialize)]
struct Line {
    name: SecretName,
    version: u32,
    set_at: Timestamp,
    set_by: String,
    key: String,
    /// None where the declarations cannot be read.
    used_by: Option<Vec<String>>,
}

#[derive(Serialize)]
struct Removed {
    name: SecretName,
    was_used_by: Vec<String>,
}

#[derive(Serialize, Deserialize)]
struct RotatedAnswer {
    secrets: usize,
    key: String,
    /// A host does not say where it lies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    key_file: Option<PathBuf>,
}

/// Runs the command.
pub async fn run(home: Home, command: &SecretCommand, output: &Output) -> anyhow::Result<Ending> {
    match command {
        SecretCommand::Set(arguments) => set(&home, arguments, output).await?,
        SecretCommand::List => list(&home, output).await?,
        SecretCommand::Remove(arguments) => remove(&home, arguments, output).await?,
        SecretCommand::RotateKey(arguments) => rotate(&home, arguments, output).await?,
    }
    Ok(Ending::Done)
}

async fn set(home: &Home, arguments: &SetSecret, output: &Output) -> anyhow::Result<()> {
    let secret = read(&arguments.name, arguments.from_file.as_deref())?;
    let _lock = home.lock()?;
    let kept = SealedStore::new(home, open_store(home)?).set(&arguments.name, &secret, now()).await?;
    show_set(&SetAnswer { name: arguments.name.clone(), version: kept.version, made_key_file: kept.made_key }, output)
}

fn show_set(answer: &SetAnswer, output: &Output) -> anyhow::Result<()> {
    output.answer(answer, || {
        let said = format!("secret {} is set (version {})", answer.name, answer.version);
        match &answer.made_key_file {
            Some(file) => format!("{said}\n{}", beside_the_store(file)),
            None => said,
        }
    })
}

fn beside_the_store(file: &Path) -> String {
    format!(
        "The key that seals it was made in {}, beside the store: whoever copies this folder has both. Move that file \
         elsewhere and name it with --key-file or PURSER_KEY_FILE.",
        file.display()
    )
}

async fn list(home: &Home, output: &Output) -> anyhow::Result<()> {
    let kept = open_to_read(home)?.sealed_secrets().await?;
    let declared = purser_declare::load(&home.declarations()).ok();
    let lines = kept.into_iter().map(|kept| Line {
        used_by: declared.as_ref().map(|declared| declared.configuration.users_of_secret(&kept.sealed.name)),
        name: kept.sealed.name,
        version: kept.sealed.version,
        set_at: kept.set_at,
        set_by: kept.set_by,
        key: kept.sealed.key.0,
    });
    let lines: Vec<Line> = lines.collect();
    output.answer(&lines, || text(&lines))
}

/// The same at a host that serves. Where the key that seals lies is said on its machine alone.
pub async fn ask(remote: &Remote, command: &SecretCommand, output: &Output) -> anyhow::Result<Ending> {
    match command {
        SecretCommand::Set(arguments) => {
            let secret = read(&arguments.name, arguments.from_file.as_deref())?;
            let body = json!({"value": secret.reveal()});
            show_set(&remote.put(&path(&arguments.name), &body).await?, output)?;
        }
        SecretCommand::List => {
            let lines: Vec<Line> = remote.whole("/v1/secrets", &[]).await?;
            output.answer(&lines, || text(&lines))?;
        }
        SecretCommand::Remove(arguments) => {
            let path = path(&arguments.name);
            let known: Line = remote.get(&path, &[]).await?;
            remote.delete_with(&path, &[("force", arguments.force.to_string())]).await?;
            show_removed(arguments, known.used_by.unwrap_or_default(), output)?;
        }
        SecretCommand::RotateKey(RotateKey { new_key_file: Some(_) }) => {
            return Err(RemoteError::needs_home("purser secret rotate-key --new-key-file").into());
        }
        SecretCommand::RotateKey(arguments) => {
            show_rotated(&remote.post("/v1/sealing-key/rotation", &json!({})).await?, arguments, output)?;
        }
    }
    Ok(Ending::Done)
}

fn path(name: &SecretName) -> String {
    format!("/v1/secrets/{name}")
}

fn text(lines: &[Line]) -> String {
    if lines.is_empty() {
        return "no secret is set".to_owned();
    }
    let rows = lines.iter().map(|line| {
        let used_by =
            line.used_by.as_ref().map_or("(the declarations cannot be read)".to_owned(), |all| all.join("\n"));
        let set_at = format!("{:.0}", line.set_at);
        vec![line.name.to_string(), line.version.to_string(), set_at, line.set_by.clone(), line.key.clone(), used_by]
    });
    table(&["NAME", "VERSION", "SET", "BY", "KEY", "USED BY"], rows)
}

async fn remove(home: &Home, arguments: &RemoveSecret, output: &Output) -> anyhow::Result<()> {
    let used_by = match purser_declare::load(&home.declarations()) {
        Ok(declared) => declared.configuration.users_of_secret(&arguments.name),
        Err(_) if arguments.force => Vec::new(),
        Err(error) => {
            return Err(error)
                .context("the declarations do not say whether it is used; --force removes it all the same");
        }
    };
    if !used_by.is_empty() && !arguments.force {
        bail!("secret {} is used by {}; --force removes it all the same", arguments.name, used_by.join(", "));
    }
    let _lock = home.lock()?;
    open_store(home)?.remove_secret(&arguments.name, now()).await?;
    show_removed(arguments, used_by, output)
}

fn show_removed(arguments: &RemoveSecret, was_used_by: Vec<String>, output: &Output) -> anyhow::Result<()> {
    let answer = Removed { name: arguments.name.clone(), was_used_by };
    output.answer(&answer, || format!("secret {} is removed", answer.name))
}

async fn rotate(home: &Home, arguments: &RotateKey, output: &Output) -> anyhow::Result<()> {
    let _lock = home.lock()?;
    let sealed = SealedStore::new(home, open_store(home)?);
    let rotated = sealed.rotate(arguments.new_key_file.as_deref(), now()).await?;
    let answer = RotatedAnswer { secrets: rotated.secrets, key: rotated.key.0, key_file: Some(rotated.file) };
    show_rotated(&answer, arguments, output)
}

fn show_rotated(answer: &RotatedAnswer, arguments: &RotateKey, output: &Output) -> anyhow::Result<()> {
    output.answer(answer, || {
        let RotatedAnswer { secrets, key, key_file } = answer;
        let place = key_file.as_ref().map(|file| format!(" in {}", file.display())).unwrap_or_default();
        let said = format!("{secrets} secrets are sealed with the key {key}{place}; the old key opens none");
        match (&arguments.new_key_file, key_file) {
            (Some(_), Some(file)) => format!("{said}. Give --key-file {} from now on", file.display()),
            _ => said,
        }
    })
}

/// Reads a secret from a file, from a terminal that does not show it, or from standard input. A line end at its end is not
/// part of it.
fn read(name: &SecretName, file: Option<&Path>) -> anyhow::Result<Secret> {
    let text = match file {
        Some(file) => {
            let opened = std::fs::File::open(file).with_context(|| format!("cannot read {}", file.display()))?;
            read_text(opened).with_context(|| format!("cannot read {}", file.display()))?
        }
        None if std::io::stdin().is_terminal() => {
            let typed = rpassword::prompt_password(format!("{name}: "));
            Zeroizing::new(typed.context("cannot read from the terminal; pipe the secret into this command")?)
        }
        None => read_text(std::io::stdin().lock()).context("cannot read standard input")?,
    };
    let text = text.strip_suffix('\n').map_or(text.as_str(), |line| line.strip_suffix('\r').unwrap_or(line));
    Secret::new(text)
        .with_context(|| format!("secret {name} is not set: give a value on standard input or with --from-file"))
}

fn read_text(from: impl Read) -> anyhow::Result<Zeroizing<String>> {
    let mut bytes = Zeroizing::new(Vec::new());
    from.take(LARGEST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LARGEST {
        bail!("it is longer than {LARGEST} bytes, which no secret is");
    }
    let text = std::str::from_utf8(&bytes).map_err(|_| anyhow::anyhow!("it is no UTF-8 text"))?;
    Ok(Zeroizing::new(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_secret_is_refused_and_not_repeated() {
        assert_eq!(read_text(&b"hunter2\n"[..]).unwrap().as_str(), "hunter2\n");
        assert!(read_text(&[b'x'; (LARGEST + 1) as usize][..]).unwrap_err().to_string().contains("longer"));
        assert!(read_text(&b"hunter2\xff"[..]).unwrap_err().to_string().contains("no UTF-8"));
    }
}
