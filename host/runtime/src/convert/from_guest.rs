//! From the contract to the model: objects, pages, outcomes and errors. An object's attributes stay text.

use crate::bindings::purser::connector::types as wit;
use crate::caps::log::readable;
use purser_model::edit::{ConnectorError, EditOutcome, ErrorClass, ThrottleScope};
use purser_model::manifest::{Finding, Severity};
use purser_model::object::{Change, ChangePage, ChangeTail, Object, Page, SecondaryId, Tail};

/// What the guest answers to one request of `apply`.
type ConnectorAnswer = Result<wit::Outcome, wit::Error>;

/// One page.
pub(crate) fn page(page: wit::Page) -> Page {
    Page {
        objects: page.objects.into_iter().map(object).collect(),
        tail: match page.tail {
            wit::Tail::More(cursor) => Tail::More(cursor),
            wit::Tail::Complete => Tail::Complete,
            wit::Tail::Truncated(reason) => Tail::Truncated(readable(&reason)),
        },
    }
}

/// One object.
pub(crate) fn object(object: wit::Object) -> Object {
    Object {
        id: object.id,
        secondary_ids: object
            .secondary_ids
            .into_iter()
            .map(|id| SecondaryId { name: id.name, value: id.value })
            .collect(),
        version: object.version,
        active: object.active,
        attributes: object.attributes,
    }
}

/// One page of changes.
pub(crate) fn change_page(page: wit::ChangePage) -> ChangePage {
    ChangePage {
        changes: page.changes.into_iter().map(change).collect(),
        tail: match page.tail {
            wit::ChangeTail::More(cursor) => ChangeTail::More(cursor),
            wit::ChangeTail::Current(cursor) => ChangeTail::Current(cursor),
        },
    }
}

fn change(change: wit::Change) -> Change {
    match change {
        wit::Change::Present(present) => Change::Present(object(present)),
        wit::Change::Touched(id) => Change::Touched(id),
        wit::Change::Gone(id) => Change::Gone(id),
    }
}

/// The answers of `apply`.
pub(crate) fn outcomes(answers: Vec<ConnectorAnswer>) -> Vec<Result<EditOutcome, ConnectorError>> {
    answers.into_iter().map(|answer| answer.map(outcome).map_err(ConnectorError::from)).collect()
}

fn outcome(outcome: wit::Outcome) -> EditOutcome {
    match outcome {
        wit::Outcome::Done(after) => EditOutcome::Done(after.map(object)),
        wit::Outcome::Unchanged(now) => EditOutcome::Unchanged(now.map(object)),
        wit::Outcome::Accepted(handle) => EditOutcome::Accepted(handle),
        wit::Outcome::ActionRequired(text) => EditOutcome::ActionRequired(readable(&text)),
    }
}

/// One finding of `check`.
pub(crate) fn finding(finding: &wit::Finding) -> Finding {
    Finding {
        severity: match finding.severity {
            wit::Severity::Info => Severity::Info,
            wit::Severity::Warning => Severity::Warning,
            wit::Severity::Error => Severity::Error,
        },
        code: readable(&finding.code),
        message: readable(&finding.message),
        remedy: finding.remedy.as_deref().map(readable),
    }
}

impl From<wit::Error> for ConnectorError {
    fn from(error: wit::Error) -> Self {
        Self {
            class: error.class.into(),
            message: readable(&error.message),
            native_code: error.native_code.as_deref().map(readable),
        }
    }
}

impl From<wit::ErrorClass> for ErrorClass {
    fn from(class: wit::ErrorClass) -> Self {
        match class {
            wit::ErrorClass::InvalidConfig => Self::InvalidConfig,
            wit::ErrorClass::AuthenticationFailed => Self::AuthenticationFailed,
            wit::ErrorClass::PermissionDenied(permission) => Self::PermissionDenied(permission),
            wit::ErrorClass::NotFound => Self::NotFound,
            wit::ErrorClass::AlreadyExists(id) => Self::AlreadyExists(id),
            wit::ErrorClass::VersionConflict => Self::VersionConflict,
            wit::ErrorClass::InvalidValue(attribute) => Self::InvalidValue(attribute),
            wit::ErrorClass::Unsupported => Self::Unsupported,
            wit::ErrorClass::QuotaOrLicenceExhausted => Self::QuotaOrLicenceExhausted,
            wit::ErrorClass::RateLimited(throttle) => Self::RateLimited {
                after_ms: throttle.after_ms,
                scope: match throttle.scope {
                    wit::ThrottleScope::Object => ThrottleScope::Object,
                    wit::ThrottleScope::Operation => ThrottleScope::Operation,
                    wit::ThrottleScope::Target => ThrottleScope::Target,
                },
            },
            wit::ErrorClass::Unavailable(after_ms) => Self::Unavailable { after_ms },
            wit::ErrorClass::CursorExpired => Self::CursorExpired,
            wit::ErrorClass::OutcomeUnknown => Self::OutcomeUnknown,
            wit::ErrorClass::PartiallyApplied(what) => Self::PartiallyApplied(readable(&what)),
            wit::ErrorClass::Defect => Self::Defect,
        }
    }
}
