//! Problems as the description tells of them: by status, with the codes that can stand there.

use crate::problem::{Code, Problem};
use std::collections::BTreeMap;
use utoipa::openapi::schema::{AllOfBuilder, ObjectBuilder, Schema, Type};
use utoipa::openapi::{Content, Ref, RefOr, Response, ResponseBuilder};
use utoipa::{IntoResponses, ToSchema};

/// The answers with these codes, one for each status.
pub(crate) fn answers(codes: &[Code]) -> BTreeMap<String, RefOr<Response>> {
    let mut by_status: BTreeMap<u16, Vec<Code>> = BTreeMap::new();
    for code in codes {
        let known = by_status.entry(code.status().as_u16()).or_default();
        if !known.contains(code) {
            known.push(*code);
        }
    }
    by_status.into_iter().map(|(status, codes)| (status.to_string(), RefOr::T(answer(&codes)))).collect()
}

fn answer(codes: &[Code]) -> Response {
    let told: Vec<String> = codes.iter().map(|code| format!("`{}`: {}", code.as_str(), code.meaning())).collect();
    let words =
        ObjectBuilder::new().schema_type(Type::String).enum_values(Some(codes.iter().map(|code| code.as_str())));
    let narrowed = AllOfBuilder::new()
        .item(Ref::from_schema_name(Problem::name()))
        .item(ObjectBuilder::new().property("code", words));
    let content = Content::new(Some(RefOr::<Schema>::from(narrowed)));
    ResponseBuilder::new().description(told.join("\n\n")).content("application/problem+json", content).build()
}

/// Nothing is there of this id or name.
pub(crate) struct NotFound;

impl IntoResponses for NotFound {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        answers(&[Code::NotFound])
    }
}

/// A change that the store may refuse.
pub(crate) struct Refusable;

impl IntoResponses for Refusable {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        answers(&[Code::NotFound, Code::Refused])
    }
}

/// An assignment that may not be made.
pub(crate) struct Assignable;

impl IntoResponses for Assignable {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        answers(&[Code::NotFound, Code::RolesExclude, Code::Refused])
    }
}

/// A name that is taken, or what else the store refuses to make.
pub(crate) struct Conflicting;

impl IntoResponses for Conflicting {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        answers(&[Code::Refused])
    }
}

/// A body that can be read, and whose values are refused.
pub(crate) struct BadValues;

impl IntoResponses for BadValues {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        answers(&[Code::BadBody, Code::BadParameter])
    }
}

/// Events that are not kept any more.
pub(crate) struct EventsGone;

impl IntoResponses for EventsGone {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        answers(&[Code::EventsGone])
    }
}

/// A webhook that is declared, and perhaps cannot be used.
pub(crate) struct Sendable;

impl IntoResponses for Sendable {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        answers(&[Code::NotFound, Code::WebhookUnusable])
    }
}

/// Declarations that are taken over.
pub(crate) struct Declaring;

impl IntoResponses for Declaring {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        answers(&[
            Code::Refused,
            Code::DeclarationsRefused,
            Code::Stopped,
            Code::PreconditionFailed,
            Code::PreconditionRequired,
        ])
    }
}

/// What the engine does.
pub(crate) struct Work;

impl IntoResponses for Work {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        answers(&[
            Code::NotFound,
            Code::Refused,
            Code::Stopped,
            Code::RunStopped,
            Code::WindowClosed,
            Code::TargetRests,
            Code::PlanRefused,
            Code::NoChangeFeed,
            Code::NotShownYet,
            Code::ConnectorFailed,
        ])
    }
}
