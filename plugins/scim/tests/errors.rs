//! Every error that RFC 7644 and RFC 9865 know, as a server answers it to a list and to a change.

mod support;

use purser_sdk::http::Method;
use purser_sdk::serde_json::json;
use purser_sdk::testing::Stub;
use purser_sdk::{Connector, Error, ErrorClass, SearchRequest, ThrottleScope};
use support::{Server, connect, error, replace, update};

/// A server that answers so to each request of this method below this path.
fn answering(method: Method, path: &'static str, status: u16, scim_type: Option<&str>) -> (Server, Stub) {
    let (server, stub) = Server::start();
    let (serving, scim_type) = (server.clone(), scim_type.map(str::to_owned));
    stub.serve("scim", move |sent| {
        let is_meant = sent.method == method && sent.path.contains(path);
        if is_meant { Ok(error(status, scim_type.as_deref())) } else { serving.answer(sent) }
    });
    (server, stub)
}

/// What becomes of a change that is answered so.
fn refused(status: u16, scim_type: Option<&str>) -> Error {
    let (server, stub) = answering(Method::Patch, "/Users/", status, scim_type);
    let id = server.add_user("anna");
    let edit = update("User", &id, None, vec![replace("displayName", json!("Anna Ek"))]);
    let refused = connect(&stub, json!({})).apply(vec![edit]).remove(0);
    refused.expect_err("it was answered with an error")
}

/// What becomes of a list that is answered so.
fn not_listed(status: u16, scim_type: Option<&str>) -> Error {
    let (_, stub) = answering(Method::Get, "/Users", status, scim_type);
    let listed = connect(&stub, json!({})).search(&SearchRequest::all("User", 10));
    listed.expect_err("it was answered with an error")
}

#[test]
fn every_scim_type_of_a_change_has_its_class_and_says_what_to_do() {
    let invalid = ErrorClass::InvalidValue(Some("displayName".to_owned()));
    for (status, scim_type, class, advice) in [
        (409, "uniqueness", ErrorClass::AlreadyExists(None), ""),
        (400, "mutability", invalid.clone(), "leave it out of the mappings"),
        (400, "invalidPath", invalid.clone(), "`profile`"),
        (400, "noTarget", invalid.clone(), "`profile`"),
        (400, "invalidSyntax", invalid.clone(), "`profile`"),
        (400, "invalidValue", invalid, "not mapped"),
        (400, "invalidVers", ErrorClass::InvalidConfig, "URL"),
        (403, "sensitive", ErrorClass::Unsupported, ""),
    ] {
        let error = refused(status, Some(scim_type));
        assert_eq!(error.class, class, "{scim_type}");
        assert_eq!(error.native_code.as_deref(), Some(scim_type));
        assert!(error.message.contains(advice), "{error:?}");
    }
}

#[test]
fn every_scim_type_of_a_list_has_its_class() {
    for (status, scim_type, class) in [
        (400, "invalidFilter", ErrorClass::Unsupported),
        (400, "tooMany", ErrorClass::Unsupported),
        (403, "sensitive", ErrorClass::Unsupported),
        (400, "invalidCursor", ErrorClass::CursorExpired),
        (400, "expiredCursor", ErrorClass::CursorExpired),
        (400, "invalidCount", ErrorClass::InvalidConfig),
    ] {
        let error = not_listed(status, Some(scim_type));
        assert_eq!((error.class, error.native_code.as_deref()), (class, Some(scim_type)));
    }
}

#[test]
fn every_status_without_a_type_has_its_class() {
    let limited = ErrorClass::RateLimited { after_ms: None, scope: ThrottleScope::Target };
    for (status, class) in [
        (401, ErrorClass::AuthenticationFailed),
        (403, ErrorClass::PermissionDenied(None)),
        (409, ErrorClass::VersionConflict),
        (412, ErrorClass::VersionConflict),
        (429, limited),
        (500, ErrorClass::OutcomeUnknown),
        (503, ErrorClass::Unavailable { after_ms: None }),
        (507, ErrorClass::QuotaOrLicenceExhausted),
    ] {
        let error = refused(status, None);
        assert_eq!((error.class, error.native_code), (class, Some(status.to_string())));
    }
    assert_eq!(not_listed(500, None).class, ErrorClass::Unavailable { after_ms: None }, "reading can be tried again");
}
