//! The keys of an issuer (RFC 7517), and checking signatures with them (RFC 7518).

use crate::token::Presented;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey,
};
use serde::Deserialize;

/// An issuer has no more; further ones are not looked at.
const MOST: usize = 100;

/// Why no key of the issuer verifies a token.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The issuer has no such key.
    #[error("it has no key that the token could be signed with")]
    Unknown,
    /// The token says another algorithm than its key has.
    #[error("the token says another algorithm than the key has, which is {0}")]
    Algorithm(&'static str),
    /// The signature is not of this key.
    #[error("the signature is wrong")]
    Signature,
}

/// What a key is for; there are no others.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Material {
    Rs256 {
        modulus: Vec<u8>,
        exponent: Vec<u8>,
    },
    /// A point of P-256, uncompressed.
    Es256(Vec<u8>),
    EdDsa(Vec<u8>),
}

impl Material {
    fn algorithm(&self) -> &'static str {
        match self {
            Self::Rs256 { .. } => "RS256",
            Self::Es256(_) => "ES256",
            Self::EdDsa(_) => "EdDSA",
        }
    }

    fn has_signed(&self, message: &[u8], signature: &[u8]) -> bool {
        match self {
            Self::Rs256 { modulus, exponent } => RsaPublicKeyComponents { n: modulus, e: exponent }
                .verify(&RSA_PKCS1_2048_8192_SHA256, message, signature)
                .is_ok(),
            Self::Es256(point) => {
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(message, signature).is_ok()
            }
            Self::EdDsa(key) => UnparsedPublicKey::new(&ED25519, key).verify(message, signature).is_ok(),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Key {
    id: Option<String>,
    material: Material,
}

/// The keys that an issuer signs with, as far as they are of a kind that is used here.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Keys(Vec<Key>);

/// A JWK set as it is published.
#[derive(Debug, Deserialize)]
pub(crate) struct JwkSet {
    keys: Vec<serde_json::Value>,
}

impl From<JwkSet> for Keys {
    /// The keys in it. One of another kind, or for another purpose, is passed over.
    fn from(published: JwkSet) -> Self {
        let written = published.keys.into_iter().take(MOST).filter_map(|key| serde_json::from_value(key).ok());
        Self(written.filter_map(read).collect())
    }
}

#[derive(Deserialize)]
struct Written {
    kty: String,
    kid: Option<String>,
    alg: Option<String>,
    #[serde(rename = "use")]
    purpose: Option<String>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

impl Keys {
    pub(crate) fn has(&self, id: Option<&str>) -> bool {
        self.candidates(id).next().is_some()
    }

    /// That one of the keys has signed the token.
    pub(crate) fn verify(&self, presented: &Presented<'_>) -> Result<(), KeyError> {
        let mut reason = KeyError::Unknown;
        for key in self.candidates(presented.key_id()) {
            let algorithm = key.material.algorithm();
            if presented.algorithm() != algorithm {
                reason = KeyError::Algorithm(algorithm);
            } else if key.material.has_signed(presented.signed(), presented.signature()) {
                return Ok(());
            } else {
                reason = KeyError::Signature;
            }
        }
        Err(reason)
    }

    /// The key of this id; for a token that names none, the only one there is.
    fn candidates(&self, id: Option<&str>) -> impl Iterator<Item = &Key> {
        let is_only = self.0.len() == 1;
        self.0.iter().filter(move |key| match id {
            Some(_) => key.id.as_deref() == id,
            None => is_only,
        })
    }
}

fn read(written: Written) -> Option<Key> {
    if written.purpose.as_deref().is_some_and(|purpose| purpose != "sig") {
        return None;
    }
    let bytes = |text: &Option<String>| URL_SAFE_NO_PAD.decode(text.as_deref()?).ok();
    let material = match (written.kty.as_str(), written.crv.as_deref()) {
        ("RSA", _) => Material::Rs256 { modulus: bytes(&written.n)?, exponent: bytes(&written.e)? },
        ("EC", Some("P-256")) => Material::Es256([vec![4], bytes(&written.x)?, bytes(&written.y)?].concat()),
        ("OKP", Some("Ed25519")) => Material::EdDsa(bytes(&written.x)?),
        _ => return None,
    };
    let is_for_another = written.alg.as_deref().is_some_and(|algorithm| algorithm != material.algorithm());
    (!is_for_another).then_some(Key { id: written.kid, material })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::token::Use;
    use ring::rand::SystemRandom;
    use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _};
    use serde_json::json;

    fn part(bytes: impl AsRef<[u8]>) -> String {
        URL_SAFE_NO_PAD.encode(bytes)
    }

    fn token(header: &serde_json::Value, sign: impl Fn(&[u8]) -> Vec<u8>) -> String {
        let signed = format!("{}.{}", part(header.to_string()), part(r#"{"iss":"x"}"#));
        let signature = sign(signed.as_bytes());
        format!("{signed}.{}", part(signature))
    }

    fn parse(published: serde_json::Value) -> Result<Keys, serde_json::Error> {
        serde_json::from_value::<JwkSet>(published).map(Keys::from)
    }

    fn verify(keys: &Keys, text: &str) -> Result<(), KeyError> {
        keys.verify(&Presented::parse(text, Use::Access).unwrap())
    }

    #[test]
    fn the_algorithm_is_the_keys_and_not_the_tokens() {
        let random = SystemRandom::new();
        let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.as_ref(), &random).unwrap();
        let point = pair.public_key().as_ref();
        let edwards = Ed25519KeyPair::from_pkcs8(Ed25519KeyPair::generate_pkcs8(&random).unwrap().as_ref()).unwrap();
        let published = json!({"keys": [
            {"kty": "EC", "crv": "P-256", "kid": "ec", "x": part(&point[1..33]), "y": part(&point[33..])},
            {"kty": "OKP", "crv": "Ed25519", "kid": "ed", "use": "sig", "x": part(edwards.public_key())},
            {"kty": "OKP", "crv": "Ed25519", "kid": "encrypts", "use": "enc", "x": part(edwards.public_key())},
            {"kty": "oct", "kid": "secret", "k": "AAAA"},
            {"kty": "EC", "crv": "P-384", "kid": "other", "x": "AAAA", "y": "AAAA"},
            "nonsense",
        ]});
        let keys = parse(published).unwrap();
        assert_eq!(keys.0.len(), 2, "{keys:?}");
        let ec = |bytes: &[u8]| pair.sign(&random, bytes).unwrap().as_ref().to_vec();
        let ed = |bytes: &[u8]| edwards.sign(bytes).as_ref().to_vec();
        let of_point = |bytes: &[u8]| {
            let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, point);
            ring::hmac::sign(&key, bytes).as_ref().to_vec()
        };
        assert_eq!(verify(&keys, &token(&json!({"alg": "ES256", "kid": "ec"}), ec)), Ok(()));
        assert_eq!(verify(&keys, &token(&json!({"alg": "EdDSA", "kid": "ed"}), ed)), Ok(()));
        assert_eq!(verify(&keys, &token(&json!({"alg": "ES256", "kid": "ec"}), ed)), Err(KeyError::Signature));
        assert_eq!(
            verify(&keys, &token(&json!({"alg": "HS256", "kid": "ec"}), of_point)),
            Err(KeyError::Algorithm("ES256"))
        );
        assert_eq!(
            verify(&keys, &token(&json!({"alg": "none", "kid": "ec"}), |_| Vec::new())),
            Err(KeyError::Algorithm("ES256"))
        );
        assert_eq!(verify(&keys, &token(&json!({"alg": "es256", "kid": "ec"}), ec)), Err(KeyError::Algorithm("ES256")));
        for kid in [json!("encrypts"), json!("secret"), json!("nobody"), json!(null)] {
            assert_eq!(
                verify(&keys, &token(&json!({"alg": "EdDSA", "kid": kid}), ed)),
                Err(KeyError::Unknown),
                "{kid}"
            );
        }
        let changed =
            token(&json!({"alg": "EdDSA", "kid": "ed"}), ed).replace(&part(r#"{"iss":"x"}"#), &part(r#"{"iss":"y"}"#));
        assert_eq!(verify(&keys, &changed), Err(KeyError::Signature));
    }

    #[test]
    fn a_key_that_is_none_verifies_nothing() {
        for (n, e) in [("", ""), ("AQ", "Aw"), (part([0; 256]).as_str(), "AQAB"), (part([255; 2000]).as_str(), "AQ")] {
            let keys = parse(json!({"keys": [{"kty": "RSA", "kid": "a", "n": n, "e": e}]})).unwrap();
            let text = token(&json!({"alg": "RS256", "kid": "a"}), |_| vec![1; 256]);
            assert_eq!(verify(&keys, &text), Err(KeyError::Signature), "{n}");
        }
        let keys = parse(json!({"keys": [{"kty": "EC", "crv": "P-256", "kid": "a", "x": "AA", "y": ""}]})).unwrap();
        let text = token(&json!({"alg": "ES256", "kid": "a"}), |_| vec![1; 64]);
        assert_eq!(verify(&keys, &text), Err(KeyError::Signature));
    }

    #[test]
    fn a_token_without_a_key_id_is_of_the_only_key() {
        let published =
            |count: usize| json!({"keys": vec![json!({"kty": "OKP", "crv": "Ed25519", "x": part([1; 32])}); count]});
        let keys = |count| parse(published(count)).unwrap();
        assert!(keys(1).has(None) && !keys(2).has(None) && !keys(1).has(Some("a")));
        assert!(parse(json!({})).is_err() && parse(json!(7)).is_err());
    }
}
