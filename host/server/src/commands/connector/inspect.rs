//! `purser connector inspect`: shows what a component is and what it can reach.

use crate::Ending;
use crate::cli::InspectConnector;
use crate::folder::read_signature;
use crate::home::Home;
use crate::host::child_compiler;
use crate::inspected::detail;
use crate::output::{Output, table};
use crate::remote::Remote;
use purser_api::{ConnectorDetail, ConnectorReach};
use purser_catalogue::{Signature, judge};
use purser_model::manifest::{ClassKind, Manifest, ObjectClass};
use purser_runtime::{CompilerLimits, Runtime, RuntimeSettings};
use serde::Serialize;
use std::path::Path;

#[derive(Serialize)]
struct Answer {
    file: String,
    digest: String,
    bytes: u64,
    /// Who signed it by the home's declarations, or why the signature is refused.
    signature: String,
    reach: ConnectorReach,
    manifest: Manifest,
}

/// Runs the command. The component is loaded as a host would load it, and is called with no capability at all.
pub async fn run(home: &Home, arguments: &InspectConnector, output: &Output) -> anyhow::Result<Ending> {
    let cache = tempfile::tempdir()?;
    let compiler = child_compiler(CompilerLimits::default())?;
    let runtime = Runtime::new(RuntimeSettings { compiler, ..RuntimeSettings::new(cache.path()) })?;
    let connector = runtime.load(&arguments.file).await?;
    let signature = signature(home, &arguments.file)?;
    show(arguments, signature, detail(&connector, &Signature::Missing), output)
}

/// The same at a host that serves, of a file in its folder or a copy that it keeps.
pub async fn ask(remote: &Remote, arguments: &InspectConnector, output: &Output) -> anyhow::Result<Ending> {
    let digest = super::list::find(remote, &arguments.file.to_string_lossy()).await?;
    let found: ConnectorDetail = remote.get(&format!("/v1/connectors/{digest}"), &[]).await?;
    show(arguments, found.signature.to_string(), found, output)
}

fn show(
    arguments: &InspectConnector,
    signature: String,
    found: ConnectorDetail,
    output: &Output,
) -> anyhow::Result<Ending> {
    let ConnectorDetail { digest, bytes, reach, manifest, .. } = found;
    let answer = Answer { file: arguments.file.display().to_string(), digest, bytes, signature, reach, manifest };
    output.answer(&answer, || text(&answer))?;
    Ok(Ending::Done)
}

fn signature(home: &Home, file: &Path) -> anyhow::Result<String> {
    let rules = purser_declare::load(&home.declarations()).map(|declarations| declarations.configuration.connectors);
    let judged = judge(&rules.unwrap_or_default(), &std::fs::read(file)?, read_signature(file).as_deref());
    Ok(judged.map_or_else(|refused| format!("refused: {refused}"), |signature| signature.to_string()))
}

fn text(answer: &Answer) -> String {
    let manifest = &answer.manifest;
    let mut text = format!(
        "{} {} by {}\n{}\ndigest {}, {} KiB, {}\n\nWHAT IT CAN REACH\n",
        manifest.name,
        manifest.version,
        manifest.vendor,
        manifest.description,
        answer.digest,
        answer.bytes / 1024,
        answer.signature
    );
    let reach = &answer.reach;
    let mut interfaces: Vec<_> =
        reach.interfaces.iter().map(|one| vec![one.name.clone(), one.meaning.clone()]).collect();
    if !reach.inert.is_empty() {
        let meaning = "nothing: linked without environment, files and network, since its language imports it";
        interfaces.push(vec![format!("{} interfaces of WASI", reach.inert.len()), meaning.to_owned()]);
    }
    text.push_str(&table(&[], interfaces));
    text.push_str("\n\nWHAT IT ASKS FOR\n");
    let endpoints = reach.endpoints.iter().map(|need| {
        vec![format!("HTTP endpoint `{}`", need.endpoint), format!("{}, such as {}", need.description, need.example)]
    });
    let directories = reach.directories.iter().map(|need| {
        let access = if need.writes { "read and write" } else { "read" };
        vec![format!("directory `{}`", need.directory), format!("{} ({access})", need.description)]
    });
    let permissions =
        reach.permissions.iter().map(|need| vec![format!("permission {}", need.name), need.reason.clone()]);
    text.push_str(&table(&[], endpoints.chain(directories).chain(permissions)));
    text.push_str("\n\nCLASSES\n");
    if manifest.classes.is_empty() {
        text.push_str("as its configuration says\n");
    }
    text.push_str(&table(&["CLASS", "KIND", "ATTRIBUTES", "OPERATIONS"], manifest.classes.iter().map(class_row)));
    text.push_str(&format!(
        "\n\nLIMITS\npages of {} objects, batches of {} operations\n",
        manifest.limits.page_size, manifest.limits.batch_size
    ));
    text
}

fn class_row(class: &ObjectClass) -> Vec<String> {
    let kind = match class.kind {
        ClassKind::Account => "account",
        ClassKind::Entitlement => "entitlement",
        ClassKind::Other => "other",
    };
    let operations = class.operations;
    let able = [
        ("search", operations.search),
        ("get", operations.get),
        ("changes", operations.changes),
        ("create", operations.create),
        ("update", operations.update),
        ("set-active", operations.set_active),
        ("delete", operations.delete),
        ("set-password", operations.set_password),
        ("grant", operations.grant),
        ("revoke", operations.revoke),
    ];
    let able: Vec<_> = able.into_iter().filter(|(_, can)| *can).map(|(name, _)| name).collect();
    vec![class.name.clone(), kind.to_owned(), class.attributes.len().to_string(), able.join(" ")]
}
