//! What an API is given that has no host: there is no folder, no key and no file, and everything about them is refused.

use super::{
    Applied, CheckFailed, Checked, Checks, ConnectorDetail, ConnectorDifference, ConnectorFile, Connectors,
    ConnectorsError, DeclarationFile, Declarations, DeclarationsError, Declared, Digested, Foreseen, KeyRotated,
    SecretError, SecretKeeper, SecretSet, Upload,
};
use async_trait::async_trait;
use jiff::Timestamp;
use purser_model::guard::Guard;
use purser_model::id::{SecretName, TargetName};
use purser_model::secret::Secret;
use purser_store::Store;
use std::sync::Arc;

const NOTHING: &str = "there is nothing of this kind here";

/// Nothing: what the API has where it is served for the sake of other routes.
#[derive(Debug, Clone, Copy)]
pub struct Nothing;

#[async_trait]
impl Checks for Nothing {
    async fn check(&self) -> Result<Vec<Checked>, CheckFailed> {
        Ok(Vec::new())
    }
}

#[async_trait]
impl Connectors for Nothing {
    async fn files(&self) -> Result<Vec<ConnectorFile>, ConnectorsError> {
        Ok(Vec::new())
    }

    async fn inspect(&self, digest: &str) -> Result<ConnectorDetail, ConnectorsError> {
        Err(ConnectorsError::NotKept(digest.to_owned()))
    }

    async fn differences(&self, former: &str, _newer: &str) -> Result<Vec<ConnectorDifference>, ConnectorsError> {
        Err(ConnectorsError::NotKept(former.to_owned()))
    }

    async fn check(&self, _upload: &Upload) -> Result<ConnectorDetail, ConnectorsError> {
        Err(ConnectorsError::Refused(NOTHING.to_owned()))
    }

    async fn drop_in(&self, _upload: Upload) -> Result<(), ConnectorsError> {
        Err(ConnectorsError::Refused(NOTHING.to_owned()))
    }

    async fn prune(&self, _dry_run: bool, _now: Timestamp) -> Result<Vec<String>, ConnectorsError> {
        Ok(Vec::new())
    }

    async fn decide(&self, subject: &str) -> Result<(), ConnectorsError> {
        Err(ConnectorsError::NotDeclared(subject.to_owned()))
    }
}

#[async_trait]
impl SecretKeeper for Nothing {
    async fn set(
        &self,
        _acting: Arc<dyn Store>,
        _name: &SecretName,
        _secret: &Secret,
        _now: Timestamp,
    ) -> Result<SecretSet, SecretError> {
        Err(SecretError::NoKey(NOTHING.to_owned()))
    }

    async fn remove(&self, _acting: Arc<dyn Store>, _name: &SecretName, _now: Timestamp) -> Result<(), SecretError> {
        Err(SecretError::NoKey(NOTHING.to_owned()))
    }

    async fn rotate_key(&self, _acting: Arc<dyn Store>, _now: Timestamp) -> Result<KeyRotated, SecretError> {
        Err(SecretError::NoKey(NOTHING.to_owned()))
    }
}

#[async_trait]
impl Declarations for Nothing {
    fn in_force(&self) -> Declared {
        Declared { files: Vec::new(), digest: Digested::of(&[]) }
    }

    fn with_guard(&self, _target: &TargetName, _guard: Guard) -> Result<Vec<DeclarationFile>, DeclarationsError> {
        Err(DeclarationsError::Refused(NOTHING.to_owned()))
    }

    async fn foresee(&self, _files: Vec<DeclarationFile>) -> Result<Foreseen, DeclarationsError> {
        Err(DeclarationsError::Refused(NOTHING.to_owned()))
    }

    async fn apply(
        &self,
        _files: Vec<DeclarationFile>,
        _made_for: &str,
        _acting: Arc<dyn Store>,
    ) -> Result<Applied, DeclarationsError> {
        Err(DeclarationsError::Refused(NOTHING.to_owned()))
    }
}
