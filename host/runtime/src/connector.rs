//! A connector that has been loaded, checked and compiled.

use crate::bindings::GuestPre;
use crate::call::{self, CallState};
use crate::runtime::{self, Shared};
use crate::{convert, inspect};
use purser_connector::Fault;
use purser_model::manifest::{DirectoryNeed, EgressNeed, Manifest, PermissionNeed};
use serde::Serialize;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// blake3 digest of a connector's file; shown in hexadecimal.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectorDigest(pub [u8; 32]);

impl fmt::Display for ConnectorDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&blake3::Hash::from(self.0).to_hex())
    }
}

impl fmt::Debug for ConnectorDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ConnectorDigest({self})")
    }
}

/// A connector. [`Connector::session`] makes a configured source or target of it.
pub struct Connector {
    pub(crate) shared: Arc<Shared>,
    pub(crate) pre: GuestPre<CallState>,
    pub(crate) manifest: Manifest,
    pub(crate) digest: ConnectorDigest,
    pub(crate) imports: Vec<String>,
    pub(crate) file_bytes: u64,
    pub(crate) path: PathBuf,
}

impl Connector {
    /// What it says about itself.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The digest of its file.
    pub fn digest(&self) -> ConnectorDigest {
        self.digest
    }

    /// The full names of the interfaces that it imports, such as `purser:connector/http@0.1.0`.
    pub fn imports(&self) -> &[String] {
        &self.imports
    }

    /// The size of its file in bytes.
    pub fn file_bytes(&self) -> u64 {
        self.file_bytes
    }

    /// The file it was loaded from.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Carries a configuration that was written for an older version of the connector forward. As when it describes itself,
    /// the connector can reach nothing meanwhile.
    ///
    /// # Errors
    /// The connector cannot, or its answer is no JSON object.
    pub async fn upgrade_config(
        &self,
        from_version: &semver::Version,
        config: &serde_json::Value,
    ) -> Result<serde_json::Value, Fault> {
        let (from, config) = (from_version.to_string(), config.to_string());
        let state = runtime::without_capabilities(&self.shared, &self.path);
        let answer = call::run(&self.pre, &self.shared, state, move |guest, store| {
            Box::pin(async move { guest.call_upgrade_config(store, &from, &config).await })
        });
        let answer = answer.await?.map_err(|error| Fault::Connector(error.into()))?;
        let upgraded = convert::json(&answer, || "upgrade-config: the new configuration".to_owned())?;
        if upgraded.is_object() {
            return Ok(upgraded);
        }
        Err(Fault::BrokenContract("upgrade-config: the new configuration is no JSON object".to_owned()))
    }

    /// The complete list of what it can reach once its needs are granted.
    pub fn reach(&self) -> Reach<'_> {
        Reach {
            interfaces: self
                .imports
                .iter()
                .filter(|name| !inspect::is_inert(name))
                .map(|name| InterfaceReach { name, meaning: inspect::meaning(name) })
                .collect(),
            inert: self.imports.iter().map(String::as_str).filter(|name| inspect::is_inert(name)).collect(),
            endpoints: &self.manifest.egress,
            directories: &self.manifest.directories,
            permissions: &self.manifest.permissions,
        }
    }
}

impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connector")
            .field("name", &self.manifest.name)
            .field("version", &self.manifest.version)
            .field("digest", &self.digest)
            .finish_non_exhaustive()
    }
}

/// An interface that a connector imports.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct InterfaceReach<'a> {
    /// Its full name.
    pub name: &'a str,
    /// What it lets the connector do, for the operator.
    pub meaning: &'static str,
}

/// What a connector can reach.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reach<'a> {
    /// Interfaces, by the component's imports: the runtime holds it to these.
    pub interfaces: Vec<InterfaceReach<'a>>,
    /// Interfaces of WASI that its language's toolchain imports and that reach nothing here.
    pub inert: Vec<&'a str>,
    /// HTTP endpoints it asks for.
    pub endpoints: &'a [EgressNeed],
    /// Directories it asks for.
    pub directories: &'a [DirectoryNeed],
    /// Permissions that its credential needs in the target.
    pub permissions: &'a [PermissionNeed],
}
