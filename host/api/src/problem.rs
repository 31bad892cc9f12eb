//! Errors as problems (RFC 9457).

use crate::ports::{ConnectorsError, DeclarationMistake, DeclarationsError, SecretError};
use axum::Json;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use purser_backup::BackupError;
use purser_issuer::{ClaimError, NotVerified};
use purser_model::access::{ApiRole, Permission};
use purser_model::id::TokenName;
use purser_reconcile::{EngineError, UpgradeRefused};
use purser_store::StoreError;
use purser_webhook::NotSent;
use serde::Serialize;
use tracing::error;
use utoipa::ToSchema;

/// An issuer that did not answer is asked again after so many seconds.
const ISSUER_ASKED_AGAIN: u64 = 10;

/// Which problem it is. The word is stable: consumers decide by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Code {
    BadParameter,
    BadBody,
    Unauthorized,
    TokenExpired,
    Forbidden,
    NotFound,
    MethodNotAllowed,
    Refused,
    RolesExclude,
    Stopped,
    RunStopped,
    WindowClosed,
    TargetRests,
    PlanRefused,
    NoChangeFeed,
    NotShownYet,
    WebhookUnusable,
    UnderWay,
    EndUnknown,
    AnswerNotKept,
    DeclarationsRefused,
    PreconditionRequired,
    EventsGone,
    PreconditionFailed,
    TooLarge,
    NotJson,
    KeyReused,
    TooSlow,
    TooManyRequests,
    Internal,
    ConnectorFailed,
    Overloaded,
    IssuerUnavailable,
}

impl Code {
    /// The word, the status, the title, and what it means.
    fn row(self) -> (&'static str, StatusCode, &'static str, &'static str) {
        const CONFLICT: StatusCode = StatusCode::CONFLICT;
        match self {
            Self::BadParameter => (
                "bad-parameter",
                StatusCode::BAD_REQUEST,
                "Bad parameter",
                "a parameter, or a value in the body, is wrong",
            ),
            Self::BadBody => ("bad-body", StatusCode::BAD_REQUEST, "Bad body", "the body cannot be read"),
            Self::Unauthorized => {
                ("unauthorized", StatusCode::UNAUTHORIZED, "Not authenticated", "the token is missing or wrong")
            }
            Self::TokenExpired => {
                ("token-expired", StatusCode::UNAUTHORIZED, "Not authenticated", "the token has expired")
            }
            Self::Forbidden => ("forbidden", StatusCode::FORBIDDEN, "Not allowed", "the token's role may not do this"),
            Self::NotFound => ("not-found", StatusCode::NOT_FOUND, "Not found", "there is no such thing"),
            Self::MethodNotAllowed => (
                "method-not-allowed",
                StatusCode::METHOD_NOT_ALLOWED,
                "Method not allowed",
                "the resource does not know the method",
            ),
            Self::Refused => ("refused", CONFLICT, "Not done", "what is there does not allow it"),
            Self::RolesExclude => {
                ("roles-exclude", CONFLICT, "Not done", "two roles would be had that exclude each other")
            }
            Self::Stopped => ("stopped", CONFLICT, "Not done", "a guard stopped the run before it did anything"),
            Self::RunStopped => ("run-stopped", CONFLICT, "Not done", "a person stopped the run before its end"),
            Self::WindowClosed => ("window-closed", CONFLICT, "Not done", "it is not the declared time for it"),
            Self::TargetRests => ("target-rests", CONFLICT, "Not done", "the target is quarantined"),
            Self::PlanRefused => ("plan-refused", CONFLICT, "Not done", "the plan does not hold any more"),
            Self::NoChangeFeed => ("no-change-feed", CONFLICT, "Not done", "the target has no change feed"),
            Self::NotShownYet => (
                "not-shown-yet",
                CONFLICT,
                "Not done",
                "the target does not show yet what was written just now; ask again",
            ),
            Self::WebhookUnusable => (
                "webhook-unusable",
                CONFLICT,
                "Not done",
                "nothing can be sent to the webhook as it is declared, such as where its secret is not set",
            ),
            Self::UnderWay => {
                ("under-way", CONFLICT, "Being done", "the same request, by its `Idempotency-Key`, is being done")
            }
            Self::EndUnknown => (
                "end-unknown",
                CONFLICT,
                "The end is not known",
                "the host stopped while it did this request, which had changed something; look at what is there",
            ),
            Self::AnswerNotKept => (
                "answer-not-kept",
                CONFLICT,
                "Done before",
                "the request was done; its answer holds a secret or is large, and was given once",
            ),
            Self::DeclarationsRefused => {
                ("declarations-refused", CONFLICT, "Not done", "the declarations hold mistakes; `mistakes` names them")
            }
            Self::PreconditionRequired => (
                "precondition-required",
                StatusCode::PRECONDITION_REQUIRED,
                "If-Match is needed",
                "the request must say with `If-Match` what it was made from",
            ),
            Self::EventsGone => (
                "events-gone",
                StatusCode::GONE,
                "Events are not kept any more",
                "the events that were asked for are not kept any more; `oldest` is the first that is",
            ),
            Self::PreconditionFailed => (
                "precondition-failed",
                StatusCode::PRECONDITION_FAILED,
                "Not as expected",
                "the resource is not as `If-Match` says",
            ),
            Self::TooLarge => (
                "too-large",
                StatusCode::PAYLOAD_TOO_LARGE,
                "Too large",
                "the body is larger than is read: 1 MiB, or what the route says",
            ),
            Self::NotJson => {
                ("not-json", StatusCode::UNSUPPORTED_MEDIA_TYPE, "Not JSON", "the body is not `application/json`")
            }
            Self::KeyReused => (
                "key-reused",
                StatusCode::UNPROCESSABLE_ENTITY,
                "Another request",
                "the `Idempotency-Key` belongs to another request",
            ),
            Self::TooSlow => {
                ("too-slow", StatusCode::REQUEST_TIMEOUT, "Too slow", "the body did not arrive within 30 seconds")
            }
            Self::TooManyRequests => (
                "too-many-requests",
                StatusCode::TOO_MANY_REQUESTS,
                "Too many requests",
                "the caller asks more than this host allows; `Retry-After` says when to come back",
            ),
            Self::Overloaded => (
                "overloaded",
                StatusCode::SERVICE_UNAVAILABLE,
                "Overloaded",
                "everybody together asks more than this host allows; `Retry-After` says when to come back",
            ),
            Self::IssuerUnavailable => (
                "issuer-unavailable",
                StatusCode::SERVICE_UNAVAILABLE,
                "The token cannot be checked",
                "the issuer of the token does not say what its keys are; tokens of this host's own go on",
            ),
            Self::Internal => (
                "internal",
                StatusCode::INTERNAL_SERVER_ERROR,
                "Internal error",
                "the host could not answer; its log says why",
            ),
            Self::ConnectorFailed => (
                "connector-failed",
                StatusCode::BAD_GATEWAY,
                "The connector failed",
                "the connector, or what it reaches, failed",
            ),
        }
    }

