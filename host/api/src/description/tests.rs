//! The description holds together, is the one that is checked in, and stands on the page.

use super::document::DESCRIPTION;
use crate::tests::state;
use crate::{ApiState, router};
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode, header};
use serde_json::Value;
use std::collections::BTreeSet;
use tower::ServiceExt;

const CHECKED_IN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.json");
/// Set to renew the file.
const RENEW: &str = "PURSER_RENEW_OPENAPI";

#[test]
fn the_description_that_is_checked_in_is_that_of_the_code() {
    if std::env::var_os(RENEW).is_some() {
        std::fs::write(CHECKED_IN, &DESCRIPTION.text).unwrap();
    }
    let checked_in = std::fs::read_to_string(CHECKED_IN).unwrap_or_default();
    assert!(
        checked_in == DESCRIPTION.text,
        "host/api/openapi.json is not what the code gives: `{RENEW}=1 cargo test -p purser-api description` renews it"
    );
}

fn operations() -> Vec<(String, &'static Value)> {
    let paths = DESCRIPTION.value["paths"].as_object().unwrap();
    let all = paths.iter().flat_map(|(path, item)| {
        item.as_object().unwrap().iter().map(move |(method, one)| (format!("{method} {path}"), one))
    });
    all.collect()
}

fn references<'a>(value: &'a Value, found: &mut BTreeSet<&'a str>) {
    match value {
        Value::Object(members) => {
            found.extend(members.get("$ref").and_then(Value::as_str));
            members.values().for_each(|member| references(member, found));
        }
        Value::Array(members) => members.iter().for_each(|member| references(member, found)),
        _ => {}
    }
}

#[test]
fn every_reference_leads_somewhere() {
    let mut found = BTreeSet::new();
    references(&DESCRIPTION.value, &mut found);
    assert!(found.len() > 50, "{found:?}");
    for place in found {
        let pointer = place.strip_prefix('#').unwrap();
        assert!(DESCRIPTION.value.pointer(pointer).is_some(), "{place} is referred to, and is not there");
    }
}

#[test]
fn every_operation_has_a_name_of_its_own_and_tells_all_that_can_go_wrong() {
    let mut names = BTreeSet::new();
    for (place, operation) in operations() {
        assert!(names.insert(operation["operationId"].as_str().unwrap()), "{place}");
        assert!(operation["summary"].as_str().unwrap().ends_with('.'), "{place}");
        assert_eq!(operation["tags"].as_array().unwrap().len(), 1, "{place}");
        let answers = operation["responses"].as_object().unwrap();
        let needed: &[&str] = match (operation["security"][0].is_null(), operation["requestBody"].is_null()) {
            (true, _) => &["200"],
            (false, true) => &["401", "403", "500"],
            (false, false) => &["400", "401", "403", "413", "415", "500"],
        };
        assert!(needed.iter().all(|status| answers.contains_key(*status)), "{place}: {answers:?}");
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            assert!(parameter["description"].is_string(), "{place}: {parameter}");
            assert!(answers.contains_key("400"), "{place}");
        }
        let named = |name: &str| {
            let parameters = operation["parameters"].as_array().into_iter().flatten();
            parameters.clone().any(|parameter| parameter["name"] == name)
        };
        let (method, path) = place.split_once(' ').unwrap();
        let guarded = operation["security"] != serde_json::json!([]);
        assert_eq!(named("If-None-Match"), guarded && method == "get" && path.ends_with('}'), "{place}");
        let whole = path == "/v1/declarations";
        assert_eq!(named("If-Match"), method != "get" && (path.contains('}') || whole), "{place}");
        assert_eq!(named("Idempotency-Key"), method == "post", "{place}");
    }
}

async fn get(state: &ApiState, path: &str) -> (StatusCode, HeaderMap, String) {
    let answer = router(state.clone()).oneshot(Request::get(path).body(Body::empty()).unwrap()).await.unwrap();
    let (parts, body) = answer.into_parts();
    let bytes = axum::body::to_bytes(body, 1 << 24).await.unwrap();
    (parts.status, parts.headers, String::from_utf8(bytes.to_vec()).unwrap())
}

#[tokio::test]
async fn the_description_and_its_page_are_there_without_a_token_and_load_nothing_from_elsewhere() {
    let (state, _folder) = state(0).await;
    let (status, headers, text) = get(&state, "/v1/openapi.json").await;
    assert_eq!((status, &headers[header::CONTENT_TYPE]), (StatusCode::OK, &"application/json".parse().unwrap()));
    assert_eq!(text, DESCRIPTION.text);
    let (status, headers, page) = get(&state, "/docs").await;
    assert_eq!(status, StatusCode::OK);
    let policy = headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
    assert!(policy.starts_with("default-src 'none'; style-src 'self'"), "{policy}");
    for (place, operation) in operations() {
        assert!(page.contains(&format!("<details id={}>", operation["operationId"])), "{place} is not on the page");
    }
    for schema in DESCRIPTION.value["components"]["schemas"].as_object().unwrap().keys() {
        assert!(page.contains(&format!("id=\"schema-{schema}\"")), "{schema} is not on the page");
    }
    for absent in ["<script", "style=", "src=", "://", " on"] {
        let tags = page.split('<').filter_map(|part| part.split_once('>')).map(|(tag, _)| format!("<{tag}"));
        let found: Vec<_> = tags.filter(|tag| tag.contains(absent)).collect();
        assert!(found.is_empty(), "{absent}: {found:?}");
    }
    let (status, headers, _) = get(&state, super::page::STYLE_PATH).await;
    assert_eq!((status, &headers[header::CONTENT_TYPE]), (StatusCode::OK, &"text/css; charset=utf-8".parse().unwrap()));
}

#[tokio::test]
async fn every_answer_tells_browsers_to_make_nothing_more_of_it() {
    let (state, _folder) = state(0).await;
    for (path, expected) in [
        ("/healthz", 200),
        ("/docs", 200),
        ("/v1/openapi.json", 200),
        ("/v1/identities", 401),
        ("/metrics", 401),
        ("/scim/v2/Users", 401),
        ("/nothing", 404),
    ] {
        let (status, headers, _) = get(&state, path).await;
        assert_eq!(status, expected, "{path}");
        for (name, value) in [
            ("cache-control", "no-store"),
            ("referrer-policy", "no-referrer"),
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("cross-origin-resource-policy", "same-origin"),
        ] {
            assert_eq!(headers.get(name).map(|found| found.to_str().unwrap()), Some(value), "{path}: {name}");
        }
        let policy = headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{path}: {policy}");
    }
}
