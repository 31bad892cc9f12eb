//! What an operator lets a connector instance reach.

use purser_broker::credential::read_secret;
use purser_broker::{Endpoint, KeptTokens, SecretError};
use purser_ldap::{Bind, DirectorySettings, Security};
use purser_model::configuration::GrantDeclaration;
use purser_model::directory_server::{DirectoryBind, DirectorySecurity, DirectoryServerGrant};
use purser_model::egress::AddressGrant;
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

/// The LDAP directory that a connector may use.
#[derive(Debug, Clone)]
pub struct LdapGrant {
    /// Where it is, and how it is reached.
    pub settings: DirectorySettings,
    /// Addresses that are not public and may be dialled.
    pub addresses: Vec<AddressGrant>,
}

/// All that a connector instance may reach; the default is nothing.
#[derive(Debug, Clone, Default)]
pub struct Grant {
    /// HTTP endpoints by the name that requests carry.
    pub endpoints: BTreeMap<String, Endpoint>,
    /// Directories by the name that requests carry.
    pub directories: BTreeMap<String, DirectoryGrant>,
    /// The LDAP directory.
    pub ldap: Option<LdapGrant>,
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
        grant.ldap = declaration.ldap.as_ref().map(|declared| directory_server(declared, sealed)).transpose()?;
        Ok(grant)
    }

    /// Keeps the refresh tokens that servers answer there.
    pub fn keep_tokens(&self, kept: &KeptTokens) {
        self.endpoints.values().for_each(|endpoint| endpoint.authentication.keep_tokens(kept));
    }
}

/// What secrets of the directory are called in messages.
const LDAP: &str = "ldap";

fn directory_server(declared: &DirectoryServerGrant, sealed: &NamedSecrets) -> Result<LdapGrant, SecretError> {
    let settings = DirectorySettings {
        security: match declared.security {
            DirectorySecurity::Tls => Security::Tls,
            DirectorySecurity::StartTls => Security::StartTls,
            DirectorySecurity::Plain => Security::Plain,
        },
        bind: match &declared.bind {
            DirectoryBind::Anonymous => Bind::Anonymous,
            DirectoryBind::Simple { name, password } => {
                Bind::Simple { name: name.clone(), password: read_secret(LDAP, password, sealed)? }
            }
            DirectoryBind::External { certificate, key } => {
                Bind::External { certificate: certificate.clone(), key: read_secret(LDAP, key, sealed)? }
            }
        },
        authorities: declared.authorities.clone(),
        timeout: declared.timeout,
        max_answer_bytes: declared.max_answer_bytes,
        sessions: declared.sessions,
        ..DirectorySettings::new(declared.host.clone(), declared.port)
    };
    Ok(LdapGrant { settings, addresses: declared.addresses.clone() })
}
