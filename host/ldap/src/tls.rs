//! TLS to a directory: who may have signed its certificate, and who we are.

use crate::error::SettingsError;
use crate::settings::{Bind, DirectorySettings, Security};
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::BuilderVerifierExt;
use std::path::Path;
use std::sync::Arc;

/// What is needed for a handshake.
#[derive(Clone)]
pub(crate) struct Tls {
    pub(crate) config: Arc<ClientConfig>,
    pub(crate) server: ServerName<'static>,
}

/// TLS for this directory; none where it is not protected.
pub(crate) fn tls(settings: &DirectorySettings) -> Result<Option<Tls>, SettingsError> {
    if settings.security == Security::Plain {
        return match settings.bind {
            Bind::Anonymous => Ok(None),
            Bind::Simple { .. } => Err(SettingsError::PasswordInClear),
            Bind::External { .. } => Err(SettingsError::CertificateInClear),
        };
    }
    let server = ServerName::try_from(settings.host.clone()).map_err(|_| SettingsError::Host(settings.host.clone()))?;
    let broken = |error: rustls::Error| SettingsError::Tls(error.to_string());
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(broken)?;
    let builder = match &settings.authorities {
        Some(path) => builder.with_root_certificates(authorities(path)?),
        None => builder.with_platform_verifier().map_err(broken)?,
    };
    let config = match &settings.bind {
        Bind::External { certificate, key } => {
            let key = PrivateKeyDer::from_pem_slice(key.reveal().as_bytes())
                .map_err(|error| SettingsError::Key(error.to_string()))?;
            builder
                .with_client_auth_cert(certificates(certificate)?, key)
                .map_err(|error| SettingsError::Key(error.to_string()))?
        }
        Bind::Anonymous | Bind::Simple { .. } => builder.with_no_client_auth(),
    };
    Ok(Some(Tls { config: Arc::new(config), server }))
}

fn authorities(path: &Path) -> Result<RootCertStore, SettingsError> {
    let mut store = RootCertStore::empty();
    for certificate in certificates(path)? {
        store
            .add(certificate)
            .map_err(|error| SettingsError::Certificates { path: path.to_path_buf(), reason: error.to_string() })?;
    }
    Ok(store)
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, SettingsError> {
    let problem = |reason: String| SettingsError::Certificates { path: path.to_path_buf(), reason };
    let read = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let certificates = read.map_err(|error| problem(error.to_string()))?;
    if certificates.is_empty() {
        return Err(problem("it holds no certificate in PEM".to_owned()));
    }
    Ok(certificates)
}
