//! Assertions, checked with the public key as a server does.

use super::issuer::{Seen, Server, token};
use super::*;
use crate::credential::jwt::Signer;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use purser_model::oauth2::{Assertion, SigningAlgorithm};
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, KeyPair as _, RSA_PKCS1_2048_8192_SHA256, RsaKeyPair, UnparsedPublicKey,
    VerificationAlgorithm,
};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::pki_types::pem::PemObject;
use serde_json::{Value, json};

/// It opens nothing.
const RSA: &str = include_str!("rsa-of-the-tests.pem");
const NOW: u64 = 1_800_000_000;

/// Signature of the token `{"alg":"RS256","typ":"JWT"}.{"iss":"a"}` by the same key, as OpenSSL makes it.
const SIGNED_BY_OPENSSL: &str = "I4FVFsHzXIFCEJq6N7ZBsSwXjlytWPGm_WpbAYxCFer4zgGFoy6P_wKjOlueXHqzntY-QDR-VH0H3GliQAq7EQ-_eZJJ92YA9Lhd\
    bq7saIungGUx2iTBLCgThXllxtjVRd56_boCWvzQT8DE3rbZayh2FJbUIaoPmc9arS7VXyNui3cZdx81-xFBIqFnuzwE3JNpggE7\
    _hZjPZnphyzbIbLOwfBKiKLlorZ5nhutj1eiSyyey-_CSks_ZE1nCznWOnk5SAiu6FHQsl-TWYu9DmSRNks8L0jq5AEu6kOlj58Y\
    LerMRpuG6fZs5mE0TAxoWKh9QQRd5UrcO9I9WHmwxA";

fn assertion(algorithm: SigningAlgorithm) -> Assertion {
    Assertion {
        algorithm,
        key: sealed("key"),
        key_id: Some("k1".into()),
        certificate: None,
        issuer: "purser@project.example".into(),
        subject: Some("admin@corp.example".into()),
        audience: "https://login.example".into(),
        lifetime: Duration::from_mins(3),
    }
}

/// Header and claims of a token whose signature fits.
fn verified(token: &str, algorithm: &'static dyn VerificationAlgorithm, public: &[u8]) -> (Value, Value) {
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
    UnparsedPublicKey::new(algorithm, public).verify(signed.as_bytes(), &signature).expect("the signature fits");
    let (header, claims) = signed.split_once('.').unwrap();
    let part = |text: &str| serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).unwrap()).unwrap();
    (part(header), part(claims))
}

async fn shown(declared: OAuth2, key: &str) -> Seen {
    let issuer = Server::start(|_| token("t", 60)).await;
    let declared = OAuth2 { token_url: issuer.url.parse().unwrap(), ..declared };
    let tokens = tokens_of(&declared, &[("key", key)]).by_clock(Hand::at(NOW));
    Arc::new(tokens).get().await.unwrap();
    issuer.seen().remove(0)
}

fn rsa_public() -> Vec<u8> {
    let der = PrivatePkcs8KeyDer::from_pem_slice(RSA.as_bytes()).unwrap();
    RsaKeyPair::from_pkcs8(der.secret_pkcs8_der()).unwrap().public_key().as_ref().to_vec()
}

fn by_jwt(algorithm: SigningAlgorithm) -> OAuth2 {
    let grant = TokenGrant::JwtBearer(assertion(algorithm));
    OAuth2 { grant, client: TokenClient::None, parameters: BTreeMap::new(), ..by_secret("http://127.0.0.1/") }
}

#[tokio::test]
async fn a_service_account_signs_for_whom_it_acts() {
    let form = shown(by_jwt(SigningAlgorithm::Rs256), RSA).await.form();
    assert_eq!(form.keys().collect::<Vec<_>>(), ["assertion", "grant_type"]);
    assert_eq!(form["grant_type"], "urn:ietf:params:oauth:grant-type:jwt-bearer");
    let (header, mut claims) = verified(&form["assertion"], &RSA_PKCS1_2048_8192_SHA256, &rsa_public());
    assert_eq!(header, json!({"alg": "RS256", "typ": "JWT", "kid": "k1"}));
    assert!(claims["jti"].take().as_str().is_some_and(|id| id.len() > 20));
    let expected = json!({
        "iss": "purser@project.example", "sub": "admin@corp.example", "aud": "https://login.example",
        "scope": "users:read users:write", "iat": NOW - 5, "exp": NOW - 5 + 180, "jti": null
    });
    assert_eq!(claims, expected);
}

