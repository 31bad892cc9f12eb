//! Client assertions: a JWT signed with the key of a certificate that was uploaded to the app registration.

use super::answer::Asked;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use serde_json::Value;
use std::collections::BTreeSet;
use std::time::{SystemTime, UNIX_EPOCH};

const TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// Microsoft takes no assertion that is valid for longer, in seconds.
const LONGEST: u64 = 600;

/// A certificate that the application may sign with.
#[derive(Debug, Clone)]
pub struct Certificate {
    /// The certificate in DER.
    pub der: Vec<u8>,
    /// Its RSA key, as PKCS #1.
    pub public_key: Vec<u8>,
}

/// A refusal: the code and what Microsoft says.
pub type Refused = (u32, &'static str);

/// Looks whether a form shows an assertion as it must be. An assertion is good for one time.
///
/// # Errors
/// The check that failed.
pub fn check(
    form: &Asked,
    certificate: Option<&Certificate>,
    token_url: &str,
    used: &mut BTreeSet<String>,
) -> Result<(), Refused> {
    let bad = (700_027, "AADSTS700027: Client assertion failed signature validation.");
    if form.field("client_assertion_type") != Some(TYPE) {
        return Err((900_144, "AADSTS900144: The request body must contain client_assertion_type."));
    }
    let (certificate, assertion) = certificate.zip(form.field("client_assertion")).ok_or(bad)?;
    let claims = verified(assertion, certificate).ok_or(bad)?;
    if claims["iss"] != super::CLIENT || claims["sub"] != super::CLIENT {
        return Err((
            700_021,
            "AADSTS700021: Client assertion application identifier doesn't match 'client_id' parameter.",
        ));
    }
    if claims["aud"] != token_url {
        return Err((700_023, "AADSTS700023: Client assertion audience claim does not match Realm issuer."));
    }
    let (begins, ends) = (claims["iat"].as_u64().unwrap_or_default(), claims["exp"].as_u64().unwrap_or_default());
    if ends <= now() || begins > now() || ends.saturating_sub(begins) > LONGEST {
        return Err((700_024, "AADSTS700024: Client assertion is not within its valid time range."));
    }
    let id = claims["jti"].as_str().unwrap_or_default().to_owned();
    if id.is_empty() || !used.insert(id) {
        return Err((700_025, "The assertion has no jti, or was shown before."));
    }
    Ok(())
}

fn verified(assertion: &str, certificate: &Certificate) -> Option<Value> {
    let (signed, signature) = assertion.rsplit_once('.')?;
    let (header, claims) = signed.split_once('.')?;
    let part = |text: &str| serde_json::from_slice::<Value>(&URL_SAFE_NO_PAD.decode(text).ok()?).ok();
    let header = part(header)?;
    let is = |name: &str, algorithm| header[name] == URL_SAFE_NO_PAD.encode(digest(algorithm, &certificate.der));
    let named = is("x5t#S256", &SHA256) || is("x5t", &SHA1_FOR_LEGACY_USE_ONLY);
    if !named || header["alg"] != "RS256" {
        return None;
    }
    let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
    let key = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, &certificate.public_key);
    key.verify(signed.as_bytes(), &signature).ok()?;
    part(claims)
}

#[expect(clippy::disallowed_methods, reason = "assertions are valid by the clock of who signs them")]
fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