    /// The word.
    pub(crate) fn as_str(self) -> &'static str {
        self.row().0
    }

    /// The status of answers with it.
    pub(crate) fn status(self) -> StatusCode {
        self.row().1
    }

    /// What it means, for people.
    pub(crate) fn meaning(self) -> &'static str {
        self.row().3
    }
}

/// What went wrong (RFC 9457). `code` is stable; the texts are for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Problem {
    /// The status of the answer.
    #[serde(serialize_with = "as_number")]
    #[schema(value_type = u16, minimum = 400, maximum = 599)]
    status: StatusCode,
    /// Which problem it is.
    code: Code,
    /// In short, the same for each code.
    title: &'static str,
    /// What was wrong this time, and what to do.
    detail: String,
    /// The first event that is kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    oldest: Option<u64>,
    /// When to come back, in seconds.
    #[serde(skip)]
    retry_after: Option<u64>,
    /// What is wrong in declarations.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    mistakes: Vec<DeclarationMistake>,
}

fn as_number<S: serde::Serializer>(status: &StatusCode, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u16(status.as_u16())
}

impl Problem {
    pub(crate) fn new(code: Code, detail: impl Into<String>) -> Self {
        let (_, status, title, _) = code.row();
        Self { status, code, title, detail: detail.into(), oldest: None, retry_after: None, mistakes: Vec::new() }
    }

    /// The status of an answer with it.
    pub(crate) fn status(&self) -> StatusCode {
        self.status
    }

    /// There is no such thing.
    pub(crate) fn not_found(detail: impl Into<String>) -> Self {
        Self::new(Code::NotFound, detail)
    }

