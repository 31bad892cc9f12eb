//! The folder of connectors, as the API asks for it.

use crate::inspected::{compared, connector_files, detail};
use crate::pruning::{prune, unneeded};
use crate::registry::Registry;
use async_trait::async_trait;
use jiff::Timestamp;
use purser_api::{ConnectorDetail, ConnectorDifference, ConnectorFile, Connectors, ConnectorsError, Upload};
use purser_model::configuration::{Configuration, Instance};
use purser_plan::Rules;
use purser_store::Store;
use std::path::Path;
use std::sync::Arc;

/// The connectors of a host that serves.
pub struct DroppedConnectors {
    /// Which builds are used.
    pub registry: Arc<Registry>,
    /// Where that is kept.
    pub store: Arc<dyn Store>,
    /// What is declared.
    pub rules: Arc<Rules>,
}

fn failed(error: &anyhow::Error) -> ConnectorsError {
    ConnectorsError::Failed(format!("{error:#}"))
}

/// The source or target that a subject such as `target crm` names.
fn instance<'a>(configuration: &'a Configuration, subject: &str) -> Option<&'a Instance> {
    let (kind, name) = subject.split_once(' ')?;
    match kind {
        "source" => configuration.sources.get(&name.parse().ok()?).map(|source| &source.instance),
        _ => configuration.targets.get(&name.parse().ok()?).map(|target| &target.instance),
    }
}

#[async_trait]
impl Connectors for DroppedConnectors {
    async fn files(&self) -> Result<Vec<ConnectorFile>, ConnectorsError> {
        let uses = self.store.connector_uses().await.map_err(|error| ConnectorsError::Failed(error.to_string()))?;
        connector_files(self.registry.folder(), &uses).await.map_err(|error| failed(&error))
    }

    async fn inspect(&self, digest: &str) -> Result<ConnectorDetail, ConnectorsError> {
        let folder = self.registry.folder();
        let kept = folder.copies().digests().map_err(|error| ConnectorsError::Failed(error.to_string()))?;
        if !kept.contains(digest) {
            return Err(ConnectorsError::NotKept(digest.to_owned()));
        }
        folder.detail(digest).await.map_err(|error| ConnectorsError::Refused(format!("{error:#}")))
    }

    async fn differences(&self, former: &str, newer: &str) -> Result<Vec<ConnectorDifference>, ConnectorsError> {
        Ok(compared(&self.inspect(former).await?, &self.inspect(newer).await?))
    }

    async fn check(&self, upload: &Upload) -> Result<ConnectorDetail, ConnectorsError> {
        let (path, bytes) = (Path::new(upload.file.as_str()), upload.component.clone());
        let validated = self.registry.folder().validate(path, bytes, upload.signature.as_deref()).await;
        let (connector, signature) = validated.map_err(ConnectorsError::Refused)?;
        Ok(detail(&connector, &signature))
    }

    async fn drop_in(&self, upload: Upload) -> Result<(), ConnectorsError> {
        let Upload { file, component, signature } = upload;
        let path = self.registry.folder().put(file.as_str(), &component, signature.as_deref()).await;
        let path = path.map_err(|error| failed(&error))?;
        self.registry.look().await.map_err(|error| failed(&error))?;
        let found = self.registry.folder().all().into_iter().find(|(other, _)| *other == path);
        match found {
            Some((_, Ok(_))) => Ok(()),
            Some((_, Err(reason))) => Err(ConnectorsError::Refused(reason)),
            None => Err(ConnectorsError::Refused(format!("{file} was removed from the folder at once"))),
        }
    }

    async fn prune(&self, dry_run: bool, now: Timestamp) -> Result<Vec<String>, ConnectorsError> {
        let (store, configuration, now) = (self.store.as_ref(), self.rules.configuration(), now.into());
        let copies = match dry_run {
            true => unneeded(&self.registry, store, configuration, now).await,
            false => prune(&self.registry, store, configuration, now).await,
        };
        copies.map_err(|error| failed(&error))
    }

    async fn decide(&self, subject: &str) -> Result<(), ConnectorsError> {
        let declared = instance(self.rules.configuration(), subject);
        let declared = declared.ok_or_else(|| ConnectorsError::NotDeclared(subject.to_owned()))?;
        self.registry.look().await.map_err(|error| failed(&error))?;
        let found = self.registry.find(subject, declared, true).await;
        found.map(|_| ()).map_err(|error| ConnectorsError::Refused(format!("{error:#}")))
    }
}
