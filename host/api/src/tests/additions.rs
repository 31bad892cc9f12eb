//! Groups, roles, assignments and imposed states, over HTTP.

use super::{NOBODY, TOKEN, api, post, read, send};
use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use serde_json::{Value, json};

pub(super) async fn change(api: &Router, method: &str, path: &str, body: &Value) -> (StatusCode, Value) {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header(header::AUTHORIZATION, format!("Bearer {TOKEN}"))
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from(body.to_string()))
        .unwrap();
    let (status, _, answer) = send(api, request).await;
    (status, answer)
}

async fn make(api: &Router, body: &Value) -> (StatusCode, Value) {
    post(api, "/v1/assignments", TOKEN, "application/json", body.to_string()).await
}

pub(super) async fn id_of(api: &Router, key: &str) -> String {
    let found = read(api, &format!("/v1/identities?source=hr&key={key}")).await;
    found["items"][0]["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn an_assignment_is_made_found_explained_and_ended() {
    let (api, _folder) = api(4).await;
    let id = id_of(&api, "E001").await;
    let until = "1970-01-02T00:00:00Z";
    let (status, made) =
        make(&api, &json!({"identity": id, "role": "auditor", "until": until, "reason": "stands in"})).await;
    assert_eq!(status, StatusCode::CREATED, "{made}");
    assert_eq!((&made["by"], &made["validity"]["until"]), (&"api:host".into(), &until.into()));
    let place = format!("/v1/assignments/{}", made["id"].as_str().unwrap());
    assert_eq!(read(&api, &place).await, made);
    let listed = read(&api, &format!("/v1/assignments?identity={id}")).await;
    assert_eq!(listed["items"].as_array().unwrap().len(), 1);
    let one = &listed["items"][0];
    assert_eq!((&one["origin"]["kind"], &one["standing"]), (&"api".into(), &"holds".into()));
    let holders = read(&api, "/v1/roles/auditor/holders").await;
    assert_eq!(holders["items"][0]["because"], json!([format!("assigned by api:host until {until}")]));
    let rows = read(&api, &format!("/v1/audit?identity={id}&action=assignment-made")).await;
    assert_eq!(rows["items"][0]["details"]["reason"], "stands in");
    let (status, _) = change(&api, "DELETE", &format!("{place}?reason=back%20again"), &Value::Null).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    assert_eq!(change(&api, "DELETE", &place, &Value::Null).await.0, StatusCode::NOT_FOUND);
    let rows = read(&api, &format!("/v1/audit?identity={id}&action=assignment-ended")).await;
    assert_eq!(rows["items"][0]["details"]["reason"], "back again");
}

#[tokio::test]
async fn what_may_not_be_assigned_is_refused_with_its_code() {
    let (api, _folder) = api(4).await;
    let (id, cashier) = (id_of(&api, "E001").await, id_of(&api, "E002").await);
    for (body, status, code, words) in [
        (json!({"identity": cashier, "role": "auditor", "reason": "x"}), 409, "roles-exclude", "role.auditor.excludes"),
        (json!({"identity": id, "role": "nothing", "reason": "x"}), 404, "not-found", "nothing"),
        (json!({"identity": NOBODY, "role": "auditor", "reason": "x"}), 404, "not-found", NOBODY),
        (json!({"identity": id, "role": "auditor"}), 400, "bad-body", "reason"),
        (json!({"identity": id, "role": "auditor", "reason": " "}), 400, "bad-body", "reason"),
        (json!({"identity": id, "role": "auditor", "reason": "x", "x": 1}), 400, "bad-body", "`x`"),
        (
            json!({"identity": id, "role": "auditor", "reason": "x", "until": "1970-01-01T00:00:00Z"}),
            409,
            "refused",
            "past",
        ),
    ] {
        let (found, problem) = make(&api, &body).await;
        assert_eq!((found.as_u16(), problem["code"].as_str().unwrap()), (status, code), "{body}: {problem}");
        assert!(problem["detail"].as_str().unwrap().contains(words), "{body}: {problem}");
    }
    assert_eq!(read(&api, "/v1/assignments?origin=api").await["items"], json!([]));
}

#[tokio::test]
async fn many_are_made_each_by_itself_and_not_more_than_are_taken_at_once() {
    let (api, _folder) = api(4).await;
    let (id, cashier) = (id_of(&api, "E001").await, id_of(&api, "E002").await);
    let one = |identity: &str| json!({"identity": identity, "role": "auditor", "reason": "many"});
    let bulk = async |all: Vec<Value>| {
        post(&api, "/v1/assignments/bulk", TOKEN, "application/json", json!({"assignments": all}).to_string()).await
    };
    let (status, answer) = bulk(vec![one(&id), one(&cashier), one(NOBODY)]).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    let statuses: Vec<_> = answer["results"].as_array().unwrap().iter().map(|one| one["status"].as_u64()).collect();
    assert_eq!(statuses, [Some(201), Some(409), Some(404)]);
    assert_eq!(answer["results"][1]["problem"]["code"], "roles-exclude");
    assert_eq!(answer["results"][0]["assignment"]["identity"], id);
    assert_eq!(bulk(Vec::new()).await.1["code"], "bad-parameter");
    assert_eq!(bulk(vec![one(NOBODY); 501]).await.1["code"], "bad-parameter");
    assert_eq!(bulk(vec![one(NOBODY); 500]).await.0, StatusCode::OK);
}

#[tokio::test]
async fn groups_and_roles_are_told_and_a_static_group_is_changed() {
    let (api, _folder) = api(3).await;
    let id = id_of(&api, "E001").await;
    let groups = read(&api, "/v1/groups?limit=1").await;
    assert_eq!((&groups["items"][0]["name"], &groups["items"][0]["kind"]), (&"everybody".into(), &"rule".into()));
    let groups = read(&api, "/v1/groups?after=everybody").await;
    assert_eq!((&groups["items"][0]["name"], &groups["next"]), (&"guests".into(), &Value::Null));
    let role = read(&api, "/v1/roles/cashier").await;
    assert_eq!((&role["excludes"], &role["declared_members"]), (&json!(["auditor"]), &1.into()));
    assert_eq!(read(&api, "/v1/roles").await["items"].as_array().unwrap().len(), 3);

    let member = format!("/v1/groups/guests/members/{id}");
    let reason = json!({"reason": "visits"});
    assert_eq!(change(&api, "PUT", &member, &reason).await.0, StatusCode::NO_CONTENT);
    assert_eq!(change(&api, "PUT", &member, &reason).await.0, StatusCode::NO_CONTENT);
    assert_eq!(read(&api, "/v1/groups/guests/members").await["items"][0]["because"], json!(["added by api:host"]));
    assert_eq!(read(&api, "/v1/roles/visitor/holders").await["items"][0]["because"], json!(["group guests"]));
    assert_eq!(read(&api, "/v1/groups/everybody/members").await["items"].as_array().unwrap().len(), 2);
    assert_eq!(change(&api, "DELETE", &member, &Value::Null).await.0, StatusCode::NO_CONTENT);
    assert_eq!(change(&api, "DELETE", &member, &Value::Null).await.0, StatusCode::NOT_FOUND);
    for (path, status, code) in [
        (format!("/v1/groups/everybody/members/{id}"), 409, "refused"),
        (format!("/v1/groups/strangers/members/{id}"), 404, "not-found"),
        (format!("/v1/groups/guests/members/{NOBODY}"), 404, "not-found"),
    ] {
        let (found, problem) = change(&api, "PUT", &path, &reason).await;
        assert_eq!((found.as_u16(), &problem["code"]), (status, &code.into()), "{path}: {problem}");
    }
}

#[tokio::test]
async fn an_identity_is_suspended_and_resumed_and_departs_at_a_time() {
    let (api, _folder) = api(2).await;
    let id = id_of(&api, "E001").await;
    let at = |what: &str| format!("/v1/identities/{id}/{what}");
    let (status, imposed) = change(&api, "PUT", &at("suspension"), &json!({"reason": "asked by legal"})).await;
    assert_eq!((status, &imposed["by"]), (StatusCode::OK, &"api:host".into()), "{imposed}");
    assert_eq!(read(&api, &format!("/v1/identities/{id}")).await["added"]["imposed"][0]["reason"], "asked by legal");
    assert_eq!(change(&api, "DELETE", &at("suspension"), &Value::Null).await.0, StatusCode::NO_CONTENT);
    assert_eq!(change(&api, "DELETE", &at("suspension"), &Value::Null).await.0, StatusCode::NOT_FOUND);
    let leaves = json!({"reason": "leaves", "from": "1970-01-03T00:00:00Z"});
    assert_eq!(change(&api, "PUT", &at("departure"), &leaves).await.0, StatusCode::OK);
    let one = read(&api, &format!("/v1/identities/{id}")).await;
    assert_eq!(one["added"]["imposed"][0]["state"], "departed");
    let ends = json!({"reason": "leaves", "from": "1970-01-03T00:00:00Z", "until": "1970-01-02T00:00:00Z"});
    assert_eq!(change(&api, "PUT", &at("departure"), &ends).await.1["code"], "refused");
}
