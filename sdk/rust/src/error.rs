//! Errors of connectors: a class that the engine acts on, a message for people, the target's own code.

use std::fmt;

/// What a throttle covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ThrottleScope {
    /// This object only.
    Object,
    /// This class of requests.
    Operation,
    /// The whole target: every worker waits.
    Target,
}

/// What failed, in a form the engine acts on without reading text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ErrorClass {
    /// The configuration cannot work. Not retried.
    InvalidConfig,
    /// The credential was refused. Not retried, since retrying may lock it.
    AuthenticationFailed,
    /// The credential lacks a permission, named where known.
    PermissionDenied(Option<String>),
    /// The object is not there.
    NotFound,
    /// A unique value is taken, by the object of this id where known.
    AlreadyExists(Option<String>),
    /// The object changed since it was read.
    VersionConflict,
    /// The target refuses the value of this attribute.
    InvalidValue(Option<String>),
    /// The target or the connector cannot do this.
    Unsupported,
    /// Seats, licences or a long-term quota are used up.
    QuotaOrLicenceExhausted,
    /// Too many requests.
    RateLimited {
        /// Wait at least this long, in milliseconds, where the target said.
        after_ms: Option<u64>,
        /// What waits.
        scope: ThrottleScope,
    },
    /// Not now; nothing was done.
    Unavailable {
        /// Wait at least this long, in milliseconds, where the target said.
        after_ms: Option<u64>,
    },
    /// The cursor is no longer known: the listing starts again.
    CursorExpired,
    /// The request was sent and its end is not known: it is observed before anything is tried again.
    OutcomeUnknown,
    /// Some of the edit was done; the text says what.
    PartiallyApplied(String),
    /// The connector or the target broke its own rules.
    Defect,
}

impl ErrorClass {
    /// The class's name in the contract.
    pub fn name(&self) -> &'static str {
        match self {
            Self::InvalidConfig => "invalid-config",
            Self::AuthenticationFailed => "authentication-failed",
            Self::PermissionDenied(_) => "permission-denied",
            Self::NotFound => "not-found",
            Self::AlreadyExists(_) => "already-exists",
            Self::VersionConflict => "version-conflict",
            Self::InvalidValue(_) => "invalid-value",
            Self::Unsupported => "unsupported",
            Self::QuotaOrLicenceExhausted => "quota-or-licence-exhausted",
            Self::RateLimited { .. } => "rate-limited",
            Self::Unavailable { .. } => "unavailable",
            Self::CursorExpired => "cursor-expired",
            Self::OutcomeUnknown => "outcome-unknown",
            Self::PartiallyApplied(_) => "partially-applied",
            Self::Defect => "defect",
        }
    }
}

/// An error that a connector answers with.
///
/// The message says what failed and what to do next, and holds no secret and no personal data beyond ids.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    /// What the engine acts on.
    pub class: ErrorClass,
    /// For people.
    pub message: String,
    /// The target's own code, such as `uniqueness` or `0000052D`.
    pub native_code: Option<String>,
}

impl Error {
    /// An error of any class.
    pub fn new(class: ErrorClass, message: impl Into<String>) -> Self {
        Self { class, message: message.into(), native_code: None }
    }

    /// The configuration cannot work; say which part and what it should be.
    pub fn invalid_config(message: impl Into<String>) -> Self {
        Self::new(ErrorClass::InvalidConfig, message)
    }

    /// The credential was refused.
    pub fn authentication_failed(message: impl Into<String>) -> Self {
        Self::new(ErrorClass::AuthenticationFailed, message)
    }

    /// The credential lacks a permission. Add its name with [`Error::naming_permission`] where the target tells.
    pub fn permission_denied(message: impl Into<String>) -> Self {
        Self::new(ErrorClass::PermissionDenied(None), message)
    }

    /// Names the missing permission; turns any error into `permission-denied`.
    #[must_use]
    pub fn naming_permission(mut self, permission: impl Into<String>) -> Self {
        self.class = ErrorClass::PermissionDenied(Some(permission.into()));
        self
    }

    /// The object is not there, for certain.
    pub fn not_found(class: &str, id: &str) -> Self {
        Self::new(ErrorClass::NotFound, format!("there is no {class} with the id `{id}`"))
    }

    /// A unique value is taken, by the object of this id where known.
    pub fn already_exists(id: Option<String>, message: impl Into<String>) -> Self {
        Self::new(ErrorClass::AlreadyExists(id), message)
    }

    /// The object changed since it was read.
    pub fn version_conflict(message: impl Into<String>) -> Self {
        Self::new(ErrorClass::VersionConflict, message)
    }

    /// The target refuses the value of this attribute.
    pub fn invalid_value(attribute: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(ErrorClass::InvalidValue(Some(attribute.into())), message)
    }

    /// The target or the connector cannot do this.
    pub fn unsupported(message: impl Into<String>) -> Self {
        Self::new(ErrorClass::Unsupported, message)
    }

    /// Seats, licences or a long-term quota are used up.
    pub fn quota_exhausted(message: impl Into<String>) -> Self {
        Self::new(ErrorClass::QuotaOrLicenceExhausted, message)
    }

    /// Too many requests.
    pub fn rate_limited(after_ms: Option<u64>, scope: ThrottleScope, message: impl Into<String>) -> Self {
        Self::new(ErrorClass::RateLimited { after_ms, scope }, message)
    }

    /// Not now, and nothing was done.
    pub fn unavailable(after_ms: Option<u64>, message: impl Into<String>) -> Self {
        Self::new(ErrorClass::Unavailable { after_ms }, message)
    }

    /// The cursor is no longer known.
    pub fn cursor_expired(message: impl Into<String>) -> Self {
        Self::new(ErrorClass::CursorExpired, message)
    }

    /// The request was sent and its end is not known.
    pub fn outcome_unknown(message: impl Into<String>) -> Self {
        Self::new(ErrorClass::OutcomeUnknown, message)
    }

    /// Some of the edit was done: `done` says what, the message what failed then.
    pub fn partially_applied(done: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(ErrorClass::PartiallyApplied(done.into()), message)
    }

    /// The connector or the target broke its own rules.
    pub fn defect(message: impl Into<String>) -> Self {
        Self::new(ErrorClass::Defect, message)
    }

    /// Adds the target's own code.
    #[must_use]
    pub fn with_native_code(mut self, code: impl Into<String>) -> Self {
        self.native_code = Some(code.into());
        self
    }

    /// Whether the object asked for is gone for certain.
    pub fn is_not_found(&self) -> bool {
        self.class == ErrorClass::NotFound
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.class.name(), self.message)?;
        if let Some(code) = &self.native_code {
            write!(f, " ({code})")?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {}
