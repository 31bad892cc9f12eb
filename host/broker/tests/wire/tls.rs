//! Servers are believed for their certificates: those that the system trusts, or the operator's own.

use crate::peer::{EMPTY, Peer, Script, User, get};
use purser_broker::Endpoint;
use purser_broker::http::{Broker, EndpointError, Error};
use purser_model::egress::EgressRules;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use url::Url;

struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    /// The file that an operator would name under `ca`.
    fn file(&self, folder: &Path) -> PathBuf {
        let path = folder.join("ca.pem");
        fs::write(&path, self.0.pem()).unwrap();
        path
    }

    /// A server with a certificate for this name.
    async fn serve(&self, name: &str) -> Peer {
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(vec![name.to_owned()]).unwrap().signed_by(&key, &self.0).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], PrivateKeyDer::Pkcs8(key.serialize_der().into()))
            .unwrap();
        Peer::serving(Some(TlsAcceptor::from(Arc::new(config))), Arc::new(|_| EMPTY.to_owned())).await
    }
}

fn endpoint(host: &str, port: u16, ca: Option<PathBuf>) -> Endpoint {
    let addresses = vec![format!("127.0.0.1:{port}").parse().unwrap()];
    let egress = EgressRules { ca, addresses, ..EgressRules::default() };
    Endpoint { egress, ..Endpoint::new(Url::parse(&format!("https://{host}:{port}/")).unwrap()) }
}

async fn outcome(host: &str, port: u16, ca: Option<PathBuf>) -> Result<u16, Error> {
    let mut user = User::with_names(endpoint(host, port, ca), Script::to_loopback(&["app.example", "other.example"]));
    user.send(get("/")).await.map(|response| response.status)
}

#[tokio::test]
async fn the_operator_s_authority_is_trusted_and_for_the_right_name_only() {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new();
    let peer = authority.serve("app.example").await;
    assert_eq!(outcome("app.example", peer.port, Some(authority.file(folder.path()))).await, Ok(200));
    for wrong in ["other.example", "127.0.0.1", "localhost"] {
        let refused = outcome(wrong, peer.port, Some(authority.file(folder.path()))).await;
        assert!(matches!(&refused, Err(Error::Unreachable(reason)) if reason.contains("certificate")), "{refused:?}");
    }
    assert_eq!(peer.received().len(), 1);
}

#[tokio::test]
async fn an_unknown_authority_is_not_trusted() {
    let folder = tempfile::tempdir().unwrap();
    let peer = Authority::new().serve("app.example").await;
    let another = Authority::new().file(folder.path());
    let refused = outcome("app.example", peer.port, Some(another)).await;
    assert!(matches!(&refused, Err(Error::Unreachable(reason)) if reason.contains("certificate")), "{refused:?}");
    assert_eq!(peer.received().len(), 0);
}

#[tokio::test]
async fn the_system_does_not_know_an_authority_of_our_own() {
    let peer = Authority::new().serve("app.example").await;
    let broker = Broker::new(&BTreeMap::from([("api".to_owned(), endpoint("app.example", peer.port, None))]));
    // A machine without a store of certificates cannot have an endpoint with TLS at all.
    if broker.is_ok() {
        let refused = outcome("app.example", peer.port, None).await;
        assert!(matches!(&refused, Err(Error::Unreachable(_))), "{refused:?}");
    } else {
        assert!(matches!(broker, Err(EndpointError::Tls { .. })), "{broker:?}");
    }
    assert_eq!(peer.received().len(), 0);
}

#[test]
fn a_file_without_certificates_is_refused_with_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let empty = folder.path().join("empty.pem");
    fs::write(&empty, "no certificate").unwrap();
    for path in [empty, folder.path().join("missing.pem")] {
        let endpoint = endpoint("app.example", 443, Some(path.clone()));
        let error = Broker::new(&BTreeMap::from([("api".to_owned(), endpoint)])).unwrap_err();
        assert!(matches!(&error, EndpointError::Ca { path: named, .. } if *named == path), "{error}");
        assert!(error.to_string().contains("`api`"), "{error}");
    }
}
