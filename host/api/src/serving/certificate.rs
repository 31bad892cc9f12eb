//! The certificate that the API is served with. It is read again when its files change; connections go on.

use purser_model::api::TlsFiles;
use purser_model::object::Digest;
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use tracing::{info, warn};

/// How often the files are looked at.
const BETWEEN_LOOKS: Duration = Duration::from_secs(2);

/// Why a certificate and its key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// A file cannot be read.
    #[error("{} cannot be read: {reason}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// A file is no PEM.
    #[error("{} is no PEM: {reason}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// There is no certificate.
    #[error("{} holds no certificate in PEM: it needs `-----BEGIN CERTIFICATE-----`, the host's own one first", .0.display())]
    NoCertificate(PathBuf),
    /// There is no key.
    #[error(
        "{} holds no private key in PEM that can be used: it needs a key without a passphrase, such as \
         `openssl genpkey -algorithm ED25519` makes",
        .0.display()
    )]
    NoKey(PathBuf),
    /// The two do not belong together.
    #[error("the key in {} is not that of the first certificate in {}", key.display(), certificate.display())]
    NotItsKey {
        /// The certificate.
        certificate: PathBuf,
        /// The key.
        key: PathBuf,
    },
    /// They cannot be used.
    #[error("{} cannot be used: {reason}", path.display())]
    Unusable {
        /// The file that is at fault.
        path: PathBuf,
        /// Why.
        reason: String,
    },
}

/// The certificate as it is now, kept up with its files.
#[derive(Debug)]
pub struct Certificates {
    files: TlsFiles,
    /// What the files held before they were read first: what is changed from then on is noticed.
    opened: [Option<Digest>; 2],
    now: RwLock<Arc<CertifiedKey>>,
}

impl Certificates {
    /// Reads the files.
    ///
    /// # Errors
    /// They cannot be used as they are.
    pub fn open(files: TlsFiles) -> Result<Self, CertificateError> {
        let opened = contents(&files);
        let now = RwLock::new(Arc::new(read(&files)?));
        Ok(Self { files, opened, now })
    }

    /// TLS 1.2 and 1.3 with whatever certificate there is when a connection begins.
    pub(super) fn server(self: &Arc<Self>) -> Arc<ServerConfig> {
        let builder = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("the provider knows the usual versions");
        let mut server = builder.with_no_client_auth().with_cert_resolver(self.clone());
        server.alpn_protocols = vec![b"http/1.1".to_vec()];
        Arc::new(server)
    }

    /// Reads the files again whenever they change; never ends. Files that cannot be used are named in the log, once, and
    /// the former certificate stays.
    pub async fn keep_up(&self) {
        let mut seen = self.opened;
        loop {
            tokio::time::sleep(BETWEEN_LOOKS).await;
            let found = contents(&self.files);
            if found == seen {
                continue;
            }
            seen = found;
            match read(&self.files) {
                Ok(read) => {
                    *self.now.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(read);
                    info!(certificate = %self.files.certificate.display(), "new connections get the new certificate");
                }
                Err(error) => warn!(%error, "the former certificate stays"),
            }
        }
    }
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.now.read().unwrap_or_else(PoisonError::into_inner).clone())
    }
}

/// What the files hold, as far as they can be read.
fn contents(files: &TlsFiles) -> [Option<Digest>; 2] {
    [&files.certificate, &files.key]
        .map(|path| std::fs::read(path).ok().map(|bytes| Digest(*blake3::hash(&bytes).as_bytes())))
}

fn read(files: &TlsFiles) -> Result<CertifiedKey, CertificateError> {
    let chain = certificates(&files.certificate)?;
    let key = PrivateKeyDer::from_pem_slice(&bytes(&files.key)?).map_err(|error| match error {
        pem::Error::NoItemsFound => CertificateError::NoKey(files.key.clone()),
        error => CertificateError::Malformed { path: files.key.clone(), reason: error.to_string() },
    })?;
    CertifiedKey::from_der(chain, key, &ring::default_provider()).map_err(|error| match error {
        rustls::Error::InconsistentKeys(_) => {
            CertificateError::NotItsKey { certificate: files.certificate.clone(), key: files.key.clone() }
        }
        rustls::Error::InvalidCertificate(reason) => {
            CertificateError::Unusable { path: files.certificate.clone(), reason: reason.to_string() }
        }
        error => CertificateError::Unusable { path: files.key.clone(), reason: error.to_string() },
    })
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, CertificateError> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&bytes(path)?).collect();
    let malformed =
        |error: pem::Error| CertificateError::Malformed { path: path.to_owned(), reason: error.to_string() };
    let found = found.map_err(malformed)?;
    if found.is_empty() { Err(CertificateError::NoCertificate(path.to_owned())) } else { Ok(found) }
}

fn bytes(path: &Path) -> Result<Vec<u8>, CertificateError> {
    std::fs::read(path)
        .map_err(|error| CertificateError::Unreadable { path: path.to_owned(), reason: error.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made() -> (String, String) {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        (made.cert.pem(), made.signing_key.serialize_pem())
    }

    fn refused(certificate: Option<&str>, key: Option<&str>) -> String {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: Option<&str>| {
            let path = folder.path().join(name);
            text.inspect(|text| std::fs::write(&path, text).unwrap());
            path
        };
        let files = TlsFiles { certificate: write("chain.pem", certificate), key: write("key.pem", key) };
        Certificates::open(files).unwrap_err().to_string()
    }

    #[test]
    fn what_cannot_be_used_is_named_with_its_file_and_reason() {
        let ((certificate, key), (_, another)) = (made(), made());
        let certificate = Some(certificate.as_str());
        let locked = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n";
        for (certificate, key, words) in [
            (None, Some(key.as_str()), ["chain.pem", "cannot be read: No such file"]),
            (certificate, None, ["key.pem", "cannot be read: No such file"]),
            (Some("nothing"), Some(&key), ["chain.pem", "no certificate in PEM"]),
            (certificate, Some("nothing"), ["key.pem", "no private key in PEM"]),
            (certificate, Some(locked), ["key.pem", "without a passphrase"]),
            (certificate, certificate, ["key.pem", "no private key in PEM"]),
            (certificate, Some(&another), ["key.pem is not that of the first certificate in", "chain.pem"]),
            (Some("-----BEGIN CERTIFICATE-----\n"), Some(&key), ["chain.pem", "is no PEM"]),
        ] {
            let said = refused(certificate, key);
            assert!(words.iter().all(|word| said.contains(word)), "{words:?} are not in: {said}");
        }
    }
}
