//! The token endpoint: JWT bearer, refresh token, client credentials.

use super::org::Org;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use chrono::Utc;
use ring::signature::{KeyPair, RSA_PKCS1_2048_8192_SHA256, RsaKeyPair, UnparsedPublicKey};
use serde_json::{Value, json};

/// The consumer key of the connected app.
pub const CONSUMER_KEY: &str = "3MVG9.purser";
/// The user that the app acts as.
pub const INTEGRATION_USER: &str = "integration@acme.example";
const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
/// So long an assertion may be valid.
const LONGEST: i64 = 5 * 60;

/// The public half (DER) of a private key in PEM of PKCS 8.
pub(super) fn public_half(private_key: &str) -> Vec<u8> {
    let text: String = private_key.lines().filter(|line| !line.starts_with("-----")).collect();
    let der = STANDARD.decode(text).expect("a key in PEM is written in base64");
    RsaKeyPair::from_pkcs8(&der).expect("it is an RSA key").public_key().as_ref().to_vec()
}

/// Answers a request for a token.
pub(super) fn token(org: &mut Org, form: &[(String, String)], instance: &str) -> (u16, Value) {
    let field = |name: &str| form.iter().find(|(field, _)| field == name).map_or("", |(_, value)| value.as_str());
    let shown = match field("grant_type") {
        JWT_BEARER => check_assertion(org, field("assertion")),
        "refresh_token" => match (field("client_id"), org.refresh_token.as_deref()) {
            (CONSUMER_KEY, Some(known)) if known == field("refresh_token") => Ok(()),
            (CONSUMER_KEY, _) => Err(("invalid_grant", "expired access/refresh token")),
            _ => Err(("invalid_client_id", "client identifier invalid")),
        },
        "client_credentials" => match (field("client_id"), org.client_secret.as_deref()) {
            (CONSUMER_KEY, Some(known)) if known == field("client_secret") => Ok(()),
            _ => Err(("invalid_client", "invalid client credentials")),
        },
        _ => Err(("unsupported_grant_type", "grant type not supported")),
    };
    match shown {
        Ok(()) => {
            org.tokens_given += 1;
            let token = format!("00DAx0000000001!AQ{:012}", org.next_number());
            org.sessions.insert(token.clone());
            let issued = Utc::now().timestamp_millis().to_string();
            let id = format!("{instance}/id/00DAx0000000001AAA/005Ax0000000001AAA");
            (
                200,
                json!({"access_token": token, "instance_url": instance, "id": id, "token_type": "Bearer",
                "scope": "api", "issued_at": issued, "signature": "c2lnbmVk"}),
            )
        }
        Err((error, description)) => {
            org.tokens_refused += 1;
            (400, json!({"error": error, "error_description": description}))
        }
    }
}

fn check_assertion(org: &Org, assertion: &str) -> Result<(), (&'static str, &'static str)> {
    let invalid = ("invalid_grant", "invalid assertion");
    let (signed, signature) = assertion.rsplit_once('.').ok_or(invalid)?;
    let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| invalid);
    let key = org.app_key.as_ref().ok_or(("invalid_client_id", "client identifier invalid"))?;
    let key = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key);
    key.verify(signed.as_bytes(), &decode(signature)?).map_err(|_| invalid)?;
    let claims = signed.split('.').nth(1).ok_or(invalid)?;
    let claims: Value = serde_json::from_slice(&decode(claims)?).map_err(|_| invalid)?;
    let now = Utc::now().timestamp();
    let expires = claims["exp"].as_i64().unwrap_or(0);
    if claims["aud"] != "https://login.salesforce.com" {
        return Err(("invalid_grant", "audience is invalid"));
    }
    if claims["iss"] != CONSUMER_KEY || claims["sub"] != INTEGRATION_USER {
        return Err(("invalid_grant", "user hasn't approved this consumer"));
    }
    if expires <= now || expires > now + LONGEST {
        return Err(("invalid_grant", "expired authorization code"));
    }
    Ok(())
}
