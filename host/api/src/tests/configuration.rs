//! What is declared and configured, over the API.

use super::{TOKEN, api, ask, read, send};
use axum::Router;
use axum::body::Body;
use axum::http::{Request, header};
use serde_json::{Value, json};

async fn put(api: &Router, path: &str, body: &Value) -> (u16, Value) {
    let request = Request::put(path)
        .header(header::AUTHORIZATION, format!("Bearer {TOKEN}"))
        .header(header::CONTENT_TYPE, "application/json");
    let (status, _, answer) = send(api, request.body(Body::from(body.to_string())).unwrap()).await;
    (status.as_u16(), answer)
}

async fn declare(api: &Router, tag: Option<&str>, body: &Value) -> (u16, Value) {
    let mut request = Request::post("/v1/declarations")
        .header(header::AUTHORIZATION, format!("Bearer {TOKEN}"))
        .header(header::CONTENT_TYPE, "application/json");
    if let Some(tag) = tag {
        request = request.header(header::IF_MATCH, tag);
    }
    let (status, _, answer) = send(api, request.body(Body::from(body.to_string())).unwrap()).await;
    (status.as_u16(), answer)
}

#[tokio::test]
async fn what_is_declared_is_shown() {
    let (api, _folder) = api(0).await;
    let sources = read(&api, "/v1/sources").await;
    let kinds: Vec<_> = sources["items"].as_array().unwrap().iter().map(|one| (&one["name"], &one["kind"])).collect();
    assert_eq!(
        kinds,
        [(&json!("entra"), &json!("scim")), (&json!("hr"), &json!("read")), (&json!("okta"), &json!("scim"))]
    );
    let hr = read(&api, "/v1/sources/hr").await;
    assert_eq!(
        (&hr["class"], &hr["guard"]["share"], &hr["runs"]),
        (&json!("person"), &json!(20), &Value::Null),
        "{hr}"
    );
    let crm = read(&api, "/v1/targets/crm").await;
    assert_eq!(crm["declared"]["mappings"][0]["expression"], "identity.userName", "{crm}");
    assert_eq!(crm["queue"]["due"], 0, "{crm}");
    assert_eq!(read(&api, "/v1/schedules").await["items"], json!([]));
    assert_eq!(read(&api, "/v1/guard").await["targets"][0]["guard"]["accounts"]["count"], 500);
    for path in ["/v1/sources/nobody", "/v1/targets/nobody"] {
        let (status, _, problem) = ask(&api, "GET", path, Some(TOKEN)).await;
        assert_eq!((status.as_u16(), &problem["code"]), (404, &json!("not-found")), "{path}");
    }
}

#[tokio::test]
async fn nobody_overwrites_declarations_that_they_have_not_seen() {
    let (api, _folder) = api(0).await;
    let (_, headers, shown) = ask(&api, "GET", "/v1/declarations", Some(TOKEN)).await;
    let tag = headers[header::ETAG].to_str().unwrap().to_owned();
    assert_eq!(tag, format!("\"{}\"", shown["digest"].as_str().unwrap()));
    let files = json!({"files": shown["files"]});
    let (status, problem) = declare(&api, None, &files).await;
    assert_eq!((status, &problem["code"]), (428, &json!("precondition-required")), "{problem}");
    let (status, problem) = declare(&api, Some("\"0000\""), &files).await;
    assert_eq!((status, &problem["code"]), (412, &json!("precondition-failed")), "{problem}");
    let (status, applied) = declare(&api, Some(&tag), &files).await;
    assert_eq!((status, &applied["applied"]["digest"]), (200, &shown["digest"]), "{applied}");

    let wrong = json!({"files": [{"name": "a.toml", "text": "wrong"}]});
    let (status, problem) = declare(&api, Some(&tag), &wrong).await;
    assert_eq!((status, &problem["code"]), (409, &json!("declarations-refused")), "{problem}");
    assert_eq!(problem["mistakes"][0]["file"], "a.toml", "{problem}");
    let mut tried = wrong.clone();
    tried["dry_run"] = json!(true);
    let (status, answer) = declare(&api, None, &tried).await;
    assert_eq!(
        (status, &answer["mistakes"][0]["line"], &answer["applied"]),
        (200, &json!(1), &Value::Null),
        "{answer}"
    );
    for files in
        [json!([]), json!([{"name": "../a.toml", "text": ""}]), json!([{"name": "a.toml", "text": "", "mode": 1}])]
    {
        let (status, problem) = declare(&api, Some(&tag), &json!({"files": files})).await;
        assert_eq!(status, 400, "{problem}");
    }
}

