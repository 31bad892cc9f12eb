//! What is put on each request or connection: headers of the application's own, and client certificates.

use super::issuer::{Seen, Server, serve};
use super::*;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

#[tokio::test]
async fn a_header_of_the_application_s_own_carries_the_secret_and_an_answer_does_not() {
    let target = Server::start(|seen: &Seen| (200, seen.headers["x-api-key"].clone())).await;
    let declared = EndpointAuthentication::Header { name: "X-Api-Key".into(), value: sealed("client") };
    let authentication = Authentication::resolve("api", &declared, &EgressRules::default(), &known(&[])).unwrap();
    let endpoint = Endpoint { authentication, ..Endpoint::new(target.url.parse().unwrap()) };
    let answer = get(&endpoint).await.unwrap();
    assert_eq!(target.seen()[0].headers["x-api-key"], SECRET);
    assert!(!String::from_utf8(answer.body).unwrap().contains(SECRET));
}

#[tokio::test]
async fn a_secret_that_would_break_a_header_is_not_sent() {
    let target = Server::start(|_| (200, String::new())).await;
    let declared = EndpointAuthentication::Header { name: "X-Api-Key".into(), value: sealed("broken") };
    let known = known(&[("broken", "hunter2\r\nX-Admin: yes")]);
    let authentication = Authentication::resolve("api", &declared, &EgressRules::default(), &known).unwrap();
    let endpoint = Endpoint { authentication, ..Endpoint::new(target.url.parse().unwrap()) };
    let error = get(&endpoint).await.unwrap_err().to_string();
    assert!(error.contains("x-api-key") && !error.contains("hunter2"), "{error}");
    assert!(target.seen().is_empty());
}

struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self { issuer: CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap() }
    }

    fn issue(&self, name: &str) -> (rcgen::Certificate, KeyPair) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new([name.to_owned()]).unwrap();
        (params.signed_by(&key, &self.issuer).unwrap(), key)
    }
}

/// Takes one connection after the other, only with a certificate of the authority.
async fn mutual_server(authority: &Authority) -> (u16, tokio::task::JoinHandle<()>) {
    let mut roots = RootCertStore::empty();
    roots.add(authority.issuer.der().clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = WebPkiClientVerifier::builder_with_provider(roots.into(), provider.clone()).build().unwrap();
    let (certificate, key) = authority.issue("127.0.0.1");
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(verifier)
        .with_single_cert(vec![certificate.der().clone()], PrivatePkcs8KeyDer::from(key.serialize_der()).into())
        .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let task = tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(stream) = acceptor.accept(stream).await else { continue };
            serve(stream, &Mutex::default(), &|_: &Seen| (200, "you are known".to_owned())).await;
        }
    });
    (port, task)
}

#[tokio::test]
async fn a_client_certificate_opens_the_connection_and_none_does_not() {
    let authority = Authority::new();
    let folder = tempfile::tempdir().unwrap();
    let (ca, client_file) = (folder.path().join("ca.pem"), folder.path().join("client.pem"));
    std::fs::write(&ca, authority.issuer.pem()).unwrap();
    let (certificate, key) = authority.issue("purser");
    std::fs::write(&client_file, certificate.pem()).unwrap();
    let (port, server) = mutual_server(&authority).await;

    let declared = EndpointAuthentication::ClientCertificate { certificate: client_file, key: sealed("key") };
    let known = known(&[("key", &key.serialize_pem())]);
    let authentication = Authentication::resolve("api", &declared, &EgressRules::default(), &known).unwrap();
    let url = format!("https://127.0.0.1:{port}").parse().unwrap();
    let egress = EgressRules { ca: Some(ca), ..EgressRules::default() };
    let endpoint = Endpoint { authentication, egress, ..Endpoint::new(url) };
    assert_eq!(get(&endpoint).await.unwrap().body, b"you are known");
    let unknown = Endpoint { authentication: Authentication::None, ..endpoint };
    get(&unknown).await.unwrap_err();
    server.abort();
}

#[test]
fn a_certificate_without_its_key_is_refused() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let certificate = file.path().to_owned();
    let declared = EndpointAuthentication::ClientCertificate { certificate, key: sealed("client") };
    let error = Authentication::resolve("api", &declared, &EgressRules::default(), &known(&[])).unwrap_err();
    let text = error.to_string();
    assert!(text.contains("client certificate cannot be used") && !text.contains(SECRET), "{text}");
}
