//! Requests that are made again under the same name.

use super::additions::id_of;
use super::{TOKEN, api_with_roles, now, read, send, state};
use crate::{LARGEST_BODY, router};
use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode, header};
use purser_model::access::ApiRole;
use purser_model::object::Digest;
use purser_store::{ANSWERS_KEPT, KeptAnswer, RequestBegun, RequestKey};
use serde_json::{Value, json};

async fn ask(api: &Router, token: &str, path: &str, key: &str, body: &Value) -> (StatusCode, HeaderMap, Value) {
    let request = Request::post(path)
        .header(header::AUTHORIZATION, format!("Bearer {token}"))
        .header(header::CONTENT_TYPE, "application/json")
        .header("idempotency-key", key)
        .body(Body::from(body.to_string()))
        .unwrap();
    send(api, request).await
}

async fn assignments(api: &Router) -> usize {
    read(api, "/v1/assignments?origin=api").await["items"].as_array().unwrap().len()
}

#[tokio::test]
async fn the_same_request_is_done_once_and_answered_as_before() {
    let (state, _folder) = state(3).await;
    let api = router(state);
    let id = id_of(&api, "E001").await;
    let body = json!({"identity": id, "role": "auditor", "reason": "once"});
    let (status, headers, first) = ask(&api, TOKEN, "/v1/assignments", "\"a-1\"", &body).await;
    assert_eq!((status, headers.contains_key("idempotency-replayed")), (StatusCode::CREATED, false), "{first}");
    // With quotes, as the draft has it, or without.
    let (status, again, second) = ask(&api, TOKEN, "/v1/assignments", "a-1", &body).await;
    assert_eq!((status, &second), (StatusCode::CREATED, &first));
    assert_eq!(again["idempotency-replayed"], "true");
    for name in [header::LOCATION, header::CONTENT_TYPE, header::CACHE_CONTROL] {
        assert_eq!(again.get_all(&name).iter().collect::<Vec<_>>(), headers.get_all(&name).iter().collect::<Vec<_>>());
    }
    let other = json!({"identity": id, "role": "auditor", "reason": "twice"});
    let (status, _, problem) = ask(&api, TOKEN, "/v1/assignments", "a-1", &other).await;
    assert_eq!((status.as_u16(), &problem["code"]), (422, &"key-reused".into()), "{problem}");
    let (status, _, problem) = ask(&api, TOKEN, "/v1/assignments/bulk", "a-1", &body).await;
    assert_eq!((status.as_u16(), &problem["code"]), (422, &"key-reused".into()), "{problem}");
    assert_eq!(assignments(&api).await, 1);
    assert_eq!(ask(&api, TOKEN, "/v1/assignments", "a-2", &body).await.0, StatusCode::CREATED);
    assert_eq!(assignments(&api).await, 2);
    for key in ["", "with space", &"x".repeat(256)] {
        let (status, _, problem) = ask(&api, TOKEN, "/v1/assignments", key, &body).await;
        assert_eq!((status.as_u16(), &problem["code"]), (400, &"bad-parameter".into()), "{key}");
    }
    let large = json!({"reason": "x".repeat(LARGEST_BODY)});
    assert_eq!(ask(&api, TOKEN, "/v1/assignments", "a-3", &large).await.0, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn many_at_once_are_done_once() {
    let (state, _folder) = state(3).await;
    let api = router(state);
    let body = json!({"identity": id_of(&api, "E001").await, "role": "auditor", "reason": "once"});
    let many = (0..16).map(|_| {
        let (api, body) = (api.clone(), body.clone());
        tokio::spawn(async move { ask(&api, TOKEN, "/v1/assignments", "a", &body).await })
    });
    for one in many.collect::<Vec<_>>() {
        let (status, _, answer) = one.await.unwrap();
        assert!(status == StatusCode::CREATED || answer["code"] == "under-way", "{status} {answer}");
    }
    assert_eq!(assignments(&api).await, 1);
}

#[tokio::test]
async fn a_key_belongs_to_its_caller_and_what_failed_and_changed_nothing_is_asked_again() {
    let (api, tokens, _folder) = api_with_roles().await;
    let token = |wanted: ApiRole| tokens.iter().find(|(role, _)| *role == wanted).unwrap().1.clone();
    let (operator, admin) = (token(ApiRole::Operator), token(ApiRole::Admin));
    let one = json!({"identity": super::NOBODY, "role": "auditor", "reason": "x"});
    assert_eq!(ask(&api, &operator, "/v1/assignments", "k", &one).await.0, StatusCode::NOT_FOUND);
    let other = json!({"identity": id_of(&api, "E000").await, "role": "auditor", "reason": "x"});
    assert_eq!(ask(&api, &operator, "/v1/assignments", "k", &other).await.0, StatusCode::CREATED);
    let (status, _, answer) = ask(&api, &admin, "/v1/assignments", "k", &one).await;
    assert_eq!(status, StatusCode::NOT_FOUND, "{answer}");
    assert_eq!(assignments(&api).await, 1);
}

#[tokio::test]
async fn an_answer_with_a_secret_is_given_once_and_kept_nowhere() {
    let (state, folder) = state(1).await;
    let api = router(state);
    let body = json!({"name": "vera", "role": "viewer"});
    let (status, _, made) = ask(&api, TOKEN, "/v1/tokens", "t", &body).await;
    assert_eq!(status, StatusCode::CREATED);
    let (status, _, problem) = ask(&api, TOKEN, "/v1/tokens", "t", &body).await;
    assert_eq!((status.as_u16(), &problem["code"]), (409, &"answer-not-kept".into()), "{problem}");
    let secret = made["token"].as_str().unwrap().as_bytes();
    for file in std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path()) {
        if file.is_file() {
            let content = std::fs::read(&file).unwrap();
            assert!(!content.windows(secret.len()).any(|window| window == secret), "{}", file.display());
        }
    }
}

#[tokio::test]
async fn a_host_that_was_stopped_knows_what_it_had_changed() {
    let (state, _folder) = state(2).await;
    let store = state.store.clone();
    let api = router(state.clone());
    let body = json!({"identity": id_of(&api, "E001").await, "role": "auditor", "reason": "once"});
    let fingerprint = |path: &str| Digest(state.token.fingerprint(&[path.as_bytes(), body.to_string().as_bytes()]));
    for key in ["nothing", "something"] {
        let name = RequestKey { caller: "host".parse().unwrap(), key: key.to_owned() };
        let begun = store.begin_request(&name, fingerprint("/v1/assignments"), now()).await.unwrap();
        assert_eq!(begun, RequestBegun::New);
        if key == "something" {
            store.answering(name).note_request("a change of it", now()).await.unwrap();
        }
        let (status, _, problem) = ask(&api, TOKEN, "/v1/assignments", key, &body).await;
        assert_eq!((status.as_u16(), &problem["code"]), (409, &"under-way".into()), "{problem}");
    }
    assert_eq!(store.settle_requests().await.unwrap(), 1);
    let (status, _, problem) = ask(&api, TOKEN, "/v1/assignments", "something", &body).await;
    assert_eq!((status.as_u16(), &problem["code"]), (409, &"end-unknown".into()), "{problem}");
    assert_eq!(ask(&api, TOKEN, "/v1/assignments", "nothing", &body).await.0, StatusCode::CREATED);
    assert_eq!(assignments(&api).await, 1);
}

#[tokio::test]
async fn answers_go_after_a_day_or_when_there_are_too_many() {
    let (state, _folder) = state(0).await;
    let store = state.store.clone();
    let key = |number: u64| RequestKey { caller: "vera".parse().unwrap(), key: number.to_string() };
    let answered = async |number: u64, size: usize, at| {
        assert_eq!(
            store.begin_request(&key(number), Digest([0; 32]), at).await.unwrap(),
            RequestBegun::New,
            "{number}"
        );
        let answer = KeptAnswer { status: 200, headers: Vec::new(), body: Some(vec![0; size]) };
        store.end_request(&key(number), answer, false).await.unwrap();
    };
    answered(0, 1, now()).await;
    let later = now() + ANSWERS_KEPT;
    assert!(matches!(store.begin_request(&key(0), Digest([0; 32]), later).await.unwrap(), RequestBegun::Answered(_)));
    let later = later + std::time::Duration::from_secs(1);
    answered(0, 1, later).await;
    // Sixteen of these are more than the bytes that are kept.
    for number in 1..=17 {
        answered(number, 4 << 20, later + std::time::Duration::from_secs(number)).await;
    }
    answered(0, 1, later + std::time::Duration::from_secs(20)).await;
}
