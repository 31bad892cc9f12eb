//! The API, walked from the request to a real store.

use super::{ApiState, ApiToken, router};
use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use jiff::Timestamp;
use purser_model::id::Ids;
use purser_model::identity::{IdentityRecord, LifecycleState, Validity};
use purser_store::Store;
use purser_store_sqlite::SqliteStore;
use serde_json::Value;
use std::sync::Arc;
use tower::ServiceExt;

const TOKEN: &str = "a-token-for-this-test";

async fn api(people: usize) -> (Router, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&folder.path().join("purser.db"), Arc::new(Ids::new([1; 32]))).unwrap();
    for number in 0..people {
        let record = IdentityRecord {
            key: format!("E{number:03}"),
            state: if number == 0 { LifecycleState::Departed } else { LifecycleState::Active },
            attributes: serde_json::json!({"userName": format!("person{number}")}).as_object().unwrap().clone(),
            validity: Validity::ALWAYS,
        };
        store.accept_record(&"hr".parse().unwrap(), record, now()).await.unwrap();
    }
    let state = ApiState {
        store: Arc::new(store),
        targets: Arc::from(["crm".parse().unwrap()]),
        token: ApiToken::new(TOKEN),
        version: "0",
        now,
    };
    (router(state), folder)
}

fn now() -> Timestamp {
    Timestamp::from_second(1_000).unwrap()
}

async fn ask(
    api: &Router,
    method: &str,
    path: &str,
    token: Option<&str>,
) -> (StatusCode, axum::http::HeaderMap, Value) {
    let mut request = Request::builder().method(method).uri(path);
    if let Some(token) = token {
        request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
    }
    let response = api.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    let (parts, body) = response.into_parts();
    let bytes = axum::body::to_bytes(body, 1 << 20).await.unwrap();
    (parts.status, parts.headers, serde_json::from_slice(&bytes).unwrap())
}

async fn read(api: &Router, path: &str) -> Value {
    let (status, headers, body) = ask(api, "GET", path, Some(TOKEN)).await;
    assert_eq!(status, StatusCode::OK, "{path}: {body}");
    assert_eq!(headers[header::CACHE_CONTROL], "no-store");
    body
}

#[tokio::test]
async fn only_health_answers_without_the_token() {
    let (api, _folder) = api(1).await;
    assert_eq!(ask(&api, "GET", "/healthz", None).await.0, StatusCode::OK);
    assert_eq!(ask(&api, "GET", "/readyz", None).await.0, StatusCode::OK);
    for token in [None, Some(""), Some("another"), Some("a-token-for-this-tesT")] {
        let (status, headers, problem) = ask(&api, "GET", "/v1/identities", token).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED);
        assert_eq!(headers[header::WWW_AUTHENTICATE], "Bearer");
        assert_eq!(headers[header::CONTENT_TYPE], "application/problem+json");
        assert_eq!(problem["code"], "unauthorized");
    }
}

#[tokio::test]
async fn identities_are_listed_page_by_page_without_gap_or_repeat() {
    let (api, _folder) = api(25).await;
    let mut keys = Vec::new();
    let mut path = "/v1/identities?limit=10".to_owned();
    loop {
        let page = read(&api, &path).await;
        keys.extend(page["items"].as_array().unwrap().iter().map(|one| one["key"].as_str().unwrap().to_owned()));
        let Some(next) = page["next"].as_str() else { break };
        path = format!("/v1/identities?limit=10&after={next}");
    }
    assert_eq!(keys, (0..25).map(|number| format!("E{number:03}")).collect::<Vec<_>>());
}

#[tokio::test]
async fn filters_and_single_identities() {
    let (api, _folder) = api(3).await;
    let departed = read(&api, "/v1/identities?state=departed").await;
    assert_eq!(departed["items"].as_array().unwrap().len(), 1);
    let by_key = read(&api, "/v1/identities?source=hr&key=E002").await;
    let id = by_key["items"][0]["id"].as_str().unwrap();
    let one = read(&api, &format!("/v1/identities/{id}")).await;
    assert_eq!(one["attributes"]["userName"], "person2");
    assert_eq!(one["accounts"], serde_json::json!([]));
}

#[tokio::test]
async fn what_is_asked_wrongly_is_named() {
    let (api, _folder) = api(0).await;
    for (path, status, code, words) in [
        ("/v1/identities?limit=0", 400, "bad-parameter", "from 1 to 500"),
        ("/v1/identities?limit=501", 400, "bad-parameter", "from 1 to 500"),
        ("/v1/identities?colour=red", 400, "bad-parameter", "colour"),
        ("/v1/accounts?situation=lost", 400, "bad-parameter", "lost"),
        ("/v1/identities/nobody", 400, "bad-parameter", "id"),
        ("/v1/identities/00000000-0000-7000-8000-000000000000", 404, "not-found", "identity"),
        ("/v1/plans/00000000-0000-7000-8000-000000000000/items", 404, "not-found", "plan"),
        ("/v1/nothing", 404, "not-found", "no such"),
    ] {
        let (found, _, problem) = ask(&api, "GET", path, Some(TOKEN)).await;
        assert_eq!((found.as_u16(), problem["code"].as_str().unwrap()), (status, code), "{path}: {problem}");
        assert!(problem["detail"].as_str().unwrap().contains(words), "{path}: {problem}");
    }
    assert_eq!(ask(&api, "POST", "/v1/identities", Some(TOKEN)).await.0, StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn events_targets_runs_plans_and_operations_answer() {
    let (api, _folder) = api(2).await;
    let events = read(&api, "/v1/events?limit=1").await;
    assert_eq!(events["items"][0]["kind"], "identity-changed");
    let next = events["next"].as_u64().unwrap();
    assert!(read(&api, &format!("/v1/events?after={next}")).await["items"][0]["sequence"].as_u64().unwrap() > next);
    assert_eq!(read(&api, "/v1/limits").await["items"], serde_json::json!([]));
    let targets = read(&api, "/v1/targets").await;
    assert_eq!(targets["items"][0]["name"], "crm");
    assert_eq!(targets["items"][0]["queue"]["due"], 0);
    for path in ["/v1/runs", "/v1/plans", "/v1/operations", "/v1/accounts"] {
        assert_eq!(read(&api, path).await["items"], serde_json::json!([]), "{path}");
    }
}

#[test]
fn the_reference_names_every_route() {
    let reference = include_str!("../../docs/api.md");
    let routes = include_str!("v1.rs").lines().filter_map(|line| line.trim().strip_prefix(".route(\""));
    let paths: Vec<_> = routes.filter_map(|line| line.split('"').next()).collect();
    assert!(paths.len() >= 12);
    for path in paths {
        assert!(reference.contains(&format!("`GET /v1{path}`")), "host/docs/api.md does not describe GET /v1{path}");
    }
}