    /// The resource does not know the method.
    pub(crate) fn method_not_allowed() -> Self {
        Self::new(Code::MethodNotAllowed, "this resource has no such method; host/docs/api.md says which it has")
    }

    /// The body is wrong.
    pub(crate) fn bad_body(status: StatusCode, detail: impl Into<String>) -> Self {
        match status {
            StatusCode::PAYLOAD_TOO_LARGE => Self::new(Code::TooLarge, detail),
            StatusCode::UNSUPPORTED_MEDIA_TYPE => {
                Self::new(Code::NotJson, "send the body as `Content-Type: application/json`")
            }
            _ => Self::new(Code::BadBody, detail),
        }
    }

    /// What is there does not allow it.
    pub(crate) fn refused(detail: impl Into<String>) -> Self {
        Self::new(Code::Refused, detail)
    }

    /// What was to be changed is another one by now.
    pub(crate) fn precondition_failed(detail: impl Into<String>) -> Self {
        Self::new(Code::PreconditionFailed, detail)
    }

    /// The request must say what it was made from.
    pub(crate) fn precondition_required(detail: impl Into<String>) -> Self {
        Self::new(Code::PreconditionRequired, detail)
    }

    /// The token ended.
    pub(crate) fn token_expired(name: &TokenName) -> Self {
        let detail = format!("the token `{name}` has expired; ask an admin of this host for another one");
        Self::new(Code::TokenExpired, detail)
    }

    /// The token of an issuer opens nothing.
    pub(crate) fn not_verified(why: &NotVerified) -> Self {
        let detail = why.to_string();
        match why {
            NotVerified::NotFetched { .. } => {
                Self { retry_after: Some(ISSUER_ASKED_AGAIN), ..Self::new(Code::IssuerUnavailable, detail) }
            }
            NotVerified::NoRole { .. } => Self::new(Code::Forbidden, detail),
            NotVerified::Claim { reason: ClaimError::Expired, .. } => Self::new(Code::TokenExpired, detail),
            NotVerified::Malformed(_)
            | NotVerified::UnknownIssuer
            | NotVerified::Key { .. }
            | NotVerified::Claim { .. } => Self::new(Code::Unauthorized, detail),
        }
    }

    /// The caller may not.
    pub(crate) fn forbidden(role: ApiRole, needed: Permission) -> Self {
        let who = match needed {
            Permission::Read => "every role",
            Permission::Operate => "operators, owners and admins",
            Permission::Approve => "approvers, owners and admins",
            Permission::Administer => "admins",
        };
        let detail = format!("your token has the role {role}; this is for {who}");
        Self::new(Code::Forbidden, detail)
    }

    /// The token of the first start was shown for something else than what it is for.
    pub(crate) fn only_once() -> Self {
        let detail = "the token of the first start signs in to the console once, or makes one token (POST /v1/tokens), \
                      and opens nothing else";
        Self::new(Code::Forbidden, detail)
    }

    /// It is about more than some targets.
    pub(crate) fn closed_to_owners() -> Self {
        Self::new(Code::Forbidden, "your token is bound to targets; this is about more than those")
    }

    /// It is the host's fault.
    pub(crate) fn internal() -> Self {
        Self::new(Code::Internal, "the host could not answer; its log says why")
    }

    /// The body took too long.
    pub(crate) fn too_slow() -> Self {
        Self::new(Code::TooSlow, "the body did not arrive within 30 seconds; send it without a break")
    }

    /// A limit is reached: by the caller, or by all together.
    pub(crate) fn come_back(callers: bool, detail: impl Into<String>, after: u64) -> Self {
        let code = if callers { Code::TooManyRequests } else { Code::Overloaded };
        Self { retry_after: Some(after), ..Self::new(code, detail) }
    }

    /// A parameter is wrong.
    pub(crate) fn bad_parameter(detail: impl Into<String>) -> Self {
        Self::new(Code::BadParameter, detail)
    }

    /// Events that were asked for are not kept any more; `oldest` is the first that is.
    fn events_gone(oldest: u64, detail: String) -> Self {
        let problem = Self::new(Code::EventsGone, detail);
        Self { oldest: Some(oldest), ..problem }
    }

