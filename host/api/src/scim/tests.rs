//! The SCIM server, walked from the request to a real store.

mod entra;
mod lists;
mod okta;
mod writes;

use crate::tests::{now, send, state};
use crate::{issue_scim_token, router};
use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode, header};
use purser_model::id::SourceName;
use purser_store::{IdentityFilter, PageRequest, Store};
use serde_json::{Value, json};
use std::sync::Arc;

pub(super) const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
pub(super) const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
pub(super) const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
pub(super) const ACME: &str = "urn:ietf:params:scim:schemas:extension:acme:2.0:User";

/// A host with two clients.
pub(super) struct Host {
    api: Router,
    pub(super) store: Arc<dyn Store>,
    pub(super) okta: Caller,
    pub(super) entra: Caller,
    _folder: tempfile::TempDir,
}

/// One client.
#[derive(Clone)]
pub(super) struct Caller {
    api: Router,
    pub(super) token: String,
}

/// An answer.
#[derive(Debug)]
pub(super) struct Got {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: Value,
}

impl Got {
    /// The `scimType` of an error with this status.
    #[track_caller]
    pub(super) fn scim_type(&self, status: u16) -> &str {
        assert_eq!(self.status, status, "{}", self.body);
        assert_eq!(self.body["status"], status.to_string(), "{}", self.body);
        assert_eq!(self.body["schemas"], json!(["urn:ietf:params:scim:api:messages:2.0:Error"]));
        assert_eq!(self.headers[header::CONTENT_TYPE], "application/scim+json");
        self.body["scimType"].as_str().unwrap_or_default()
    }

    /// The body of what was done with this status.
    #[track_caller]
    pub(super) fn done(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.body);
        self.body
    }

    /// The user names of a list.
    #[track_caller]
    pub(super) fn names(&self) -> Vec<&str> {
        assert_eq!(self.status, 200, "{}", self.body);
        self.body["Resources"].as_array().unwrap().iter().map(|one| one["userName"].as_str().unwrap_or("-")).collect()
    }
}

impl Caller {
    pub(super) async fn ask(&self, method: &str, path: &str, body: Option<&Value>) -> Got {
        self.ask_with(method, path, body, &[]).await
    }

    pub(super) async fn ask_with(
        &self,
        method: &str,
        path: &str,
        body: Option<&Value>,
        headers: &[(header::HeaderName, &str)],
    ) -> Got {
        let path = path.replace(' ', "%20").replace('"', "%22").replace('[', "%5B").replace(']', "%5D");
        let mut request = Request::builder()
            .method(method)
            .uri(format!("/scim/v2{path}"))
            .header(header::HOST, "purser.example")
            .header(header::AUTHORIZATION, format!("Bearer {}", self.token));
        for (name, value) in headers {
            request = request.header(name, *value);
        }
        let body = match body {
            Some(body) => {
                request = request.header(header::CONTENT_TYPE, "application/scim+json");
                Body::from(body.to_string())
            }
            None => Body::empty(),
        };
        let (status, headers, body) = send(&self.api, request.body(body).unwrap()).await;
        Got { status: status.as_u16(), headers, body }
    }

    pub(super) async fn get(&self, path: &str) -> Got {
        self.ask("GET", path, None).await
    }

    pub(super) async fn post(&self, path: &str, body: Value) -> Got {
        self.ask("POST", path, Some(&body)).await
    }

    pub(super) async fn patch(&self, path: &str, operations: Value) -> Got {
        let schemas = ["urn:ietf:params:scim:api:messages:2.0:PatchOp"];
        self.ask("PATCH", path, Some(&json!({"schemas": schemas, "Operations": operations}))).await
    }

    /// Creates a user with this name; its id.
    pub(super) async fn user(&self, name: &str) -> String {
        let user = self.post("/Users", json!({"schemas": [USER], "userName": name})).await.done(201);
        user["id"].as_str().unwrap().to_owned()
    }

    /// Creates a group with these members; its id.
    pub(super) async fn group(&self, name: &str, members: &[&str]) -> String {
        let members: Vec<_> = members.iter().map(|id| json!({"value": id})).collect();
        let body = json!({"schemas": [GROUP], "displayName": name, "members": members});
        self.post("/Groups", body).await.done(201)["id"].as_str().unwrap().to_owned()
    }
}

pub(super) async fn host() -> Host {
    let (state, folder) = state(0).await;
    let store = state.store.clone();
    let mut tokens = Vec::new();
    for source in ["okta", "entra"] {
        let (name, source) = (source.parse().unwrap(), source.parse().unwrap());
        tokens.push(issue_scim_token(store.as_ref(), name, source, None, now()).await.unwrap().1);
    }
    let api = router(state);
    let caller = |token: String| Caller { api: api.clone(), token };
    let (entra, okta) = (caller(tokens.pop().unwrap()), caller(tokens.pop().unwrap()));
    Host { okta, entra, api, store, _folder: folder }
}

impl Host {
    /// The identity of a user of a source.
    pub(super) async fn identity(&self, source: &str, key: &str) -> Value {
        let source: SourceName = source.parse().unwrap();
        let filter = IdentityFilter { source: Some(source), key: Some(key.to_owned()), ..IdentityFilter::default() };
        let found = self.store.identities(filter, PageRequest::first(2)).await.unwrap();
        assert_eq!(found.len(), 1, "one identity with the key {key}");
        json!({"state": found[0].state, "attributes": found[0].attributes})
    }
}

