//! Writing: identities follow, versions, limits, bulk.

use super::{ENTERPRISE, GROUP, USER, host};
use crate::tests::now;
use axum::http::header;
use purser_store::{AuditFilter, AuditOrder, AuditPage};
use serde_json::json;

#[tokio::test]
async fn a_user_is_an_identity_from_its_creation_to_its_end() {
    let host = host().await;
    let body = json!({"schemas": [USER, ENTERPRISE], "userName": "Anna", "password": "s3cret", "name": {"familyName": "Berg"},
        "emails": [{"value": "a@example.org", "type": "work", "primary": true}], ENTERPRISE: {"department": "R&D"}});
    let got = host.okta.post("/Users", body).await;
    let location = got.headers[header::LOCATION].to_str().unwrap().to_owned();
    assert_eq!(got.headers[header::ETAG], "W/\"1\"");
    let user = got.done(201);
    let id = user["id"].as_str().unwrap();
    assert_eq!(location, format!("http://purser.example/scim/v2/Users/{id}"));
    assert_eq!(user["meta"]["location"], location);
    assert_eq!(user["meta"]["created"], "1970-01-01T00:16:40.000Z");
    assert_eq!((user.get("password"), &user["schemas"]), (None, &json!([USER, ENTERPRISE])));
    let identity = host.identity("okta", id).await;
    assert_eq!(identity["state"], "active");
    assert_eq!(identity["attributes"]["emails"][0]["value"], "a@example.org");
    assert_eq!(identity["attributes"][ENTERPRISE]["department"], "R&D");

    let path = format!("/Users/{id}");
    let changed = host.okta.patch(&path, json!([{"op": "replace", "value": {"active": false}}])).await.done(200);
    assert_eq!((&changed["active"], &changed["meta"]["version"]), (&json!(false), &json!("W/\"2\"")));
    assert_eq!(host.identity("okta", id).await["state"], "suspended");
    let replaced = json!({"userName": "anna.berg", "externalId": "E1", "active": true});
    let replaced = host.okta.ask("PUT", &path, Some(&replaced)).await.done(200);
    assert_eq!((replaced.get("emails"), &replaced["externalId"]), (None, &json!("E1")));
    let identity = host.identity("okta", id).await;
    assert_eq!((&identity["state"], &identity["attributes"]["userName"]), (&json!("active"), &json!("anna.berg")));

    assert_eq!(host.okta.ask("DELETE", &path, None).await.status, 204);
    assert_eq!(host.okta.get(&path).await.status, 404);
    assert_eq!(host.okta.ask("DELETE", &path, None).await.status, 404);
    assert_eq!(host.identity("okta", id).await["state"], "departed");
    // The name is free again, and who has it is somebody else.
    assert_ne!(host.okta.user("anna.berg").await, id);

    let page = AuditPage { after: None, limit: 100, order: AuditOrder::OldestFirst };
    let rows = host.store.audit(AuditFilter::default(), page).await.unwrap();
    let row = rows.iter().find(|row| row.details.contains("anna.berg")).unwrap();
    assert_eq!(
        (row.actor.as_str(), row.activity.as_deref()),
        ("scim:okta", Some(format!("PUT /scim/v2{path}").as_str()))
    );
    assert!(rows.iter().all(|row| !row.details.contains("s3cret")));
}

