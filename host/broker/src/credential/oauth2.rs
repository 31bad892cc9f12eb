//! The requests for tokens: what is shown in each grant (RFC 6749, RFC 7521, RFC 7523).

use super::jwt::{Signer, thumbprint};
use super::{CredentialError, SecretError, source};
use purser_model::id::SecretName;
use purser_model::oauth2::{Assertion, OAuth2, TokenClient, TokenGrant};
use purser_model::secret::{NamedSecrets, Secret};
use serde_json::{Value, json};
use std::time::Duration;
use url::form_urlencoded::{Serializer, byte_serialize};
use zeroize::Zeroizing;

const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
/// Clocks differ by some seconds, and no server takes a token of the future.
const BACKDATED: u64 = 5;

/// What is shown for a token, with its secrets read.
#[derive(Debug)]
pub(super) struct TokenRequest {
    grant: Grant,
    client: Client,
    scope: Option<String>,
    parameters: Vec<(String, String)>,
}

#[derive(Debug)]
enum Grant {
    ClientCredentials,
    RefreshToken(SecretName),
    JwtBearer(Box<Signed>),
}

#[derive(Debug)]
enum Client {
    None,
    Public { id: String },
    SecretBasic { id: String, secret: Secret },
    SecretPost { id: String, secret: Secret },
    Assertion { id: String, signed: Box<Signed> },
}

/// An assertion that can be signed at any time.
#[derive(Debug)]
struct Signed {
    signer: Signer,
    declared: Assertion,
}

/// A request as it goes on the wire.
pub(super) struct TokenForm {
    /// The body.
    pub(super) body: Zeroizing<String>,
    /// User and password for `Authorization: Basic`, escaped as RFC 6749 section 2.3.1 says.
    pub(super) basic: Option<(String, Secret)>,
}

impl TokenRequest {
    /// What was declared for this endpoint.
    ///
    /// # Errors
    /// A secret, key or certificate cannot be read or used.
    pub(super) fn resolve(endpoint: &str, declared: &OAuth2, sealed: &NamedSecrets) -> Result<Self, SecretError> {
        let grant = match &declared.grant {
            TokenGrant::ClientCredentials => Grant::ClientCredentials,
            TokenGrant::RefreshToken(name) if sealed.contains_key(name) => Grant::RefreshToken(name.clone()),
            TokenGrant::RefreshToken(name) => {
                return Err(SecretError::NotSet { endpoint: endpoint.to_owned(), name: name.clone() });
            }
            TokenGrant::JwtBearer(assertion) => {
                Grant::JwtBearer(Box::new(Signed::resolve(endpoint, assertion, sealed)?))
            }
        };
        let client = match &declared.client {
            TokenClient::None => Client::None,
            TokenClient::Public { id } => Client::Public { id: id.clone() },
            TokenClient::SecretBasic { id, secret } => {
                Client::SecretBasic { id: id.clone(), secret: source::read(endpoint, secret, sealed)? }
            }
            TokenClient::SecretPost { id, secret } => {
                Client::SecretPost { id: id.clone(), secret: source::read(endpoint, secret, sealed)? }
            }
            TokenClient::Assertion { id, assertion } => {
                Client::Assertion { id: id.clone(), signed: Box::new(Signed::resolve(endpoint, assertion, sealed)?) }
            }
        };
        let parameters = declared.parameters.clone().into_iter().collect();
        Ok(Self { grant, client, scope: declared.scope.clone(), parameters })
    }

    /// The refresh token that is shown, by its name.
    pub(super) fn refresh_token(&self) -> Option<&SecretName> {
        match &self.grant {
            Grant::RefreshToken(name) => Some(name),
            Grant::ClientCredentials | Grant::JwtBearer(_) => None,
        }
    }

    /// The client's secret, where it shows one.
    pub(super) fn client_secret(&self) -> Option<&Secret> {
        match &self.client {
            Client::SecretBasic { secret, .. } | Client::SecretPost { secret, .. } => Some(secret),
            Client::None | Client::Public { .. } | Client::Assertion { .. } => None,
        }
    }

