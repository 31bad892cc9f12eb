//! `purser connector drop-in`: validates a component and puts it into the folder, here or at a host.

use crate::Ending;
use crate::cli::DropInConnector;
use crate::folder::read_signature;
use crate::home::Home;
use crate::inspected::detail;
use crate::output::Output;
use crate::remote::{FormPart, Remote};
use anyhow::Context;
use purser_api::{ConnectorDetail, FileName};
use serde::{Deserialize, Serialize};
use std::path::Path;

#[derive(Serialize, Deserialize)]
struct DroppedIn {
    file: String,
    connector: ConnectorDetail,
}

/// Runs the command. A host that serves in the home takes the file up by itself.
pub async fn run(home: &Home, arguments: &DropInConnector, output: &Output) -> anyhow::Result<Ending> {
    let (name, component, signature) = read(&arguments.file)?;
    let folder = super::list::open_folder(home)?;
    let validated = folder.validate(&arguments.file, component.clone(), signature.as_deref()).await;
    let (connector, signed) = validated.map_err(anyhow::Error::msg)?;
    folder.put(name.as_str(), &component, signature.as_deref()).await?;
    show(&DroppedIn { file: name.to_string(), connector: detail(&connector, &signed) }, output)
}

/// The same at a host that serves.
pub async fn ask(remote: &Remote, arguments: &DropInConnector, output: &Output) -> anyhow::Result<Ending> {
    let (name, component, signature) = read(&arguments.file)?;
    let mut parts = vec![FormPart::file("component", name.as_str(), component)];
    parts.extend(signature.map(|text| FormPart::text("signature", text)));
    show(&remote.send_form("/v1/connectors", parts).await?, output)
}

/// The name of the file, the component in it, and the signature beside it.
fn read(file: &Path) -> anyhow::Result<(FileName, Vec<u8>, Option<String>)> {
    let name = file.file_name().unwrap_or_default().to_string_lossy().parse::<FileName>()?;
    let component = std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    Ok((name, component, read_signature(file)))
}

fn show(dropped: &DroppedIn, output: &Output) -> anyhow::Result<Ending> {
    output.answer(dropped, || {
        let ConnectorDetail { manifest, signature, .. } = &dropped.connector;
        format!("{} lies in the folder: {} {}, {signature}", dropped.file, manifest.name, manifest.version)
    })?;
    Ok(Ending::Done)
}
