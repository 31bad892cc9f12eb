//! An authority of the tests' own, and a client that trusts it alone.

use crate::http::Message;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType, IsCa, KeyPair};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, ProtocolVersion, RootCertStore, StreamOwned, SupportedProtocolVersion};
use std::io::{self, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_mins(1);

/// Signs certificates.
pub struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    /// A new one.
    #[expect(clippy::new_without_default, reason = "each is another one")]
    pub fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).expect("no names are right names");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key can be made");
        Self(CertifiedIssuer::self_signed(params, key).expect("a certificate can be made"))
    }

    /// Its own certificate, in PEM.
    pub fn pem(&self) -> String {
        self.0.pem()
    }

    /// A certificate for this machine and its key, in PEM.
    pub fn certify(&self) -> (String, String) {
        self.certify_as("localhost", "127.0.0.1")
    }

    /// A certificate for who has this name, which is its common name too, and this address; and its key, in PEM.
    pub fn certify_as(&self, name: &str, address: &str) -> (String, String) {
        let key = KeyPair::generate().expect("a key can be made");
        let mut params = CertificateParams::new([name.to_owned(), address.to_owned()]).expect("the names are right");
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, name);
        let certificate = params.signed_by(&key, &self.0).expect("a certificate can be made");
        (certificate.pem(), key.serialize_pem())
    }

    /// A client that trusts this authority, in these versions of TLS.
    pub fn client(&self, versions: &[&'static SupportedProtocolVersion]) -> TlsClient {
        TlsClient(trusting(&self.pem(), versions))
    }
}

/// What a client needs that trusts this authority (PEM) alone, in these versions of TLS.
///
/// # Panics
/// It is no certificate.
pub fn trusting(authority: &str, versions: &[&'static SupportedProtocolVersion]) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    let certificate = CertificateDer::from_pem_slice(authority.as_bytes()).expect("it is PEM");
    roots.add(certificate).expect("it is a certificate");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_protocol_versions(versions);
    let builder = builder.expect("the provider knows them");
    Arc::new(builder.with_root_certificates(roots).with_no_client_auth())
}

/// Connects to hosts of this machine.
pub struct TlsClient(Arc<ClientConfig>);

impl TlsClient {
    /// Connects.
    ///
    /// # Errors
    /// Nobody listens, or the certificate is not one of the authority.
    pub fn connect(&self, address: SocketAddr) -> io::Result<TlsConnection> {
        let mut stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let name = ServerName::IpAddress(address.ip().into());
        let mut session = ClientConnection::new(self.0.clone(), name).map_err(io::Error::other)?;
        while session.is_handshaking() {
            session.complete_io(&mut stream)?;
        }
        Ok(TlsConnection(BufReader::new(StreamOwned::new(session, stream))))
    }
}

/// A connection that stays for many requests.
pub struct TlsConnection(BufReader<StreamOwned<ClientConnection, TcpStream>>);

impl TlsConnection {
    /// Asks for a path and reads the answer.
    ///
    /// # Errors
    /// The connection ends before the answer does.
    pub fn get(&mut self, path: &str) -> io::Result<Message> {
        let stream = self.0.get_mut();
        stream.write_all(format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n").as_bytes())?;
        stream.flush()?;
        Message::read_counted(&mut self.0)
    }

    /// Asks for something with these headers and this body, and reads the answer.
    ///
    /// # Errors
    /// The connection ends before the answer does.
    pub fn ask(&mut self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> io::Result<Message> {
        let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let length = body.len();
        let head = format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n{headers}\r\n");
        let stream = self.0.get_mut();
        stream.write_all(format!("{head}{body}").as_bytes())?;
        stream.flush()?;
        Message::read_counted(&mut self.0)
    }

    /// The certificate that was shown.
    pub fn certificate(&self) -> Vec<u8> {
        let shown = self.0.get_ref().conn.peer_certificates().and_then(|all| all.first());
        shown.map(|one| one.to_vec()).unwrap_or_default()
    }

    /// The version that is spoken.
    pub fn version(&self) -> Option<ProtocolVersion> {
        self.0.get_ref().conn.protocol_version()
    }
}
