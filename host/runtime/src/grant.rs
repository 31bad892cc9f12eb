//! What an operator lets a connector instance reach.

use purser_broker::{Endpoint, KeptTokens, SecretError};
use purser_model::configuration::GrantDeclaration;
use purser_model::secret::NamedSecrets;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Whether a connector may change what is in a directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// It lists and reads.
    ReadOnly,
    /// It also replaces and removes files, in the write phase only.
    ReadWrite,
}

/// A directory that a connector may use. No path out of it is followed, by dots or by symbolic links.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirectoryGrant {
    /// Where it is on the host.
    pub path: PathBuf,
    /// Whether it may be changed.
    pub access: Access,
}

/// All that a connector instance may reach; the default is nothing.
#[derive(Debug, Clone, Default)]
pub struct Grant {
    /// HTTP endpoints by the name that requests carry.
    pub endpoints: BTreeMap<String, Endpoint>,
    /// Directories by the name that requests carry.
    pub directories: BTreeMap<String, DirectoryGrant>,
}

impl Grant {
    /// Reads the secrets that a declaration refers to; `sealed` are those of the sealed store.
    ///
    /// # Errors
    /// A secret is missing, unreadable or empty; the error names the endpoint and the place.
    pub fn resolve(declaration: &GrantDeclaration, sealed: &NamedSecrets) -> Result<Self, SecretError> {
        let mut grant = Self::default();
        for (name, declared) in &declaration.endpoints {
            grant.endpoints.insert(name.clone(), Endpoint::resolve(name, declared, sealed)?);
        }
        for (name, declared) in &declaration.directories {
            let access = if declared.writes { Access::ReadWrite } else { Access::ReadOnly };
            grant.directories.insert(name.clone(), DirectoryGrant { path: declared.path.clone(), access });
        }
        Ok(grant)
    }

    /// Keeps the refresh tokens that servers answer there.
    pub fn keep_tokens(&self, kept: &KeptTokens) {
        self.endpoints.values().for_each(|endpoint| endpoint.authentication.keep_tokens(kept));
    }
}