#[tokio::test]
async fn the_file_of_a_service_account_holds_key_and_key_id() {
    let file = json!({"type": "service_account", "private_key_id": "from the file", "private_key": RSA}).to_string();
    let grant = TokenGrant::JwtBearer(Assertion { key_id: None, ..assertion(SigningAlgorithm::Rs256) });
    let form = shown(OAuth2 { grant, ..by_jwt(SigningAlgorithm::Rs256) }, &file).await.form();
    let (header, _) = verified(&form["assertion"], &RSA_PKCS1_2048_8192_SHA256, &rsa_public());
    assert_eq!(header["kid"], "from the file");
}

#[tokio::test]
async fn an_elliptic_key_signs_too() {
    let pair = rcgen::KeyPair::generate().unwrap();
    let form = shown(by_jwt(SigningAlgorithm::Es256), &pair.serialize_pem()).await.form();
    let (header, _) = verified(&form["assertion"], &ECDSA_P256_SHA256_FIXED, pair.public_key_raw());
    assert_eq!(header["alg"], "ES256");
}

#[tokio::test]
async fn a_client_shows_an_assertion_with_the_thumbprint_of_its_certificate() {
    let certificate = rcgen::generate_simple_self_signed(["client.example".to_owned()]).unwrap();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), certificate.cert.pem()).unwrap();
    let signed = Assertion { certificate: Some(file.path().to_owned()), ..assertion(SigningAlgorithm::Es256) };
    let client = TokenClient::Assertion { id: "app".into(), assertion: signed };
    let key = certificate.signing_key.serialize_pem();
    let form = shown(OAuth2 { client, ..by_secret("http://127.0.0.1/") }, &key).await.form();

    assert_eq!((form["grant_type"].as_str(), form["client_id"].as_str()), ("client_credentials", "app"));
    assert_eq!(form["client_assertion_type"], "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
    let public = certificate.signing_key.public_key_raw();
    let (header, claims) = verified(&form["client_assertion"], &ECDSA_P256_SHA256_FIXED, public);
    let thumbprint = ring::digest::digest(&ring::digest::SHA256, certificate.cert.der());
    assert_eq!(header["x5t#S256"], URL_SAFE_NO_PAD.encode(thumbprint));
    assert_eq!((&claims["scope"], &form["scope"]), (&Value::Null, &"users:read users:write".to_owned()));
}

#[test]
fn keys_that_do_not_fit_are_refused_and_not_repeated() {
    let elliptic = rcgen::KeyPair::generate().unwrap().serialize_pem();
    for (algorithm, key) in [
        (SigningAlgorithm::Rs256, "hunter2"),
        (SigningAlgorithm::Rs256, &elliptic),
        (SigningAlgorithm::Es256, RSA),
        (SigningAlgorithm::Es256, "-----BEGIN PRIVATE KEY-----\naHVudGVyMg==\n-----END PRIVATE KEY-----\n"),
    ] {
        let resolved = Tokens::resolve("api", &by_jwt(algorithm), &EgressRules::default(), &known(&[("key", key)]));
        let text = resolved.unwrap_err().to_string();
        assert!(text.contains("`api`") && text.contains("signing key cannot be used"), "{text}");
        assert!(!text.contains("hunter2") && !text.contains("aHVudGVyMg"), "{text}");
    }
}

#[test]
fn a_signature_is_the_one_that_others_make_whatever_form_the_key_has() {
    let der = PrivatePkcs8KeyDer::from_pem_slice(RSA.as_bytes()).unwrap();
    // PKCS #8 wraps the older form in a header of 26 bytes (RFC 5208).
    let older = base64::engine::general_purpose::STANDARD.encode(&der.secret_pkcs8_der()[26..]);
    let older = format!("-----BEGIN RSA PRIVATE KEY-----\n{older}\n-----END RSA PRIVATE KEY-----\n");
    for key in [RSA, &older] {
        let signer = Signer::new(SigningAlgorithm::Rs256, &secret(key), None, None).unwrap();
        let token = signer.sign(&json!({"iss": "a"})).unwrap();
        assert_eq!(token.reveal().rsplit('.').next(), Some(SIGNED_BY_OPENSSL));
    }
}
