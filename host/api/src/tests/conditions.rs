//! Tags of resources, and changes under conditions.

use super::additions::id_of;
use super::{TOKEN, api, declared_routes, read, send};
use crate::conditions::thing;
use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode, header};
use purser_model::access::ApiRole;
use serde_json::{Value, json};

async fn ask(
    api: &Router,
    method: &str,
    path: &str,
    (name, value): (&str, &str),
    body: &Value,
) -> (StatusCode, HeaderMap, Value) {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header(header::AUTHORIZATION, format!("Bearer {TOKEN}"))
        .header(header::CONTENT_TYPE, "application/json")
        .header(name, value)
        .body(Body::from(body.to_string()))
        .unwrap();
    send(api, request).await
}

fn tag(headers: &HeaderMap) -> String {
    headers[header::ETAG].to_str().unwrap().to_owned()
}

const NOTHING: (&str, &str) = ("x-nothing", "");

#[test]
fn whatever_is_changed_can_be_read_and_so_has_a_tag() {
    let routes = declared_routes();
    let changes = routes.iter().filter(|(method, path)| method != "GET" && path.contains('}'));
    let mut found = 0;
    for (method, path) in changes {
        let thing = thing(path).unwrap();
        assert!(routes.iter().any(|route| route.0 == "GET" && route.1 == thing), "{method} {path} changes {thing}");
        found += 1;
    }
    assert!(found >= 20, "{found}");
}

#[tokio::test]
async fn a_thing_is_answered_once_until_it_changes() {
    let (api, _folder) = api(2).await;
    let path = format!("/v1/identities/{}", id_of(&api, "E001").await);
    let (status, headers, body) = ask(&api, "GET", &path, NOTHING, &Value::Null).await;
    assert_eq!((status, &body["key"]), (StatusCode::OK, &"E001".into()));
    let first = tag(&headers);
    let weak = format!("\"x\", W/{first}");
    for known in [first.as_str(), weak.as_str(), "*"] {
        let (status, headers, body) = ask(&api, "GET", &path, ("if-none-match", known), &Value::Null).await;
        assert_eq!((status, tag(&headers), body), (StatusCode::NOT_MODIFIED, first.clone(), Value::Null), "{known}");
    }
    let suspended = json!({"reason": "away"});
    let put = format!("{path}/suspension");
    assert_eq!(ask(&api, "PUT", &put, NOTHING, &suspended).await.0, StatusCode::OK);
    let (status, headers, _) = ask(&api, "GET", &path, ("if-none-match", &first), &Value::Null).await;
    assert_eq!(status, StatusCode::OK);
    assert_ne!(tag(&headers), first);
    let (_, headers, _) = ask(&api, "GET", "/v1/identities", NOTHING, &Value::Null).await;
    assert!(!headers.contains_key(header::ETAG), "a list is no single thing");
}

#[tokio::test]
async fn a_change_is_made_only_of_what_is_as_the_caller_saw_it() {
    let (api, _folder) = api(2).await;
    let id = id_of(&api, "E001").await;
    let (path, put) = (format!("/v1/identities/{id}"), format!("/v1/identities/{id}/suspension"));
    let seen = tag(&ask(&api, "GET", &path, NOTHING, &Value::Null).await.1);
    let body = json!({"reason": "away"});
    assert_eq!(ask(&api, "PUT", &put, ("if-match", &seen), &body).await.0, StatusCode::OK);
    for wanted in [seen.as_str(), "\"0\"", "nonsense"] {
        let (status, _, problem) = ask(&api, "PUT", &put, ("if-match", wanted), &body).await;
        assert_eq!((status, &problem["code"]), (StatusCode::PRECONDITION_FAILED, &"precondition-failed".into()));
    }
    let version = read(&api, &path).await["version"].clone();
    let now = tag(&ask(&api, "GET", &path, NOTHING, &Value::Null).await.1);
    let weak = format!("W/{now}");
    assert_eq!(ask(&api, "DELETE", &put, ("if-match", &weak), &Value::Null).await.0, StatusCode::PRECONDITION_FAILED);
    assert_eq!(read(&api, &path).await["version"], version, "nothing was changed");
    assert_eq!(ask(&api, "DELETE", &put, ("if-match", "*"), &Value::Null).await.0, StatusCode::NO_CONTENT);
    let nobody = format!("/v1/identities/{}/suspension", super::NOBODY);
    assert_eq!(ask(&api, "PUT", &nobody, ("if-match", "*"), &body).await.0, StatusCode::PRECONDITION_FAILED);
}

#[tokio::test]
async fn who_may_not_change_it_is_told_so_whatever_the_condition() {
    let (api, tokens, _folder) = super::api_with_roles().await;
    let (_, viewer) = tokens.iter().find(|(role, _)| *role == ApiRole::Viewer).unwrap();
    let request = Request::put(format!("/v1/identities/{}/suspension", super::NOBODY))
        .header(header::AUTHORIZATION, format!("Bearer {viewer}"))
        .header(header::IF_MATCH, "\"0\"");
    assert_eq!(send(&api, request.body(Body::empty()).unwrap()).await.0, StatusCode::FORBIDDEN);
}

/// Of many who saw the same and ask at once, one is let through.
#[tokio::test]
async fn who_asks_at_the_same_time_waits() {
    let (api, _folder) = api(2).await;
    let id = id_of(&api, "E001").await;
    let (path, put) = (format!("/v1/identities/{id}"), format!("/v1/identities/{id}/suspension"));
    let seen = tag(&ask(&api, "GET", &path, NOTHING, &Value::Null).await.1);
    let many = (0..8).map(|number| {
        let (api, put, seen) = (api.clone(), put.clone(), seen.clone());
        tokio::spawn(async move {
            ask(&api, "PUT", &put, ("if-match", &seen), &json!({"reason": format!("{number}")})).await.0
        })
    });
    let mut let_through = 0;
    for one in many.collect::<Vec<_>>() {
        let_through += usize::from(one.await.unwrap() == StatusCode::OK);
    }
    assert_eq!(let_through, 1);
}