#[tokio::test]
async fn a_guard_has_bounds() {
    let (api, _folder) = api(0).await;
    let guard = |share: u64, count: u64| {
        let limit = json!({"share": share, "floor": 5, "count": count});
        json!({"accounts": limit, "revokes": limit})
    };
    assert_eq!(put(&api, "/v1/targets/crm/guard", &guard(10, 20)).await.0, 200);
    assert_eq!(put(&api, "/v1/targets/nobody/guard", &guard(10, 20)).await.0, 404);
    for (body, words) in
        [(guard(101, 20), "0 to 100 percent"), (guard(10, 2_000_000_000), "1000000000"), (json!({}), "accounts")]
    {
        let (status, problem) = put(&api, "/v1/targets/crm/guard", &body).await;
        assert_eq!(status, 400, "{problem}");
        assert!(problem["detail"].as_str().unwrap().contains(words), "{problem}");
    }
}

#[tokio::test]
async fn what_is_wrong_with_a_secret_is_told_without_it() {
    let (api, _folder) = api(0).await;
    let (status, problem) = put(&api, "/v1/secrets/crm", &json!({"value": ["hunter2"]})).await;
    assert_eq!((status, &problem["code"]), (400, &json!("bad-body")));
    assert!(!problem.to_string().contains("hunter2"), "{problem}");
    let (status, problem) = put(&api, "/v1/secrets/crm", &json!({"value": "hunter2"})).await;
    assert_eq!((status, problem["detail"].as_str()), (409, Some("there is no key")));
    let (status, _, _) = ask(&api, "DELETE", "/v1/secrets/crm", Some(TOKEN)).await;
    assert_eq!(status.as_u16(), 404);
}

async fn upload(api: &Router, parts: &[(&str, &str, &str)]) -> (u16, Value) {
    let mut body = String::new();
    for (name, more, content) in parts {
        body.push_str(&format!("--x\r\nContent-Disposition: form-data; name=\"{name}\"{more}\r\n\r\n{content}\r\n"));
    }
    body.push_str("--x--\r\n");
    let request = Request::post("/v1/connectors")
        .header(header::AUTHORIZATION, format!("Bearer {TOKEN}"))
        .header(header::CONTENT_TYPE, "multipart/form-data; boundary=x");
    let (status, _, answer) = send(api, request.body(Body::from(body)).unwrap()).await;
    (status.as_u16(), answer)
}

#[tokio::test]
async fn a_file_is_looked_at_only_where_the_form_is_right() {
    let (api, _folder) = api(0).await;
    let component = |name: &'static str| ("component", name, "garbage");
    let named = "; filename=\"crm.wasm\"";
    let long = "x".repeat(5 << 10);
    for (parts, status, words) in [
        (vec![component(named)], 409, "7 bytes are no component"),
        (vec![component(""), ("file", "", "crm.wasm")], 409, "crm.wasm"),
        (vec![component("")], 400, "no name of a connector's file"),
        (vec![component("; filename=\"../../etc/crm.wasm\"")], 400, "no name of a connector's file"),
        (vec![component(named), ("file", "", ".hidden.wasm")], 400, "no name of a connector's file"),
        (vec![("file", "", "crm.wasm")], 400, "no part `component`"),
        (vec![component(named), ("colour", "", "red")], 400, "`colour`"),
        (vec![component(named), ("signature", "", &long)], 400, "longer than"),
    ] {
        let (found, problem) = upload(&api, &parts).await;
        assert_eq!(found, status, "{parts:?}: {problem}");
        assert!(problem["detail"].as_str().unwrap().contains(words), "{parts:?}: {problem}");
    }
    let (status, _, problem) = ask(&api, "POST", "/v1/connectors", Some(TOKEN)).await;
    assert_eq!((status.as_u16(), &problem["code"]), (400, &json!("bad-body")), "{problem}");
}
