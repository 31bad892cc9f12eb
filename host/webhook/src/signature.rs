//! Signs deliveries: HMAC-SHA256 over id, time and body, once for each secret.

use crate::{NotSent, SigningSecrets};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use purser_model::id::SecretName;
use purser_model::secret::Secret;
use purser_model::webhook::Webhook;
use ring::hmac;
use zeroize::Zeroizing;

const PREFIX: &str = "whsec_";
/// Bytes of a key, as the specification asks.
const LENGTHS: std::ops::RangeInclusive<usize> = 24..=64;
const ADVICE: &str =
    "set one with `echo whsec_$(openssl rand -base64 32) | purser secret set NAME`, and give it to the receiver";

/// A secret cannot sign.
#[derive(Debug, thiserror::Error)]
pub enum NotASigningSecret {
    /// It is not set.
    #[error("the secret `{0}` is not set: {ADVICE}")]
    NotSet(SecretName),
    /// It has another form.
    #[error("the secret `{0}` is not `whsec_` and 24 to 64 bytes in base64: {ADVICE}")]
    Form(SecretName),
}

/// The keys of a webhook.
pub(crate) struct SigningKeys(Vec<hmac::Key>);

impl SigningKeys {
    /// Opens the secrets of a webhook. The former one may be gone already: who rotates removes it some time.
    pub(crate) async fn open(webhook: &Webhook, secrets: &dyn SigningSecrets) -> Result<Self, NotSent> {
        let names: Vec<&SecretName> = [&webhook.secret].into_iter().chain(&webhook.previous_secret).collect();
        let opened = secrets.open(&names).await?;
        if !opened.contains_key(&webhook.secret) {
            return Err(NotASigningSecret::NotSet(webhook.secret.clone()).into());
        }
        let kept = names.into_iter().filter_map(|name| Some((name, opened.get(name)?)));
        let keys = kept.map(|(name, secret)| key(secret).ok_or_else(|| NotASigningSecret::Form(name.clone())));
        Ok(Self(keys.collect::<Result<_, _>>()?))
    }

    /// The value of `webhook-signature`: one signature for each key, the present one first.
    pub(crate) fn sign(&self, id: &str, seconds: i64, body: &str) -> String {
        let signed = format!("{id}.{seconds}.{body}");
        let signatures = self.0.iter().map(|key| {
            let tag = hmac::sign(key, signed.as_bytes());
            format!("v1,{}", STANDARD.encode(tag.as_ref()))
        });
        signatures.collect::<Vec<_>>().join(" ")
    }
}

#[cfg(test)]
impl SigningKeys {
    /// What signs nothing.
    pub(crate) fn none() -> Self {
        Self(Vec::new())
    }
}

fn key(secret: &Secret) -> Option<hmac::Key> {
    let text = secret.reveal().strip_prefix(PREFIX)?;
    let bytes = Zeroizing::new(STANDARD.decode(text).ok()?);
    LENGTHS.contains(&bytes.len()).then(|| hmac::Key::new(hmac::HMAC_SHA256, &bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification's own test suite.
    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const SIGNATURE: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

    fn keys(secrets: &[&str]) -> SigningKeys {
        SigningKeys(secrets.iter().map(|text| key(&Secret::new(*text).unwrap()).unwrap()).collect())
    }

    fn signed(secrets: &[&str]) -> String {
        keys(secrets).sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, r#"{"test": 2432232314}"#)
    }

    #[test]
    fn the_example_of_the_specification_is_signed_as_it_says() {
        assert_eq!(signed(&[SECRET]), SIGNATURE);
    }

    #[test]
    fn while_the_secret_changes_both_sign_and_the_present_one_first() {
        let newer = format!("whsec_{}", STANDARD.encode([7; 32]));
        let both = signed(&[&newer, SECRET]);
        let (first, second) = both.split_once(' ').unwrap();
        assert_eq!((first, second), (signed(&[&newer]).as_str(), SIGNATURE));
    }

    #[test]
    fn what_is_no_signing_secret_is_none() {
        let of = |bytes: &[u8]| format!("whsec_{}", STANDARD.encode(bytes));
        for good in [of(&[1; 24]), of(&[1; 64])] {
            assert!(key(&Secret::new(good).unwrap()).is_some());
        }
        for bad in [of(&[1; 23]), of(&[1; 65]), "hunter2".into(), "whsec_".into(), "whsec_***".into()] {
            assert!(key(&Secret::new(bad.clone()).unwrap()).is_none(), "{bad}");
        }
    }
}
