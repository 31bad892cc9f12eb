//! The token endpoint: the assertion of a service account that was delegated scopes by the domain's administrators.

use super::refusal::Refusal;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::signature::{KeyPair, RSA_PKCS1_2048_8192_SHA256, RsaKeyPair, UnparsedPublicKey};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The service account's e-mail address.
pub const CLIENT_EMAIL: &str = "purser@project.iam.gserviceaccount.com";
/// The administrator for whom it acts.
pub const ADMINISTRATOR: &str = "admin@example.com";
/// Its private key, which opens nothing but emulators.
pub const PRIVATE_KEY: &str = include_str!("service-account-of-the-tests.pem");
/// The beginning of every scope.
pub const SCOPES: &str = "https://www.googleapis.com/auth/";
/// What the vendor's own library always says as audience.
const AUDIENCE: &str = "https://oauth2.googleapis.com/token";

/// The scopes that the administrators can delegate, without [`SCOPES`].
pub const ALL_SCOPES: [&str; 8] = [
    "admin.directory.user",
    "admin.directory.user.security",
    "admin.directory.group",
    "admin.directory.orgunit",
    "admin.directory.rolemanagement",
    "admin.directory.userschema",
    "admin.directory.customer.readonly",
    "apps.licensing",
];

/// A refusal of the token endpoint: status, code and text.
pub type TokenRefusal = (u16, &'static str, &'static str);

/// The scopes of an assertion that is as it must be.
///
/// # Errors
/// Which check failed, in the vendor's words.
pub fn scopes_of(
    form: &BTreeMap<String, String>,
    own_url: &str,
    delegated: &[String],
) -> Result<Vec<String>, TokenRefusal> {
    if form.get("grant_type").map(String::as_str) != Some("urn:ietf:params:oauth:grant-type:jwt-bearer") {
        return Err((400, "unsupported_grant_type", "Invalid grant_type"));
    }
    let bad = (400, "invalid_grant", "Invalid JWT Signature.");
    let assertion = form.get("assertion").ok_or((400, "invalid_request", "Missing assertion"))?;
    let claims = verified(assertion).ok_or(bad)?;
    let number = |name: &str| claims[name].as_i64().unwrap_or_default();
    if claims["iss"] != CLIENT_EMAIL {
        return Err((400, "invalid_grant", "Invalid issuer"));
    }
    if claims["aud"] != AUDIENCE && claims["aud"] != own_url {
        return Err((400, "invalid_grant", "Invalid audience"));
    }
    if number("exp") - number("iat") > 3600 {
        return Err((
            400,
            "invalid_grant",
            "Token must be a short-lived token (60 minutes) and in a reasonable timeframe.",
        ));
    }
    if claims["sub"] != ADMINISTRATOR {
        return Err((400, "invalid_grant", "Invalid email or User ID"));
    }
    let asked: Vec<String> = claims["scope"].as_str().unwrap_or_default().split(' ').map(str::to_owned).collect();
    let is_delegated =
        |scope: &String| scope.strip_prefix(SCOPES).is_some_and(|name| delegated.iter().any(|d| d == name));
    if asked.iter().all(is_delegated) {
        return Ok(asked.iter().filter_map(|scope| scope.strip_prefix(SCOPES)).map(str::to_owned).collect());
    }
    Err((
        401,
        "unauthorized_client",
        "Client is unauthorized to retrieve access tokens using this method, or client not authorized for any of the scopes requested.",
    ))
}

fn verified(assertion: &str) -> Option<Value> {
    let (signed, signature) = assertion.rsplit_once('.')?;
    let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
    let text: String = PRIVATE_KEY.lines().filter(|line| !line.starts_with("-----")).collect();
    let pair = RsaKeyPair::from_pkcs8(&STANDARD.decode(text).ok()?).ok()?;
    let key = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, pair.public_key().as_ref());
    key.verify(signed.as_bytes(), &signature).ok()?;
    let (header, claims) = signed.split_once('.')?;
    let part = |text: &str| serde_json::from_slice::<Value>(&URL_SAFE_NO_PAD.decode(text).ok()?).ok();
    (part(header)?["alg"] == "RS256").then(|| part(claims))?
}

/// The JSON file of the service account, as the vendor's console gives it out.
pub fn key_file(token_url: &str) -> String {
    json!({
        "type": "service_account", "project_id": "project", "private_key_id": "key-1", "private_key": PRIVATE_KEY,
        "client_email": CLIENT_EMAIL, "token_uri": token_url,
    })
    .to_string()
}

/// Whether a token with these scopes is good for a method.
///
/// # Errors
/// 403 as the vendor says it.
pub fn allow(method: &str, scopes: &[String]) -> Result<(), Refusal> {
    let resource = method.rsplit_once('.').map_or(method, |(resource, _)| resource);
    let needed = match (resource, method) {
        (_, "directory.users.signOut") => "admin.directory.user.security",
        ("directory.users" | "directory.users.aliases", _) => "admin.directory.user",
        ("directory.groups" | "directory.groups.aliases" | "directory.members", _) => "admin.directory.group",
        ("directory.orgunits", _) => "admin.directory.orgunit",
        ("directory.roles" | "directory.roleAssignments", _) => "admin.directory.rolemanagement",
        ("directory.schemas", _) => "admin.directory.userschema",
        ("directory.customers", _) => "admin.directory.customer.readonly",
        _ => "apps.licensing",
    };
    if scopes.iter().any(|scope| scope == needed) {
        return Ok(());
    }
    Err(Refusal::new(403, "insufficientPermissions", "Request had insufficient authentication scopes."))
}
