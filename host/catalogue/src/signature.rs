//! Who signed a file: Ed25519 signatures in the form of minisign, in a file beside it.

use minisign_verify::{PublicKey, Signature as Detached};
use purser_model::connectors::{ConnectorRules, SignaturePolicy};
use serde::Serialize;
use std::fmt;

/// Who signed a file that is taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Signature {
    /// This publisher.
    Good(String),
    /// Somebody whose key is not declared.
    UnknownPublisher,
    /// Nobody.
    Missing,
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Good(publisher) => write!(f, "signed by {publisher}"),
            Self::UnknownPublisher => f.pad("signed by an unknown publisher"),
            Self::Missing => f.pad("not signed"),
        }
    }
}

/// Why a file is refused for its signature.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignatureRefused {
    /// The policy demands one.
    #[error("it is not signed, and `connectors.signatures` demands a signature: put NAME.wasm.minisig beside it")]
    Missing,
    /// The policy demands a publisher that is declared.
    #[error("no declared publisher signed it; where you trust who did, add the key to `connectors.publishers`")]
    UnknownPublisher,
    /// The signature is of another file, or was changed.
    #[error("its signature is not one of this file by `{0}`: the file or the signature was changed; get both again")]
    Bad(String),
    /// There is a signature that cannot be read.
    #[error("its signature is not in the form of minisign; get it again, or remove it")]
    Unreadable,
}

/// Looks at a file's signature by what the operator declared.
///
/// # Errors
/// The file is not to be used. A signature that names a declared key and does not fit is refused under every policy.
pub fn judge(rules: &ConnectorRules, file: &[u8], signature: Option<&str>) -> Result<Signature, SignatureRefused> {
    let required = rules.signatures == SignaturePolicy::Require;
    let Some(text) = signature else {
        return if required { Err(SignatureRefused::Missing) } else { Ok(Signature::Missing) };
    };
    let signature = Detached::decode(text).map_err(|_| SignatureRefused::Unreadable)?;
    for (publisher, key) in &rules.publishers {
        let Ok(key) = PublicKey::from_base64(key) else { continue };
        match key.verify(file, &signature, false) {
            Ok(()) => return Ok(Signature::Good(publisher.clone())),
            // The signature names its key by a number.
            Err(minisign_verify::Error::UnexpectedKeyId) => {}
            Err(_) => return Err(SignatureRefused::Bad(publisher.clone())),
        }
    }
    if required { Err(SignatureRefused::UnknownPublisher) } else { Ok(Signature::UnknownPublisher) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use minisign::KeyPair;
    use std::io::Cursor;

    fn sign(keys: &KeyPair, file: &[u8]) -> String {
        minisign::sign(None, &keys.sk, Cursor::new(file), Some("acme"), None).unwrap().into_string()
    }

    fn rules(signatures: SignaturePolicy, keys: &KeyPair) -> ConnectorRules {
        let publishers = [("acme".to_owned(), keys.pk.to_base64())].into();
        ConnectorRules { signatures, publishers, ..ConnectorRules::default() }
    }

    #[test]
    fn each_policy_says_what_is_taken() {
        let (acme, other) =
            (KeyPair::generate_unencrypted_keypair().unwrap(), KeyPair::generate_unencrypted_keypair().unwrap());
        let (ours, theirs) = (sign(&acme, b"file"), sign(&other, b"file"));
        let good = Ok(Signature::Good("acme".into()));
        for policy in [SignaturePolicy::Require, SignaturePolicy::Warn, SignaturePolicy::Allow] {
            let rules = rules(policy, &acme);
            assert_eq!(judge(&rules, b"file", Some(&ours)), good);
            assert_eq!(judge(&rules, b"other", Some(&ours)), Err(SignatureRefused::Bad("acme".into())));
            assert_eq!(judge(&rules, b"file", Some("garbage")), Err(SignatureRefused::Unreadable));
        }
        let strict = rules(SignaturePolicy::Require, &acme);
        assert_eq!(judge(&strict, b"file", None), Err(SignatureRefused::Missing));
        assert_eq!(judge(&strict, b"file", Some(&theirs)), Err(SignatureRefused::UnknownPublisher));
        for policy in [SignaturePolicy::Warn, SignaturePolicy::Allow] {
            let rules = rules(policy, &acme);
            assert_eq!(judge(&rules, b"file", None), Ok(Signature::Missing));
            assert_eq!(judge(&rules, b"file", Some(&theirs)), Ok(Signature::UnknownPublisher));
        }
    }
}
