//! What an operator lets a connector instance reach.

use purser_model::configuration::{EndpointAuthentication, GrantDeclaration, SecretReference};
use purser_model::secret::{EmptySecret, Secret};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;
use url::Url;
use zeroize::Zeroizing;

/// How the host authenticates to an endpoint. The guest sees nothing of it.
#[derive(Debug, Clone)]
pub enum Authentication {
    /// Not at all.
    None,
    /// `Authorization: Bearer` (RFC 6750).
    Bearer(Secret),
    /// `Authorization: Basic` (RFC 7617).
    Basic {
        /// User name.
        user: String,
        /// Password.
        password: Secret,
    },
}

/// An HTTP endpoint that a connector may reach.
#[derive(Debug, Clone)]
pub struct Endpoint {
    /// Where it is: `http` or `https`, without user name, query or fragment. Everything below its path may be reached.
    pub url: Url,
    /// How the host authenticates.
    pub authentication: Authentication,
    /// POST paths below the URL, such as `/.search`, that only read and are let through in the read phase.
    pub reading_posts: Vec<String>,
    /// Longest wait for the whole response.
    pub timeout: Duration,
    /// Largest body of a response in bytes.
    pub max_response_bytes: u64,
}

impl Endpoint {
    /// An endpoint without authentication and reading posts, with 30 seconds and 16 MiB for a response.
    pub fn new(url: Url) -> Self {
        Self {
            url,
            authentication: Authentication::None,
            reading_posts: Vec::new(),
            timeout: Duration::from_secs(30),
            max_response_bytes: 16 << 20,
        }
    }
}

/// Whether a connector may change what is in a directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// It lists and reads.
    ReadOnly,
    /// It also replaces and removes files, in the write phase only.
    ReadWrite,
}

/// A directory that a connector may use. No path out of it is followed, by dots or by symbolic links.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirectoryGrant {
    /// Where it is on the host.
    pub path: PathBuf,
    /// Whether it may be changed.
    pub access: Access,
}

/// All that a connector instance may reach; the default is nothing.
#[derive(Debug, Clone, Default)]
pub struct Grant {
    /// HTTP endpoints by the name that requests carry.
    pub endpoints: BTreeMap<String, Endpoint>,
    /// Directories by the name that requests carry.
    pub directories: BTreeMap<String, DirectoryGrant>,
}

/// A secret that a declaration names cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// The environment variable is not set, or is not UTF-8.
    #[error(
        "endpoint `{endpoint}`: the environment variable `{variable}` is not set; export it before starting Purser"
    )]
    Environment {
        /// The endpoint that needs it.
        endpoint: String,
        /// The variable.
        variable: String,
    },
    /// The file cannot be read.
    #[error("endpoint `{endpoint}`: cannot read the secret from {}: {source}", .path.display())]
    File {
        /// The endpoint that needs it.
        endpoint: String,
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The secret is empty.
    #[error("endpoint `{endpoint}`: {source}; write it where the declaration points to")]
    Empty {
        /// The endpoint that needs it.
        endpoint: String,
        /// That it is empty.
        source: EmptySecret,
    },
}

impl Grant {
    /// Reads the secrets that a declaration refers to.
    ///
    /// # Errors
    /// A secret is missing, unreadable or empty; the error names the endpoint and the place.
    pub fn resolve(declaration: &GrantDeclaration) -> Result<Self, SecretError> {
        let mut grant = Self::default();
        for (name, declared) in &declaration.endpoints {
            let endpoint = Endpoint {
                url: declared.url.clone(),
                authentication: resolve_authentication(name, &declared.authentication)?,
                reading_posts: declared.reading_posts.clone(),
                timeout: declared.timeout,
                max_response_bytes: declared.max_response_bytes,
            };
            grant.endpoints.insert(name.clone(), endpoint);
        }
        for (name, declared) in &declaration.directories {
            let access = if declared.writes { Access::ReadWrite } else { Access::ReadOnly };
            grant.directories.insert(name.clone(), DirectoryGrant { path: declared.path.clone(), access });
        }
        Ok(grant)
    }
}

fn resolve_authentication(endpoint: &str, declared: &EndpointAuthentication) -> Result<Authentication, SecretError> {
    Ok(match declared {
        EndpointAuthentication::None => Authentication::None,
        EndpointAuthentication::Bearer(reference) => Authentication::Bearer(read_secret(endpoint, reference)?),
        EndpointAuthentication::Basic { user, password } => {
            Authentication::Basic { user: user.clone(), password: read_secret(endpoint, password)? }
        }
    })
}

fn read_secret(endpoint: &str, reference: &SecretReference) -> Result<Secret, SecretError> {
    let text = match reference {
        SecretReference::Environment(variable) => std::env::var(variable)
            .map(Zeroizing::new)
            .map_err(|_| SecretError::Environment { endpoint: endpoint.to_owned(), variable: variable.clone() })?,
        SecretReference::File(path) => std::fs::read_to_string(path)
            .map(Zeroizing::new)
            .map_err(|source| SecretError::File { endpoint: endpoint.to_owned(), path: path.clone(), source })?,
    };
    // An editor ends a file with a line break that nobody means as part of the secret.
    let text = text.strip_suffix('\n').map_or(text.as_str(), |line| line.strip_suffix('\r').unwrap_or(line));
    Secret::new(text).map_err(|source| SecretError::Empty { endpoint: endpoint.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use super::*;
    use purser_model::configuration::EndpointGrant;

    fn declaration(authentication: EndpointAuthentication) -> GrantDeclaration {
        let endpoint = EndpointGrant {
            url: Url::parse("https://example.org/scim").unwrap(),
            authentication,
            timeout: Duration::from_secs(1),
            max_response_bytes: 1,
            reading_posts: vec!["/.search".into()],
        };
        GrantDeclaration { endpoints: [("scim".to_owned(), endpoint)].into(), ..GrantDeclaration::default() }
    }

    #[test]
    fn the_line_end_of_a_secret_file_is_not_part_of_the_secret() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "token \r\n").unwrap();
        let reference = SecretReference::File(file.path().to_path_buf());
        let grant = Grant::resolve(&declaration(EndpointAuthentication::Bearer(reference))).unwrap();
        let Authentication::Bearer(secret) = &grant.endpoints["scim"].authentication else { panic!("bearer") };
        assert_eq!(secret.reveal(), "token ");
        assert_eq!(grant.endpoints["scim"].reading_posts, ["/.search"]);
    }

    #[test]
    fn a_missing_variable_is_named_with_its_endpoint() {
        let reference = SecretReference::Environment("PURSER_TEST_THAT_NOBODY_SETS".into());
        let error = Grant::resolve(&declaration(EndpointAuthentication::Bearer(reference))).unwrap_err();
        let text = error.to_string();
        assert!(text.contains("`scim`") && text.contains("PURSER_TEST_THAT_NOBODY_SETS"), "{text}");
    }

    #[test]
    fn an_empty_secret_file_is_refused() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "\n").unwrap();
        let reference = SecretReference::File(file.path().to_path_buf());
        let error = Grant::resolve(&declaration(EndpointAuthentication::Bearer(reference))).unwrap_err();
        assert!(matches!(error, SecretError::Empty { .. }));
    }
}