    /// The token is missing or wrong.
    pub(crate) fn unauthorized() -> Self {
        Self::new(
            Code::Unauthorized,
            "send a token as `Authorization: Bearer TOKEN`; an admin makes one with `purser token create`",
        )
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let (status, retry_after) = (self.status, self.retry_after);
        let mut response = (status, Json(self)).into_response();
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(seconds) = retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

impl From<StoreError> for Problem {
    fn from(failure: StoreError) -> Self {
        match failure {
            StoreError::NotFound { what, id } => Self::not_found(format!("no {what} `{id}`")),
            StoreError::Refused { .. } => Self::new(Code::Refused, failure.to_string()),
            StoreError::EventsGone { oldest, .. } => Self::events_gone(oldest, failure.to_string()),
            other => {
                error!(error = %other, "a request failed");
                Self::internal()
            }
        }
    }
}

impl From<BackupError> for Problem {
    fn from(failure: BackupError) -> Self {
        match failure {
            BackupError::Store(failure) => failure.into(),
            BackupError::NotKept(_) => Self::not_found(failure.to_string()),
            other => {
                error!(error = %other, "a backup failed");
                Self::internal()
            }
        }
    }
}

impl From<EngineError> for Problem {
    fn from(failure: EngineError) -> Self {
        let text = failure.to_string();
        match failure {
            EngineError::Store(failure) => failure.into(),
            EngineError::NotDeclared { .. } | EngineError::Nobody { .. } => Self::not_found(text),
            EngineError::Connector { .. } => Self::new(Code::ConnectorFailed, text),
            EngineError::Stopped { .. } | EngineError::NotLookedAt(_) => Self::new(Code::Stopped, text),
            EngineError::RunStopped { .. } => Self::new(Code::RunStopped, text),
            EngineError::WindowClosed { .. } => Self::new(Code::WindowClosed, text),
            EngineError::NoChangeFeed { .. } => Self::new(Code::NoChangeFeed, text),
            EngineError::Plan(_) => Self::new(Code::PlanRefused, text),
            EngineError::NotShownYet { .. } => Self::new(Code::NotShownYet, text),
            EngineError::Resting { .. } => Self::new(Code::TargetRests, text),
        }
    }
}

impl From<NotSent> for Problem {
    fn from(failure: NotSent) -> Self {
        let text = failure.to_string();
        match failure {
            NotSent::Store(failure) => failure.into(),
            NotSent::NotDeclared(_) => Self::not_found(text),
            NotSent::Secrets(_) | NotSent::Secret(_) | NotSent::Receiver(_) => Self::new(Code::WebhookUnusable, text),
        }
    }
}

impl From<ConnectorsError> for Problem {
    fn from(failure: ConnectorsError) -> Self {
        let text = failure.to_string();
        match failure {
            ConnectorsError::NotKept(_) | ConnectorsError::NotDeclared(_) => Self::not_found(text),
            ConnectorsError::Refused(_) => Self::refused(text),
            ConnectorsError::Failed(_) => {
                error!(error = text, "the folder of connectors cannot be used");
                Self::internal()
            }
        }
    }
}

impl From<UpgradeRefused> for Problem {
    fn from(failure: UpgradeRefused) -> Self {
        let text = failure.to_string();
        match failure {
            UpgradeRefused::Store(failure) => failure.into(),
            UpgradeRefused::NothingRuns(_) => Self::not_found(text),
            UpgradeRefused::NotPossible(_) | UpgradeRefused::Overtaken(_) => Self::refused(text),
        }
    }
}

impl From<SecretError> for Problem {
    fn from(failure: SecretError) -> Self {
        match failure {
            SecretError::Store(failure) => failure.into(),
            SecretError::NoKey(text) => Self::refused(text),
        }
    }
}

impl From<DeclarationsError> for Problem {
    fn from(failure: DeclarationsError) -> Self {
        let text = failure.to_string();
        match failure {
            DeclarationsError::Mistakes(mistakes) => Self { mistakes, ..Self::new(Code::DeclarationsRefused, text) },
            DeclarationsError::Overtaken(_) => Self::precondition_failed(text),
            DeclarationsError::Refused(_) => Self::refused(text),
            DeclarationsError::Engine(failure) => failure.into(),
            DeclarationsError::Failed(_) => {
                error!(error = text, "the declarations cannot be changed");
                Self::internal()
            }
        }
    }
}

impl From<QueryRejection> for Problem {
    fn from(rejection: QueryRejection) -> Self {
        Self::bad_parameter(rejection.body_text())
    }
}

impl From<PathRejection> for Problem {
    fn from(rejection: PathRejection) -> Self {
        Self::bad_parameter(rejection.body_text())
    }
}
