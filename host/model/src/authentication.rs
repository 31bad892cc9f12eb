//! How an endpoint is authenticated to, and where the secrets for it are read from.

use crate::id::SecretName;
use crate::oauth2::{OAuth2, TokenGrant};
use std::path::PathBuf;

/// Where a secret is read from. A secret never stands in a declaration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretReference {
    /// An environment variable.
    Environment(String),
    /// A file; a line end at its end is not part of the secret.
    File(PathBuf),
    /// The sealed store.
    Sealed(SecretName),
}

/// How the host authenticates to an endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EndpointAuthentication {
    /// Not at all.
    None,
    /// `Authorization: Bearer`.
    Bearer(SecretReference),
    /// A header of the application's own, such as `X-Api-Key`.
    Header {
        /// Its name.
        name: String,
        /// Its value.
        value: SecretReference,
    },
    /// `Authorization: Basic`.
    Basic {
        /// User name.
        user: String,
        /// Password.
        password: SecretReference,
    },
    /// `Authorization: Bearer` with a token that the host fetches and renews.
    OAuth2(Box<OAuth2>),
    /// A client certificate (mutual TLS).
    ClientCertificate {
        /// The certificate, and those between it and the authority, in PEM.
        certificate: PathBuf,
        /// Its private key in PEM.
        key: SecretReference,
    },
}

impl EndpointAuthentication {
    /// Where its secrets are read from before anything is sent.
    pub fn secrets(&self) -> Vec<&SecretReference> {
        match self {
            Self::None => Vec::new(),
            Self::Bearer(secret)
            | Self::Header { value: secret, .. }
            | Self::Basic { password: secret, .. }
            | Self::ClientCertificate { key: secret, .. } => vec![secret],
            Self::OAuth2(tokens) => tokens.secrets(),
        }
    }

    /// Its secrets in the sealed store.
    pub fn sealed_secrets(&self) -> Vec<&SecretName> {
        let refresh = match self {
            Self::OAuth2(tokens) => match &tokens.grant {
                TokenGrant::RefreshToken(name) => Some(name),
                TokenGrant::ClientCredentials | TokenGrant::JwtBearer(_) => None,
            },
            _ => None,
        };
        let sealed = self.secrets().into_iter().filter_map(|secret| match secret {
            SecretReference::Sealed(name) => Some(name),
            SecretReference::Environment(_) | SecretReference::File(_) => None,
        });
        sealed.chain(refresh).collect()
    }
}
