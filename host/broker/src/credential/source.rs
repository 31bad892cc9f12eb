//! Where the secrets of a declaration are read from.

use super::CredentialError;
use purser_model::configuration::SecretReference;
use purser_model::id::SecretName;
use purser_model::secret::{EmptySecret, NamedSecrets, Secret};
use std::path::PathBuf;
use zeroize::Zeroizing;

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
    /// The sealed store has no secret of this name.
    #[error("endpoint `{endpoint}`: the secret `{name}` is not set: run `purser secret set {name}`")]
    NotSet {
        /// The endpoint that needs it.
        endpoint: String,
        /// The secret.
        name: SecretName,
    },
    /// A secret or certificate is there, and cannot be used for what it is declared for.
    #[error("endpoint `{endpoint}`: {source}")]
    Unusable {
        /// The endpoint that needs it.
        endpoint: String,
        /// Why.
        source: CredentialError,
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

/// Reads a secret of this endpoint; `sealed` are those of the sealed store.
///
/// # Errors
/// It is missing, unreadable or empty.
pub fn read(endpoint: &str, reference: &SecretReference, sealed: &NamedSecrets) -> Result<Secret, SecretError> {
    let text = match reference {
        SecretReference::Environment(variable) => std::env::var(variable)
            .map(Zeroizing::new)
            .map_err(|_| SecretError::Environment { endpoint: endpoint.to_owned(), variable: variable.clone() })?,
        SecretReference::File(path) => std::fs::read_to_string(path)
            .map(Zeroizing::new)
            .map_err(|source| SecretError::File { endpoint: endpoint.to_owned(), path: path.clone(), source })?,
        SecretReference::Sealed(name) => {
            let not_set = || SecretError::NotSet { endpoint: endpoint.to_owned(), name: name.clone() };
            return sealed.get(name).cloned().ok_or_else(not_set);
        }
    };
    // An editor ends a file with a line break that nobody means as part of the secret.
    let text = text.strip_suffix('\n').map_or(text.as_str(), |line| line.strip_suffix('\r').unwrap_or(line));
    Secret::new(text).map_err(|source| SecretError::Empty { endpoint: endpoint.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealed() -> NamedSecrets {
        [("crm".parse().unwrap(), Secret::new("hunter2").unwrap())].into()
    }

    #[test]
    fn a_sealed_secret_is_taken_by_its_name_or_said_how_to_set() {
        let read = |name: &str| read("scim", &SecretReference::Sealed(name.parse().unwrap()), &sealed());
        assert_eq!(read("crm").unwrap().reveal(), "hunter2");
        let text = read("mail").unwrap_err().to_string();
        assert!(text.contains("`scim`") && text.contains("`purser secret set mail`"), "{text}");
    }

    #[test]
    fn the_line_end_of_a_secret_file_is_not_part_of_the_secret() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "token \r\n").unwrap();
        let secret = read("scim", &SecretReference::File(file.path().to_path_buf()), &sealed()).unwrap();
        assert_eq!(secret.reveal(), "token ");
    }

    #[test]
    fn a_missing_variable_is_named_with_its_endpoint() {
        let error =
            read("scim", &SecretReference::Environment("PURSER_TEST_THAT_NOBODY_SETS".into()), &sealed()).unwrap_err();
        let text = error.to_string();
        assert!(text.contains("`scim`") && text.contains("PURSER_TEST_THAT_NOBODY_SETS"), "{text}");
    }

    #[test]
    fn an_empty_secret_file_is_refused() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "\n").unwrap();
        let error = read("scim", &SecretReference::File(file.path().to_path_buf()), &sealed()).unwrap_err();
        assert!(matches!(error, SecretError::Empty { .. }));
    }
}
