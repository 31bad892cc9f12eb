//! Errors inside the adapter, and how they leave it.

use purser_store::StoreError;

/// What a transaction ends with when it does not commit.
#[derive(Debug)]
pub(crate) enum Failure {
    /// SQLite said no.
    Sql(rusqlite::Error),
    /// The port's own error.
    Store(StoreError),
}

pub(crate) type Result<T> = std::result::Result<T, Failure>;

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sql(error)
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<Failure> for StoreError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Sql(error) => Self::Failed(error.to_string()),
            Failure::Store(error) => error,
        }
    }
}

/// What is kept cannot be read as a `what`.
pub(crate) fn damaged(what: &'static str, reason: impl std::fmt::Display) -> Failure {
    Failure::Store(StoreError::Damaged { what, reason: reason.to_string() })
}

/// It is not done; the reason says what to do.
pub(crate) fn refused(what: &'static str, id: impl std::fmt::Display, reason: &str) -> Failure {
    Failure::Store(StoreError::Refused { what, id: id.to_string(), reason: reason.to_owned() })
}

/// There is no such `what`.
pub(crate) fn not_found(what: &'static str, id: impl std::fmt::Display) -> Failure {
    Failure::Store(StoreError::NotFound { what, id: id.to_string() })
}
