//! Okta's requests, in the shapes in which it really sends them.

use super::{USER, host};
use axum::http::header;
use serde_json::json;

const AGENT: (header::HeaderName, &str) = (header::USER_AGENT, "Okta SCIM Client 1.0.0");

#[tokio::test]
async fn a_person_is_assigned_changed_and_unassigned() {
    let host = host().await;
    let okta = &host.okta;
    // The list of an import, and the look-up before anything is created.
    assert_eq!(okta.get("/Users?startIndex=1&count=2").await.done(200)["totalResults"], 0);
    let unknown = okta.get("/Users?filter=userName eq \"test.user@okta.local\"&startIndex=1&count=100").await;
    let unknown = unknown.done(200);
    assert_eq!((&unknown["totalResults"], &unknown["Resources"]), (&json!(0), &json!([])));
    assert_eq!(unknown["schemas"], json!(["urn:ietf:params:scim:api:messages:2.0:ListResponse"]));
    assert!(unknown["itemsPerPage"].is_u64() && unknown["startIndex"].is_u64());

    let user = json!({
        "schemas": [USER], "userName": "test.user@okta.local", "name": {"givenName": "Test", "familyName": "User"},
        "emails": [{"primary": true, "value": "test.user@okta.local", "type": "work"}], "displayName": "Test User",
        "locale": "en-US", "externalId": "00ujl29u0le5T6Aj10h7", "groups": [], "password": "1mz050nq", "active": true,
    });
    let created = okta.ask_with("POST", "/Users", Some(&user), &[AGENT]).await.done(201);
    let id = created["id"].as_str().unwrap();
    assert_eq!(created.get("password"), None);
    assert_eq!(okta.ask_with("POST", "/Users", Some(&user), &[AGENT]).await.scim_type(409), "uniqueness");
    let found = okta.get("/Users?filter=userName eq \"TEST.User@okta.local\"").await;
    assert_eq!(found.names(), ["test.user@okta.local"]);

    // An update is the whole user, with what the server gave.
    let path = format!("/Users/{id}");
    let mut whole = okta.get(&path).await.done(200);
    whole["name"]["givenName"] = "Another".into();
    let updated = okta.ask_with("PUT", &path, Some(&whole), &[AGENT]).await.done(200);
    assert_eq!(updated["name"]["givenName"], "Another");
    assert_eq!(host.identity("okta", id).await["attributes"]["name"]["givenName"], "Another");

    let off = okta.patch(&path, json!([{"op": "replace", "value": {"active": false}}])).await.done(200);
    assert_eq!(off["active"], false);
    assert_eq!(host.identity("okta", id).await["state"], "suspended");
    let on = okta.patch(&path, json!([{"op": "replace", "value": {"active": true}}])).await.done(200);
    assert_eq!(on["active"], true);
    okta.patch(&path, json!([{"op": "replace", "value": {"password": "n3w"}}])).await.done(200);
    assert_eq!(okta.get("/Users/010101001010101011001010101011").await.scim_type(404), "");
}

#[tokio::test]
async fn a_group_is_pushed_renamed_and_unlinked() {
    let host = host().await;
    let okta = &host.okta;
    let (one, two) = (okta.user("one").await, okta.user("two").await);
    let group = json!({"schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "displayName": "Test SCIMv2",
        "members": []});
    let group = okta.post("/Groups", group).await.done(201);
    let id = group["id"].as_str().unwrap();
    let path = format!("/Groups/{id}");
    let rename = json!([{"op": "replace", "value": {"id": id, "displayName": "Test SCIMv22"}}]);
    assert_eq!(okta.patch(&path, rename).await.status, 204);
    let members = json!([
        {"op": "add", "path": "members", "value": [{"value": one, "display": "one"}, {"value": two, "display": "two"}]},
        {"op": "remove", "path": format!("members[value eq \"{two}\"]")},
    ]);
    assert_eq!(okta.patch(&path, members).await.status, 204);
    let members = |group: &serde_json::Value| group["members"].as_array().map(Vec::len);
    assert_eq!(members(&okta.get(&path).await.done(200)), Some(1));
    let replaced =
        json!([{"op": "replace", "path": "members", "value": [{"value": one, "display": "one"}, {"value": two}]}]);
    assert_eq!(okta.patch(&path, replaced).await.status, 204);
    assert_eq!(members(&okta.get(&path).await.done(200)), Some(2));
    assert_eq!(okta.ask("DELETE", &path, None).await.status, 204);
}
