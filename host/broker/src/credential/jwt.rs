//! Signs assertions: JSON Web Tokens (RFC 7519) in their compact form (RFC 7515), with the keys that vendors give out.

use super::CredentialError;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use purser_model::oauth2::SigningAlgorithm;
use purser_model::secret::Secret;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, RSA_PKCS1_SHA256, RsaKeyPair};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::{Value, json};
use std::fmt;
use std::path::Path;
use zeroize::Zeroizing;

const KEY: &str = "signing key";

/// Signs with one key, under headers that stay the same.
pub(super) struct Signer {
    pair: Pair,
    header: Value,
}

enum Pair {
    Rsa(Box<RsaKeyPair>),
    Ecdsa(Box<EcdsaKeyPair>),
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signer({})", self.header["alg"])
    }
}

impl Signer {
    /// A signer with this key: a private key in PEM, or the JSON file of a Google service account, whose `private_key_id`
    /// is the key's id where none is given.
    ///
    /// # Errors
    /// The text holds no such key.
    pub(super) fn new(
        algorithm: SigningAlgorithm,
        key: &Secret,
        key_id: Option<&str>,
        thumbprint: Option<String>,
    ) -> Result<Self, CredentialError> {
        let account = ServiceAccount::read(key.reveal());
        let pem = account.as_ref().map_or(key.reveal(), |account| account.private_key.as_str());
        let mut header = json!({"alg": algorithm.name(), "typ": "JWT"});
        let account_key_id = account.as_ref().and_then(|account| account.private_key_id.as_deref());
        if let Some(id) = key_id.or(account_key_id) {
            header["kid"] = id.into();
        }
        if let Some(thumbprint) = thumbprint {
            header["x5t#S256"] = thumbprint.into();
        }
        Ok(Self { pair: Pair::read(algorithm, pem)?, header })
    }

    /// The signed token.
    ///
    /// # Errors
    /// The key cannot sign.
    pub(super) fn sign(&self, claims: &Value) -> Result<Secret, CredentialError> {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(&self.header), part(claims));
        let signature = URL_SAFE_NO_PAD.encode(self.pair.sign(signed.as_bytes())?);
        Secret::new(format!("{signed}.{signature}")).map_err(|_| unusable("it signs nothing"))
    }
}

impl Pair {
    fn read(algorithm: SigningAlgorithm, pem: &str) -> Result<Self, CredentialError> {
        let der = PrivateKeyDer::from_pem_slice(pem.as_bytes())
            .map_err(|_| unusable("it is no private key in PEM, which begins with -----BEGIN PRIVATE KEY-----"))?;
        match (algorithm, &der) {
            (SigningAlgorithm::Rs256, PrivateKeyDer::Pkcs8(der)) => rsa(RsaKeyPair::from_pkcs8(der.secret_pkcs8_der())),
            (SigningAlgorithm::Rs256, PrivateKeyDer::Pkcs1(der)) => rsa(RsaKeyPair::from_der(der.secret_pkcs1_der())),
            (SigningAlgorithm::Es256, PrivateKeyDer::Pkcs8(der)) => {
                let pair = EcdsaKeyPair::from_pkcs8(
                    &ECDSA_P256_SHA256_FIXED_SIGNING,
                    der.secret_pkcs8_der(),
                    &SystemRandom::new(),
                );
                pair.map(|pair| Self::Ecdsa(Box::new(pair)))
                    .map_err(|_| unusable("ES256 takes a key of the curve P-256"))
            }
            (SigningAlgorithm::Es256, PrivateKeyDer::Sec1(_)) => {
                Err(unusable("it is in the older form of EC keys: convert it with `openssl pkcs8 -topk8 -nocrypt`"))
            }
            _ => Err(unusable("it is of another kind than `algorithm` says")),
        }
    }

    fn sign(&self, text: &[u8]) -> Result<Vec<u8>, CredentialError> {
        let random = SystemRandom::new();
        let failed = |_| unusable("it does not sign");
        match self {
            Self::Rsa(pair) => {
                let mut signature = vec![0; pair.public().modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, text, &mut signature).map_err(failed)?;
                Ok(signature)
            }
            Self::Ecdsa(pair) => pair.sign(&random, text).map(|signature| signature.as_ref().to_vec()).map_err(failed),
        }
    }
}

fn rsa(pair: Result<RsaKeyPair, ring::error::KeyRejected>) -> Result<Pair, CredentialError> {
    let rejected = "RS256 takes an RSA key of 2048 to 4096 bits";
    pair.map(|pair| Pair::Rsa(Box::new(pair))).map_err(|_| unusable(rejected))
}

fn unusable(reason: &'static str) -> CredentialError {
    CredentialError::Key { what: KEY, reason }
}

/// What is used of the JSON file of a Google service account.
struct ServiceAccount {
    private_key: Zeroizing<String>,
    private_key_id: Option<String>,
}

impl ServiceAccount {
    fn read(text: &str) -> Option<Self> {
        #[derive(serde::Deserialize)]
        struct Fields {
            private_key: String,
            private_key_id: Option<String>,
        }
        let fields: Fields = serde_json::from_str(text).ok()?;
        Some(Self { private_key: Zeroizing::new(fields.private_key), private_key_id: fields.private_key_id })
    }
}

/// `x5t#S256` of a certificate in PEM (RFC 7515 section 4.1.8).
///
/// # Errors
/// The file cannot be read, or holds no certificate.
pub(super) fn thumbprint(path: &Path) -> Result<String, CredentialError> {
    let failed = |reason: String| CredentialError::Certificate { path: path.to_owned(), reason };
    let text = std::fs::read(path).map_err(|error| failed(error.to_string()))?;
    let certificate =
        CertificateDer::from_pem_slice(&text).map_err(|_| failed("it is no certificate in PEM".to_owned()))?;
    let digest = ring::digest::digest(&ring::digest::SHA256, &certificate);
    Ok(URL_SAFE_NO_PAD.encode(digest))
}