#[tokio::test]
async fn groups_are_what_identities_know_of() {
    let host = host().await;
    let (anna, eva) = (host.okta.user("anna").await, host.okta.user("eva").await);
    let engineers = host.okta.group("Engineers", &[&anna]).await;
    let everybody = host.okta.group("Everybody", &[&engineers]).await;
    let path = format!("/Groups/{engineers}");
    let groups = async |id: &str| host.identity("okta", id).await["attributes"]["groups"].clone();
    assert_eq!(groups(&anna).await, json!(["Engineers", "Everybody"]));
    let user = host.okta.get(&format!("/Users/{anna}")).await.done(200);
    assert_eq!((&user["groups"][0]["type"], &user["groups"][1]["type"]), (&json!("direct"), &json!("indirect")));
    let add = json!([{"op": "Add", "path": "members", "value": [{"value": eva}, {"value": anna}]}]);
    assert_eq!(host.okta.patch(&path, add.clone()).await.status, 204);
    assert_eq!(groups(&eva).await, json!(["Engineers", "Everybody"]));
    let group = host.okta.get(&path).await.done(200);
    assert_eq!(group["meta"]["version"], "W/\"2\"");
    assert_eq!(
        group["members"][1],
        json!({"value": eva, "type": "User",
        "$ref": format!("http://purser.example/scim/v2/Users/{eva}")})
    );
    // What is so already is no change.
    host.okta.patch(&path, add).await;
    assert_eq!(host.okta.get(&path).await.done(200)["meta"]["version"], "W/\"2\"");

    let rename = json!([{"op": "replace", "value": {"id": engineers, "displayName": "Developers"}}]);
    assert_eq!(host.okta.patch(&path, rename).await.status, 204);
    assert_eq!(groups(&anna).await, json!(["Developers", "Everybody"]));
    let remove = json!([{"op": "Remove", "path": "members", "value": [{"$ref": null, "value": anna}]}]);
    assert_eq!(host.okta.patch(&path, remove).await.status, 204);
    assert_eq!(groups(&anna).await, json!(null));
    let replaced = json!({"displayName": "Developers", "members": [{"value": anna}]});
    let replaced = host.okta.ask("PUT", &path, Some(&replaced)).await.done(200);
    assert_eq!(replaced["members"].as_array().unwrap().len(), 1);
    assert_eq!((groups(&anna).await, groups(&eva).await), (json!(["Developers", "Everybody"]), json!(null)));
    // A user who changes keeps its groups, and a group that goes takes them along.
    host.okta.patch(&format!("/Users/{anna}"), json!([{"op": "add", "path": "title", "value": "Dr"}])).await.done(200);
    assert_eq!(groups(&anna).await, json!(["Developers", "Everybody"]));
    assert_eq!(host.okta.ask("DELETE", &path, None).await.status, 204);
    assert_eq!(groups(&anna).await, json!(null));
    assert_eq!(host.okta.get(&format!("/Groups/{everybody}")).await.done(200).get("members"), None);
    // Groups may contain each other.
    let inner = host.okta.group("inner", &[&anna, &everybody]).await;
    let circle = json!([{"op": "add", "path": "members", "value": [{"value": inner}]}]);
    assert_eq!(host.okta.patch(&format!("/Groups/{everybody}"), circle).await.status, 204);
    assert_eq!(groups(&anna).await, json!(["Everybody", "inner"]));
}

#[tokio::test]
async fn nobody_overwrites_what_they_have_not_seen() {
    let host = host().await;
    let id = host.okta.user("anna").await;
    let path = format!("/Users/{id}");
    let title = |title: &str| json!({"Operations": [{"op": "replace", "path": "title", "value": title}]});
    let known = [(header::IF_MATCH, "W/\"1\"")];
    let first = host.okta.ask_with("PATCH", &path, Some(&title("A")), &known).await;
    assert_eq!(first.headers[header::ETAG], "W/\"2\"");
    for (method, body) in [("PATCH", title("B")), ("PUT", json!({"userName": "x"})), ("DELETE", json!({}))] {
        let refused = host.okta.ask_with(method, &path, Some(&body), &known).await;
        assert_eq!(refused.scim_type(412), "", "{method}");
    }
    let fresh = host.okta.ask_with("GET", &path, None, &[(header::IF_NONE_MATCH, "W/\"1\"")]).await;
    assert_eq!(fresh.status, 200);
    let same = host.okta.ask_with("GET", &path, None, &[(header::IF_NONE_MATCH, "W/\"2\"")]).await;
    assert_eq!((same.status, same.headers[header::ETAG].as_bytes()), (304, b"W/\"2\"".as_slice()));
    // A change that changes nothing makes no new version.
    host.okta.ask("PATCH", &path, Some(&title("A"))).await.done(200);
    assert_eq!(host.okta.get(&path).await.done(200)["meta"]["version"], "W/\"2\"");
    assert_eq!(host.okta.ask_with("DELETE", &path, None, &[(header::IF_MATCH, "*")]).await.status, 204);
    let group = format!("/Groups/{}", host.okta.group("g", &[]).await);
    let edit =
        json!({"Operations": [{"op": "add", "path": "members", "value": [{"value": host.okta.user("eva").await}]}]});
    let stale = host.okta.ask_with("PATCH", &group, Some(&edit), &[(header::IF_MATCH, "W/\"9\"")]).await;
    assert_eq!(stale.scim_type(412), "");
    assert_eq!(host.okta.ask_with("PATCH", &group, Some(&edit), &[(header::IF_MATCH, "W/\"1\"")]).await.status, 204);
}

