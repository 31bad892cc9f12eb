//! How tokens are declared that an endpoint takes: OAuth 2.0 (RFC 6749), assertions (RFC 7521, RFC 7523).

use crate::configuration::SecretReference;
use crate::id::SecretName;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;
use url::Url;

/// Where tokens come from and what is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OAuth2 {
    /// The token endpoint.
    pub token_url: Url,
    /// What the host shows to get a token.
    pub grant: TokenGrant,
    /// How the host shows which client it is.
    pub client: TokenClient,
    /// What the token may be used for; none: as the server decides.
    pub scope: Option<String>,
    /// Further parameters of the request, such as `audience` or `resource`; no secrets.
    pub parameters: BTreeMap<String, String>,
    /// The field of the answer that says at which host the application is, such as `instance_url`: requests go there in
    /// place of the host of the endpoint's URL. Only where the endpoint's `url` or `also` reaches.
    pub base_from_token: Option<String>,
}

/// What the host shows to get a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TokenGrant {
    /// The client's own credential (RFC 6749 section 4.4).
    ClientCredentials,
    /// A refresh token (RFC 6749 section 6) of the sealed store, where a new one that the server answers is kept.
    RefreshToken(SecretName),
    /// A signed assertion (RFC 7523 section 2.1).
    JwtBearer(Assertion),
}

/// How the host shows which client it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TokenClient {
    /// Not at all: the grant says it.
    None,
    /// By its id alone.
    Public {
        /// The id.
        id: String,
    },
    /// By a secret in the header `Authorization` (RFC 6749 section 2.3.1).
    SecretBasic {
        /// The id.
        id: String,
        /// The secret.
        secret: SecretReference,
    },
    /// By a secret in the body.
    SecretPost {
        /// The id.
        id: String,
        /// The secret.
        secret: SecretReference,
    },
    /// By a signed assertion (RFC 7523 section 2.2).
    Assertion {
        /// The id.
        id: String,
        /// The assertion.
        assertion: Assertion,
    },
}

/// A JSON Web Token that the host signs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assertion {
    /// How it is signed.
    pub algorithm: SigningAlgorithm,
    /// The private key in PEM, or the JSON file of a Google service account that holds it.
    pub key: SecretReference,
    /// `kid`.
    pub key_id: Option<String>,
    /// The certificate in PEM whose thumbprint is sent as `x5t#S256`.
    pub certificate: Option<PathBuf>,
    /// `iss`.
    pub issuer: String,
    /// `sub`.
    pub subject: Option<String>,
    /// `aud`.
    pub audience: String,
    /// How long it is valid.
    pub lifetime: Duration,
}

/// How an assertion is signed (RFC 7518 section 3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SigningAlgorithm {
    /// RSA with SHA-256.
    Rs256,
    /// ECDSA on P-256 with SHA-256.
    Es256,
}

impl SigningAlgorithm {
    /// Its name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Es256 => "ES256",
        }
    }
}

impl OAuth2 {
    /// Where its secrets are read from, the refresh token not included.
    pub fn secrets(&self) -> Vec<&SecretReference> {
        let of_grant = match &self.grant {
            TokenGrant::ClientCredentials | TokenGrant::RefreshToken(_) => None,
            TokenGrant::JwtBearer(assertion) => Some(&assertion.key),
        };
        let of_client = match &self.client {
            TokenClient::None | TokenClient::Public { .. } => None,
            TokenClient::SecretBasic { secret, .. } | TokenClient::SecretPost { secret, .. } => Some(secret),
            TokenClient::Assertion { assertion, .. } => Some(&assertion.key),
        };
        of_grant.into_iter().chain(of_client).collect()
    }
}
