//! Entra's requests, in the shapes in which it really sends them: with and without the flag `aadOptscim062020`.

use super::{ENTERPRISE, USER, host};
use serde_json::{Value, json};

#[tokio::test]
async fn the_connection_is_tested_by_a_user_who_is_nobody() {
    let host = host().await;
    let got = host.entra.get("/Users?filter=userName eq \"5c9b9d4e-0a3b-4c67-9a2f-0ea1b1f7c111\"").await.done(200);
    assert_eq!((&got["totalResults"], &got["Resources"]), (&json!(0), &json!([])));
    let both = host.entra.get("/Users?filter=externalId eq \"x\" and userName eq \"y\"").await.done(200);
    assert_eq!(both["totalResults"], 0);
    assert_eq!(
        host.entra.get("/Groups?excludedAttributes=members&filter=displayName eq \"x\"").await.done(200)["totalResults"],
        0
    );
}

async fn created(host: &super::Host) -> String {
    let user = json!({
        "schemas": [USER, ENTERPRISE], "externalId": "0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef",
        "userName": "Test_User_ab6490ee", "active": true, "addresses": null, "displayName": null,
        "emails": [{"type": "work", "value": "Test_User@testuser.com", "primary": true}],
        "meta": {"resourceType": "User"}, "name": {"formatted": "given family", "familyName": "family", "givenName": "given"},
        "roles": [],
    });
    host.entra.post("/Users", user).await.done(201)["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn without_the_flag() {
    let host = host().await;
    let id = created(&host).await;
    let manager = host.entra.user("boss").await;
    let path = format!("/Users/{id}");
    let operations = json!([
        {"op": "Replace", "path": "emails[type eq \"work\"].value", "value": "updated@microsoft.com"},
        {"op": "Replace", "path": "name.familyName", "value": "updated"},
        {"op": "Add", "path": "phoneNumbers[type eq \"mobile\"].value", "value": "+1 425"},
        {"op": "Add", "path": format!("{ENTERPRISE}:department"), "value": "Sales"},
        {"op": "Add", "path": format!("{ENTERPRISE}:manager"), "value": manager},
        {"op": "Add", "path": "roles[primary eq \"True\"].value", "value": "Admin"},
        {"op": "Replace", "path": "active", "value": "False"},
    ]);
    let user = host.entra.patch(&path, operations).await.done(200);
    assert_eq!(user["emails"], json!([{"type": "work", "value": "updated@microsoft.com", "primary": true}]));
    assert_eq!(user["phoneNumbers"], json!([{"type": "mobile", "value": "+1 425"}]));
    assert_eq!(user[ENTERPRISE]["manager"], json!({"value": manager}));
    assert_eq!((&user["active"], &user["roles"][0]["value"]), (&json!(false), &json!("Admin")));
    assert_eq!(host.identity("entra", &id).await["state"], "suspended");
    let wrapped = json!([{"op": "Replace", "path": "displayName", "value": [{"$ref": null, "value": "Shown"}]},
        {"op": "Remove", "path": format!("{ENTERPRISE}:manager")}, {"op": "Replace", "path": "active", "value": "True"}]);
    let user = host.entra.patch(&path, wrapped).await.done(200);
    assert_eq!((&user["displayName"], user[ENTERPRISE].get("manager")), (&json!("Shown"), None));
    assert_eq!(host.identity("entra", &id).await["state"], "active");
    assert_eq!(host.entra.ask("DELETE", &path, None).await.status, 204);
    assert_eq!(host.identity("entra", &id).await["state"], "departed");
}

#[tokio::test]
async fn with_the_flag() {
    let host = host().await;
    let id = created(&host).await;
    let value = json!({
        "displayName": "Pvlo", "emails[type eq \"work\"].value": "new@bing.com", "emails[type eq \"home\"].value": "home@bing.com",
        "name.givenName": "Gjhj", (format!("{ENTERPRISE}:employeeNumber")): "WEGRTX", (format!("{ENTERPRISE}:department")): "QJOZ",
    });
    let user = host.entra.patch(&format!("/Users/{id}"), json!([{"op": "replace", "value": value}])).await.done(200);
    assert_eq!((&user["displayName"], &user["name"]["givenName"]), (&json!("Pvlo"), &json!("Gjhj")));
    assert_eq!(user["name"]["familyName"], "family");
    assert_eq!(user["emails"][0]["value"], "new@bing.com");
    assert_eq!(user["emails"][1], json!({"type": "home", "value": "home@bing.com"}));
    assert_eq!(user[ENTERPRISE], json!({"employeeNumber": "WEGRTX", "department": "QJOZ"}));
    let user =
        host.entra.patch(&format!("/Users/{id}"), json!([{"op": "replace", "path": "active", "value": false}])).await;
    assert_eq!(user.done(200)["active"], false);
}

#[tokio::test]
async fn a_group_is_made_empty_and_filled() {
    let host = host().await;
    let (one, two) = (created(&host).await, host.entra.user("two").await);
    let group = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group", "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"],
        "externalId": "8aa1a0c0-c4c3-4bc0-b4a5-2ef676900159", "displayName": "displayName", "meta": {"resourceType": "Group"},
    });
    let group = host.entra.post("/Groups", group).await.done(201);
    let path = format!("/Groups/{}", group["id"].as_str().unwrap());
    let members = async || -> Vec<Value> {
        let group = host.entra.get(&path).await.done(200);
        group["members"].as_array().into_iter().flatten().map(|one| one["value"].clone()).collect()
    };
    let add = json!([{"op": "Add", "path": "members", "value": [{"$ref": null, "value": one}, {"$ref": null, "value": two}]}]);
    assert_eq!(host.entra.patch(&path, add).await.status, 204);
    assert_eq!(members().await, [json!(one), json!(two)]);
    // A strict reader would take everybody away.
    let remove = json!([{"op": "Remove", "path": "members", "value": [{"$ref": null, "value": one}]}]);
    assert_eq!(host.entra.patch(&path, remove).await.status, 204);
    assert_eq!(members().await, [json!(two)]);
    let remove = json!([{"op": "remove", "path": format!("members[value eq \"{two}\"]")}]);
    assert_eq!(host.entra.patch(&path, remove).await.status, 204);
    assert!(members().await.is_empty());
    let rename = json!([{"op": "Replace", "path": "displayName", "value": "1879db59"}]);
    assert_eq!(host.entra.patch(&path, rename).await.status, 204);
    let found = host.entra.get("/Groups?excludedAttributes=members&filter=displayName eq \"1879DB59\"").await.done(200);
    assert_eq!(found["totalResults"], 1);
}