#[tokio::test]
async fn what_cannot_be_is_refused() {
    let host = host().await;
    let anna = host.okta.user("anna").await;
    let taken = host.okta.post("/Users", json!({"userName": "ANNA"})).await;
    assert_eq!(taken.scim_type(409), "uniqueness");
    let eva = host.okta.user("eva").await;
    let rename = json!([{"op": "replace", "path": "userName", "value": "Anna"}]);
    assert_eq!(host.okta.patch(&format!("/Users/{eva}"), rename).await.scim_type(409), "uniqueness");
    assert_eq!(host.okta.post("/Users", json!({})).await.scim_type(400), "invalidValue");
    assert_eq!(host.okta.post("/Users", json!([])).await.scim_type(400), "invalidSyntax");
    assert_eq!(
        host.okta.post("/Groups", json!({"displayName": "g", "members": [{"value": "x"}]})).await.scim_type(400),
        "invalidValue"
    );
    let plain = host.okta.ask_with("POST", "/Users", None, &[(header::CONTENT_TYPE, "text/plain")]).await;
    assert_eq!(plain.scim_type(415), "");
    let broken = host.okta.ask_with("POST", "/Users", None, &[(header::CONTENT_TYPE, "application/json")]).await;
    assert_eq!(broken.scim_type(400), "invalidSyntax");
    let large = json!({"userName": "x".repeat(4 << 20)});
    assert_eq!(host.okta.post("/Users", large).await.scim_type(413), "");
    let many = json!({"Operations": vec![json!({"method": "DELETE", "path": "/Users/1"}); 1001]});
    assert_eq!(host.okta.post("/Bulk", many).await.scim_type(413), "");
    let group = host.okta.group("g", &[]).await;
    let crowd = json!([{"op": "add", "path": "members", "value": vec![json!({"value": anna}); 50_001]}]);
    assert_eq!(host.okta.patch(&format!("/Groups/{group}"), crowd).await.scim_type(400), "tooMany");
    let ids = (0..50_001).map(|number| json!({"value": number.to_string()})).collect::<Vec<_>>();
    assert_eq!(host.okta.post("/Groups", json!({"displayName": "h", "members": ids})).await.scim_type(400), "tooMany");
    assert_eq!(host.store.identities(Default::default(), purser_store::PageRequest::first(9)).await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_bulk_request_finds_its_own_order() {
    let host = host().await;
    let request = json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"], "Operations": [
        {"method": "POST", "path": "/Groups", "bulkId": "g", "data": {"schemas": [GROUP], "displayName": "Staff",
            "members": [{"value": "bulkId:u"}]}},
        {"method": "PATCH", "path": "/Users/bulkId:u", "data": {"Operations": [{"op": "add", "path": "title", "value": "Dr"}]}},
        {"method": "POST", "path": "/Users", "bulkId": "u", "data": {"userName": "anna"}},
        {"method": "POST", "path": "/Users", "bulkId": "v", "data": {"userName": "ANNA"}},
        {"method": "DELETE", "path": "/Users/bulkId:v"},
        {"method": "POST", "path": "/Groups", "bulkId": "a", "data": {"displayName": "a", "members": [{"value": "bulkId:b"}]}},
        {"method": "POST", "path": "/Groups", "bulkId": "b", "data": {"displayName": "b", "members": [{"value": "bulkId:a"}]}},
        {"method": "PUT", "path": "/Users/00000000-0000-7000-8000-000000000000", "version": "W/\"1\"", "data": {"userName": "x"}},
    ]});
    let answer = host.okta.post("/Bulk", request).await.done(200);
    let operations = answer["Operations"].as_array().unwrap();
    let statuses: Vec<_> = operations.iter().map(|one| one["status"].as_str().unwrap()).collect();
    assert_eq!(statuses, ["201", "200", "201", "409", "400", "409", "409", "404"]);
    assert_eq!((&operations[2]["bulkId"], &operations[2]["method"]), (&json!("u"), &json!("POST")));
    assert_eq!(operations[3]["response"]["scimType"], "uniqueness");
    assert_eq!(operations[1]["version"], "W/\"3\"", "the group touched the user, then the change");
    let found = host.okta.get("/Groups?filter=displayName eq \"staff\"&attributes=members.display").await.done(200);
    assert_eq!(found["Resources"][0]["members"][0]["display"], "anna");

    let careful = json!({"failOnErrors": 1, "Operations": [
        {"method": "POST", "path": "/Users", "bulkId": "1", "data": {"userName": "first"}},
        {"method": "POST", "path": "/Users", "bulkId": "2", "data": {"userName": "anna"}},
        {"method": "POST", "path": "/Users", "bulkId": "3", "data": {"userName": "never"}},
    ]});
    let answer = host.okta.post("/Bulk", careful).await.done(200);
    assert_eq!(answer["Operations"].as_array().unwrap().len(), 2);
    assert_eq!(host.okta.get("/Users?filter=userName eq \"never\"").await.done(200)["totalResults"], 0);
    let _ = now;
}

#[tokio::test]
async fn changes_at_the_same_time_are_all_kept() {
    let host = host().await;
    let id = host.okta.user("anna").await;
    let path = format!("/Users/{id}");
    let roles = (0..8).map(|number| {
        let (okta, path) = (host.okta.clone(), path.clone());
        tokio::spawn(async move {
            let role = json!([{"op": "add", "path": "roles", "value": [{"value": number.to_string()}]}]);
            okta.patch(&path, role).await.done(200);
        })
    });
    for role in roles.collect::<Vec<_>>() {
        role.await.unwrap();
    }
    assert_eq!(host.okta.get(&path).await.done(200)["roles"].as_array().unwrap().len(), 8);
}