#[tokio::test]
async fn only_a_client_with_its_token_comes_through() {
    let host = host().await;
    for token in ["", "guessed", "a-token-for-this-test"] {
        let caller = Caller { token: token.to_owned(), ..host.okta.clone() };
        let got = caller.get("/Users").await;
        assert_eq!(got.scim_type(401), "");
        assert_eq!(got.headers[header::WWW_AUTHENTICATE], "Bearer");
    }
    let (name, source) = ("old".parse().unwrap(), "okta".parse().unwrap());
    let soon = now() + jiff::SignedDuration::from_millis(1);
    let ended = issue_scim_token(host.store.as_ref(), name, source, Some(soon), now()).await.unwrap().1;
    assert_eq!(Caller { token: ended, ..host.okta.clone() }.get("/Users").await.status, 200);
    let past = issue_scim_token(host.store.as_ref(), "p".parse().unwrap(), "okta".parse().unwrap(), Some(now()), now());
    assert!(past.await.unwrap_err().to_string().contains("expired"));
    // One whose source is not declared.
    let (name, source) = ("lost".parse().unwrap(), "elsewhere".parse().unwrap());
    let lost = issue_scim_token(host.store.as_ref(), name, source, None, now()).await.unwrap().1;
    assert_eq!(Caller { token: lost, ..host.okta.clone() }.get("/Users").await.status, 401);
    // And none of a client opens the API, nor is one taken that was revoked.
    let request = Request::get("/v1/identities").header(header::AUTHORIZATION, format!("Bearer {}", host.okta.token));
    let (status, ..) = send(&host.api, request.body(Body::empty()).unwrap()).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    assert!(host.store.scim_tokens().await.unwrap().iter().any(|token| token.last_used_at.is_some()));
    host.store.revoke_scim_token(&"okta".parse().unwrap(), now()).await.unwrap();
    assert_eq!(host.okta.get("/Users").await.status, 401);
}

#[tokio::test]
async fn a_client_sees_and_changes_only_what_is_its_own() {
    let host = host().await;
    let anna = host.okta.user("anna").await;
    let staff = host.okta.group("staff", &[&anna]).await;
    let (user, group) = (format!("/Users/{anna}"), format!("/Groups/{staff}"));
    for path in [&user, &group] {
        assert_eq!(host.entra.get(path).await.scim_type(404), "");
        assert_eq!(host.entra.ask("DELETE", path, None).await.status, 404);
        let body = json!({"userName": "stolen", "displayName": "stolen"});
        assert_eq!(host.entra.ask("PUT", path, Some(&body)).await.status, 404);
        let operation = json!([{"op": "replace", "path": "externalId", "value": "x"}]);
        assert_eq!(host.entra.patch(path, operation).await.status, 404);
    }
    let removal = json!([{"op": "remove", "path": "members", "value": [{"value": anna}]}]);
    assert_eq!(host.entra.patch(&group, removal).await.status, 404);
    for path in
        ["/Users", "/Groups", "", "/Users?filter=userName eq \"anna\"", &format!("/Users?filter=id eq \"{anna}\"")]
    {
        assert_eq!(host.entra.get(path).await.done(200)["totalResults"], 0, "{path}");
    }
    // A member of somebody else is nobody.
    let foreign = json!({"displayName": "g", "members": [{"value": anna}]});
    assert_eq!(host.entra.post("/Groups", foreign).await.scim_type(400), "invalidValue");
    let mine = host.entra.group("g", &[]).await;
    let foreign = json!([{"op": "add", "path": "members", "value": [{"value": anna}]}]);
    assert_eq!(host.entra.patch(&format!("/Groups/{mine}"), foreign).await.scim_type(400), "invalidValue");
    let bulk = json!({"Operations": [{"method": "DELETE", "path": user}]});
    assert_eq!(host.entra.post("/Bulk", bulk).await.done(200)["Operations"][0]["status"], "404");
    // The same name is free for another client.
    let other = host.entra.user("anna").await;
    assert_ne!(other, anna);
    assert_eq!(host.okta.get(&user).await.done(200)["groups"][0]["display"], "staff");
    // A custom extension is that client's alone.
    let own = host.okta.post("/Users", json!({"userName": "eva", ACME: {"floor": 3}})).await.done(201);
    assert_eq!(own[ACME]["floor"], 3);
    let schemas = host.entra.get("/Schemas").await.done(200);
    assert!(!schemas.to_string().contains(ACME));
}

#[tokio::test]
async fn discovery_and_what_is_not_there() {
    let host = host().await;
    let config = host.okta.get("/ServiceProviderConfig").await.done(200);
    assert_eq!(config["bulk"]["supported"], true);
    assert_eq!(config["pagination"]["cursor"], true);
    let types = host.okta.get("/ResourceTypes").await.done(200);
    assert_eq!((&types["totalResults"], &types["Resources"][0]["endpoint"]), (&json!(2), &json!("/Users")));
    let user = host.okta.get("/ResourceTypes/User").await.done(200);
    assert_eq!(user["meta"]["location"], "http://purser.example/scim/v2/ResourceTypes/User");
    let schema = host.okta.get(&format!("/Schemas/{ENTERPRISE}")).await.done(200);
    assert_eq!(schema["name"], "EnterpriseUser");
    assert_eq!(host.okta.get(&format!("/Schemas/{ACME}")).await.done(200)["attributes"][0]["type"], "integer");
    assert_eq!(host.okta.get("/Schemas?filter=id pr").await.status, 403);
    assert_eq!(host.okta.get("/Schemas/urn:none").await.scim_type(404), "");
    assert_eq!(host.okta.get("/ResourceTypes/Colour").await.scim_type(404), "");
    assert_eq!(host.okta.get("/Me").await.scim_type(501), "");
    assert_eq!(host.okta.get("/Colours").await.scim_type(404), "");
    assert_eq!(host.okta.ask("PUT", "/Users", Some(&json!({}))).await.scim_type(405), "");
    assert_eq!(host.okta.get("/Users/7").await.scim_type(404), "");
}
