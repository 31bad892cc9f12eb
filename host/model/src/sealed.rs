//! Secrets as the store keeps them: sealed, so that whoever reads the store without the key reads nothing.

use crate::configuration::{Configuration, GrantDeclaration};
use crate::id::SecretName;
use crate::webhook::Webhook;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Which key something is sealed with. It follows from the key and tells nothing about it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SealingKeyId(pub String);

impl fmt::Display for SealingKeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// A sealed secret. Its name and version are sealed with it: no row can take the place of another.
#[derive(Clone, PartialEq, Eq)]
pub struct SealedSecret {
    /// The name that declarations use.
    pub name: SecretName,
    /// Counts from 1, with each new value.
    pub version: u32,
    /// The key that seals the data key.
    pub key: SealingKeyId,
    /// The data key, sealed.
    pub wrapped_key: Vec<u8>,
    /// The secret, sealed with the data key.
    pub sealed: Vec<u8>,
}

impl fmt::Debug for SealedSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SealedSecret({} version {}, key {})", self.name, self.version, self.key)
    }
}

impl Configuration {
    /// What refers to a secret of the sealed store: `target crm, endpoint scim`.
    pub fn users_of_secret(&self, name: &SecretName) -> Vec<String> {
        let of = |subject: String, grant: &GrantDeclaration| {
            let uses = grant.sealed_secrets().filter(|(_, used)| *used == name);
            uses.map(|(endpoint, _)| format!("{subject}, endpoint {endpoint}")).collect::<Vec<_>>()
        };
        let sources = self.sources.iter().map(|(source, one)| of(format!("source {source}"), &one.instance.grant));
        let targets = self.targets.iter().map(|(target, one)| of(format!("target {target}"), &one.instance.grant));
        let signs = |webhook: &Webhook| webhook.secret == *name || webhook.previous_secret.as_ref() == Some(name);
        let webhooks = self.webhooks.iter().filter(|(_, one)| signs(one));
        let webhooks = webhooks.map(|(webhook, _)| format!("webhook {webhook}"));
        let issuers = self.issuers.iter().filter(|(_, one)| one.sealed_secret() == Some(name));
        let issuers = issuers.map(|(issuer, _)| format!("issuer {issuer}"));
        let mut users = sources.chain(targets).flatten().chain(webhooks).chain(issuers).collect::<Vec<_>>();
        users.dedup();
        users
    }
}