    /// The request at this time; `refresh_token` is the present one where the grant shows one.
    ///
    /// # Errors
    /// An assertion cannot be signed.
    pub(super) fn form(
        &self,
        now: Duration,
        unique: &str,
        refresh_token: Option<&Secret>,
    ) -> Result<TokenForm, CredentialError> {
        let mut form = Serializer::new(String::new());
        match &self.grant {
            Grant::ClientCredentials => {
                form.append_pair("grant_type", "client_credentials");
            }
            Grant::RefreshToken(_) => {
                let token = refresh_token.map_or("", Secret::reveal);
                form.append_pair("grant_type", "refresh_token").append_pair("refresh_token", token);
            }
            Grant::JwtBearer(signed) => {
                let assertion = signed.sign(now, unique, self.scope.as_deref())?;
                form.append_pair("grant_type", JWT_BEARER).append_pair("assertion", assertion.reveal());
            }
        }
        if let (Some(scope), Grant::ClientCredentials | Grant::RefreshToken(_)) = (&self.scope, &self.grant) {
            form.append_pair("scope", scope);
        }
        let basic = self.show_client(&mut form, now, unique)?;
        form.extend_pairs(&self.parameters);
        Ok(TokenForm { body: Zeroizing::new(form.finish()), basic })
    }

    fn show_client(
        &self,
        form: &mut Serializer<'_, String>,
        now: Duration,
        unique: &str,
    ) -> Result<Option<(String, Secret)>, CredentialError> {
        match &self.client {
            Client::None => {}
            Client::Public { id } => {
                form.append_pair("client_id", id);
            }
            Client::SecretBasic { id, secret } => return Ok(basic(id, secret)),
            Client::SecretPost { id, secret } => {
                form.append_pair("client_id", id).append_pair("client_secret", secret.reveal());
            }
            Client::Assertion { id, signed } => {
                let assertion = signed.sign(now, unique, None)?;
                form.append_pair("client_id", id)
                    .append_pair("client_assertion_type", ASSERTION_TYPE)
                    .append_pair("client_assertion", assertion.reveal());
            }
        }
        Ok(None)
    }
}

fn basic(id: &str, secret: &Secret) -> Option<(String, Secret)> {
    let escaped = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
    Some((escaped(id), Secret::new(escaped(secret.reveal())).ok()?))
}

impl Signed {
    fn resolve(endpoint: &str, declared: &Assertion, sealed: &NamedSecrets) -> Result<Self, SecretError> {
        let key = source::read(endpoint, &declared.key, sealed)?;
        let unusable = |source| SecretError::Unusable { endpoint: endpoint.to_owned(), source };
        let thumbprint = declared.certificate.as_deref().map(thumbprint).transpose().map_err(unusable)?;
        let signer = Signer::new(declared.algorithm, &key, declared.key_id.as_deref(), thumbprint).map_err(unusable)?;
        Ok(Self { signer, declared: declared.clone() })
    }

    /// `unique` becomes `jti`: no server takes the same assertion twice. A scope is asked for inside, as Google wants it.
    fn sign(&self, now: Duration, unique: &str, scope: Option<&str>) -> Result<Secret, CredentialError> {
        let Assertion { issuer, subject, audience, lifetime, .. } = &self.declared;
        let issued = now.as_secs().saturating_sub(BACKDATED);
        let expires = issued.saturating_add(lifetime.as_secs());
        let mut claims: Value = json!({"iss": issuer, "aud": audience, "iat": issued, "exp": expires, "jti": unique});
        let further = [("sub", subject.as_deref()), ("scope", scope)];
        for (name, value) in further.into_iter().filter_map(|(name, value)| Some((name, value?))) {
            claims[name] = value.into();
        }
        self.signer.sign(&claims)
    }
}
