//! What a host gives to the API, as far as these tests need it: there is no folder of connectors and no key.

use super::DECLARATIONS;
use crate::ports::{
    Applied, ConnectorDetail, ConnectorDifference, ConnectorFile, Connectors, ConnectorsError, DeclarationFile,
    DeclarationMistake, Declarations, DeclarationsError, Declared, Digested, Foreseen, KeyRotated, SecretError,
    SecretKeeper, SecretSet, Upload,
};
use async_trait::async_trait;
use jiff::Timestamp;
use purser_model::guard::Guard;
use purser_model::id::{SecretName, TargetName};
use purser_model::secret::Secret;
use purser_store::Store;
use std::sync::Arc;

pub(super) struct Elsewhere;

#[async_trait]
impl Connectors for Elsewhere {
    async fn files(&self) -> Result<Vec<ConnectorFile>, ConnectorsError> {
        Ok(Vec::new())
    }

    async fn inspect(&self, digest: &str) -> Result<ConnectorDetail, ConnectorsError> {
        Err(ConnectorsError::NotKept(digest.to_owned()))
    }

    async fn differences(&self, former: &str, _newer: &str) -> Result<Vec<ConnectorDifference>, ConnectorsError> {
        Err(ConnectorsError::NotKept(former.to_owned()))
    }

    async fn check(&self, upload: &Upload) -> Result<ConnectorDetail, ConnectorsError> {
        Err(ConnectorsError::Refused(format!("{}: {} bytes are no component", upload.file, upload.component.len())))
    }

    async fn drop_in(&self, _upload: Upload) -> Result<(), ConnectorsError> {
        Err(ConnectorsError::Failed("there is no folder".to_owned()))
    }

    async fn prune(&self, _dry_run: bool, _now: Timestamp) -> Result<Vec<String>, ConnectorsError> {
        Ok(Vec::new())
    }

    async fn decide(&self, subject: &str) -> Result<(), ConnectorsError> {
        Err(ConnectorsError::NotDeclared(subject.to_owned()))
    }
}

#[async_trait]
impl SecretKeeper for Elsewhere {
    async fn set(
        &self,
        _acting: Arc<dyn Store>,
        _name: &SecretName,
        _secret: &Secret,
        _now: Timestamp,
    ) -> Result<SecretSet, SecretError> {
        Err(SecretError::NoKey("there is no key".to_owned()))
    }

    async fn remove(&self, acting: Arc<dyn Store>, name: &SecretName, now: Timestamp) -> Result<(), SecretError> {
        Ok(acting.remove_secret(name, now).await?)
    }

    async fn rotate_key(&self, _acting: Arc<dyn Store>, _now: Timestamp) -> Result<KeyRotated, SecretError> {
        Err(SecretError::NoKey("there is no key".to_owned()))
    }
}

fn files() -> Vec<DeclarationFile> {
    vec![DeclarationFile { name: "all.toml".to_owned(), text: DECLARATIONS.to_owned() }]
}

/// A file that says `wrong` holds a mistake.
fn judge(files: &[DeclarationFile]) -> Result<(), DeclarationsError> {
    let wrong = files.iter().filter(|file| file.text.contains("wrong")).map(|file| DeclarationMistake {
        file: file.name.clone(),
        line: Some(1),
        column: Some(1),
        key: String::new(),
        message: "this is wrong".to_owned(),
    });
    let mistakes: Vec<_> = wrong.collect();
    if mistakes.is_empty() { Ok(()) } else { Err(DeclarationsError::Mistakes(mistakes)) }
}

#[async_trait]
impl Declarations for Elsewhere {
    fn in_force(&self) -> Declared {
        Declared { digest: Digested::of(&files()), files: files() }
    }

    fn with_guard(&self, _target: &TargetName, _guard: Guard) -> Result<Vec<DeclarationFile>, DeclarationsError> {
        Ok(files())
    }

    async fn foresee(&self, files: Vec<DeclarationFile>) -> Result<Foreseen, DeclarationsError> {
        judge(&files).map(|()| Foreseen::default())
    }

    async fn apply(
        &self,
        wanted: Vec<DeclarationFile>,
        made_for: &str,
        _acting: Arc<dyn Store>,
    ) -> Result<Applied, DeclarationsError> {
        let digest = Digested::of(&files());
        if made_for != digest.as_str() {
            return Err(DeclarationsError::Overtaken(digest));
        }
        judge(&wanted)?;
        Ok(Applied { digest: Digested::of(&wanted).to_string(), identities: 0, woken: 0 })
    }
}
