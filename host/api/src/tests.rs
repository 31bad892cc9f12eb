//! The API, walked from the request to a real store.

mod additions;
mod conditions;
mod repeating;
mod sorting;

use super::description::document::DESCRIPTION;
use super::{ApiState, ApiToken, News, Quotas, Reign, SignIns, issue_token, router};
use async_trait::async_trait;
use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use elsewhere::Elsewhere;
use jiff::Timestamp;
use purser_backup::Backups;
use purser_connector::{Fault, Session};
use purser_model::access::{ApiRole, Permission};
use purser_model::api::ApiLimits;
use purser_model::audit::AuditKey;
use purser_model::id::{Ids, SecretName, SourceName, TargetName};
use purser_model::identity::{IdentityRecord, LifecycleState, Validity};
use purser_model::seal::PlanKey;
use purser_model::secret::NamedSecrets;
use purser_model::webhook::Webhook;
use purser_reconcile::{Clock, Engine, Jitter, Sessions, Settings};
use purser_store::{Store, WebhookEnd, WebhookTry};
use purser_store_sqlite::SqliteStore;
use purser_webhook::{SecretsClosed, SigningSecrets, Webhooks};
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::Arc;
use tower::ServiceExt;

mod configuration;
mod elsewhere;

const TOKEN: &str = "a-token-for-this-test";

const DECLARATIONS: &str = r#"
[source.hr]
connector = "nowhere"
class = "person"
[source.okta]
kind = "scim"
[source.okta.extension."urn:ietf:params:scim:schemas:extension:acme:2.0:User".attributes]
floor = { type = "integer" }
[source.entra]
kind = "scim"
[target.crm]
connector = "nowhere"
class = "account"
[target.crm.mapping]
userName = "identity.userName"
[group.guests]
[group.everybody]
rule = "true"
[role.visitor]
groups = ["guests"]
[[role.visitor.grant]]
target = "crm"
[role.auditor]
excludes = ["cashier"]
[role.cashier]
members = ["hr/E002"]
"#;

/// No connector is here: what needs one fails as it does where one cannot be opened.
struct Nowhere;

#[async_trait]
impl Sessions for Nowhere {
    async fn source(&self, _name: &SourceName) -> Result<Arc<dyn Session>, Fault> {
        Err(Fault::Unusable("there is no connector here".to_owned()))
    }

    async fn target(&self, _name: &TargetName) -> Result<Arc<dyn Session>, Fault> {
        Err(Fault::Unusable("there is no connector here".to_owned()))
    }
}

fn audit_key() -> AuditKey {
    AuditKey::from_secret("a key of this test")
}

struct Still;

impl Clock for Still {
    fn now(&self) -> Timestamp {
        now()
    }
}

impl Jitter for Still {
    fn fraction(&self) -> f64 {
        0.5
    }
}

fn engine(store: Arc<dyn Store>, folder: &std::path::Path) -> Engine {
    let declarations = folder.join("declarations");
    std::fs::create_dir_all(&declarations).unwrap();
    std::fs::write(declarations.join("all.toml"), DECLARATIONS).unwrap();
    let rules = Arc::new(purser_declare::load(&declarations).unwrap().rules);
    Engine::new(store, rules, Arc::new(Nowhere), Arc::new(Still), Arc::new(Still), Settings::default())
}

/// What a token of this role is bound to.
pub(crate) fn own(role: ApiRole) -> BTreeSet<TargetName> {
    (role == ApiRole::Owner).then(|| "crm".parse().unwrap()).into_iter().collect()
}

/// The API, and the tokens of a holder of each role.
async fn api_with_roles() -> (Router, Vec<(ApiRole, String)>, tempfile::TempDir) {
    let (state, folder) = state(1).await;
    let mut tokens = Vec::new();
    for role in ApiRole::ALL {
        let name = role.as_str().parse().unwrap();
        tokens.push((role, issue_token(state.store.as_ref(), name, role, own(role), None, now()).await.unwrap().1));
    }
    (router(state), tokens, folder)
}

async fn api(people: usize) -> (Router, tempfile::TempDir) {
    let (state, folder) = state(people).await;
    (router(state), folder)
}

pub(crate) async fn state(people: usize) -> (ApiState, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&folder.path().join("purser.db"), Arc::new(Ids::new([1; 32]))).unwrap();
    let store = store.signing_with(audit_key());
    for number in 0..people {
        let record = IdentityRecord {
            key: format!("E{number:03}"),
            state: if number == 0 { LifecycleState::Departed } else { LifecycleState::Active },
            attributes: serde_json::json!({"userName": format!("person{number}")}).as_object().unwrap().clone(),
            validity: Validity::ALWAYS,
        };
        store.accept_record(&"hr".parse().unwrap(), record, now()).await.unwrap();
    }
    let store: Arc<dyn Store> = Arc::new(store);
    let state = ApiState {
        engine: Arc::new(engine(store.clone(), folder.path())),
        plan_key: PlanKey::new("a key of this test"),
        audit_key: audit_key(),
        news: News::of(store.clone()),
        webhooks: Arc::new(webhooks(store.clone())),
        backups: Arc::new(Backups::new(folder.path().join("backups"), std::num::NonZeroU32::MIN, "0")),
        store,
        token: ApiToken::new(TOKEN),
        quotas: Arc::new(Quotas::new(ApiLimits::default())),
        issuers: Arc::default(),
        checks: Arc::new(crate::ports::Nothing),
        connectors: Arc::new(Elsewhere),
        secrets: Arc::new(Elsewhere),
        declarations: Arc::new(Elsewhere),
        sign_ins: SignIns::default(),
        in_force: Reign::forever(),
        version: "0",
        now,
    };
    (state, folder)
}

/// One that has no secret, so that nothing is ever sent.
fn webhooks(store: Arc<dyn Store>) -> Webhooks {
    let url = "http://127.0.0.1:1/hidden?key=hidden".parse().unwrap();
    let siem = Webhook { from_start: true, ..Webhook::new(url, "signing".parse().unwrap()) };
    Webhooks::new(store, [("siem".parse().unwrap(), siem)].into(), Arc::new(NoSecrets), now)
}

struct NoSecrets;

#[async_trait]
impl SigningSecrets for NoSecrets {
    async fn open(&self, _names: &[&SecretName]) -> Result<NamedSecrets, SecretsClosed> {
        Ok(NamedSecrets::new())
    }
}

pub(crate) fn now() -> Timestamp {
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
    send(api, request.body(Body::empty()).unwrap()).await
}

pub(crate) async fn send(api: &Router, request: Request<Body>) -> (StatusCode, axum::http::HeaderMap, Value) {
    let response = api.clone().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let bytes = axum::body::to_bytes(body, 1 << 20).await.unwrap();
    let value = if bytes.is_empty() { Value::Null } else { serde_json::from_slice(&bytes).unwrap() };
    (parts.status, parts.headers, value)
}

async fn post(api: &Router, path: &str, token: &str, kind: &str, body: impl Into<Body>) -> (StatusCode, Value) {
    let request = Request::post(path)
        .header(header::AUTHORIZATION, format!("Bearer {token}"))
        .header(header::CONTENT_TYPE, kind)
        .body(body.into())
        .unwrap();
    let (status, _, answer) = send(api, request).await;
    (status, answer)
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
        ("/v1/events?after=9223372036854775808", 400, "bad-parameter", "no place in a list"),
        ("/v1/events?after=-1", 400, "bad-parameter", "after"),
        ("/v1/audit?after=-1", 400, "bad-parameter", "after"),
        ("/v1/accounts?situation=lost", 400, "bad-parameter", "lost"),
        ("/v1/identities?after=nobody", 404, "not-found", "begin anew"),
        ("/v1/identities?sort=-changed_at&after=nobody", 404, "not-found", "begin anew"),
        ("/v1/identities?sort=colour", 400, "bad-parameter", "colour"),
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

/// Method, path and needed permission of every route that is not only for reading. A route that is missing here fails below.
const CHANGING: &[(&str, &str, Permission)] = &[
    ("POST", "/identities/{id}/provisioning", Permission::Operate),
    ("PUT", "/identities/{id}/suspension", Permission::Operate),
    ("DELETE", "/identities/{id}/suspension", Permission::Operate),
    ("PUT", "/identities/{id}/departure", Permission::Operate),
    ("DELETE", "/identities/{id}/departure", Permission::Operate),
    ("PUT", "/groups/{name}/members/{identity}", Permission::Operate),
    ("DELETE", "/groups/{name}/members/{identity}", Permission::Operate),
    ("POST", "/assignments", Permission::Operate),
    ("POST", "/assignments/bulk", Permission::Operate),
    ("DELETE", "/assignments/{id}", Permission::Operate),
    ("POST", "/accounts/{id}/link", Permission::Operate),
    ("DELETE", "/accounts/{id}/link", Permission::Operate),
    ("POST", "/cases/{id}/decision", Permission::Operate),
    ("POST", "/deletions/{account}/cancellation", Permission::Operate),
    ("POST", "/operations/{id}/retry", Permission::Operate),
    ("POST", "/operations/{id}/cancellation", Permission::Operate),
    ("POST", "/targets/{name}/release", Permission::Operate),
    ("POST", "/webhooks/{name}/test", Permission::Operate),
    ("POST", "/webhooks/{name}/redelivery", Permission::Operate),
    ("POST", "/webhooks/{name}/enabling", Permission::Operate),
    ("POST", "/sources/{name}/upgrade", Permission::Operate),
    ("POST", "/targets/{name}/upgrade", Permission::Operate),
    ("POST", "/checks", Permission::Operate),
    ("POST", "/runs", Permission::Operate),
    ("POST", "/runs/{id}/stop", Permission::Operate),
    ("POST", "/plans", Permission::Operate),
    ("POST", "/plans/{id}/application", Permission::Operate),
    ("POST", "/held/decision", Permission::Approve),
    ("POST", "/plans/{id}/decision", Permission::Approve),
    ("GET", "/audit/verification", Permission::Administer),
    ("GET", "/tokens", Permission::Administer),
    ("GET", "/tokens/{name}", Permission::Administer),
    ("POST", "/tokens", Permission::Administer),
    ("DELETE", "/tokens/{name}", Permission::Administer),
    ("GET", "/scim-tokens", Permission::Administer),
    ("GET", "/scim-tokens/{name}", Permission::Administer),
    ("POST", "/scim-tokens", Permission::Administer),
    ("DELETE", "/scim-tokens/{name}", Permission::Administer),
    ("GET", "/backups", Permission::Administer),
    ("POST", "/backups", Permission::Administer),
    ("GET", "/backups/{name}", Permission::Administer),
    ("GET", "/backups/{name}/content", Permission::Administer),
    ("DELETE", "/backups/{name}", Permission::Administer),
    ("POST", "/sealing-key/rotation", Permission::Administer),
    ("POST", "/connectors/pruning", Permission::Administer),
    ("POST", "/events/pruning", Permission::Administer),
    ("POST", "/connectors", Permission::Administer),
    ("GET", "/secrets", Permission::Administer),
    ("GET", "/secrets/{name}", Permission::Administer),
    ("PUT", "/secrets/{name}", Permission::Administer),
    ("DELETE", "/secrets/{name}", Permission::Administer),
    ("GET", "/declarations", Permission::Administer),
    ("POST", "/declarations", Permission::Administer),
    ("PUT", "/targets/{name}/guard", Permission::Administer),
];

/// Method and path of every route that needs a token, as the description has them: a route cannot stand without it.
fn declared_routes() -> Vec<(String, String)> {
    assert!(!include_str!("v1.rs").contains(".route("), "a route is added with `routes!`, which describes it too");
    let paths = DESCRIPTION.value["paths"].as_object().unwrap();
    let operations = paths.iter().flat_map(|(path, item)| item.as_object().unwrap().iter().map(move |one| (path, one)));
    let guarded = operations.filter(|(_, (_, operation))| operation["security"] != serde_json::json!([]));
    guarded.map(|(path, (method, _))| (method.to_uppercase(), path.strip_prefix("/v1").unwrap().to_owned())).collect()
}

fn permission(method: &str, path: &str) -> Permission {
    let found = CHANGING.iter().find(|(known, at, _)| *known == method && *at == path);
    match found {
        Some((_, _, permission)) => *permission,
        None if method == "GET" => Permission::Read,
        None => panic!("{method} {path} changes something, and this test does not know who may"),
    }
}

/// What cannot be told target by target is closed to owners.
fn is_closed(path: &str) -> bool {
    let whole = ["/limits", "/log", "/webhooks", "/events", "/backups", "/tokens", "/groups", "/roles", "/assignments"];
    let configuration = ["/sources", "/schedules", "/connectors", "/upgrades", "/guard", "/secrets", "/declarations"];
    let further = ["/checks", "/scim-tokens"];
    let whole = [whole.as_slice(), &configuration, &further].concat();
    let ends = ["/suspension", "/departure", "/upgrade"];
    whole.iter().any(|closed| path.starts_with(closed)) || ends.iter().any(|closed| path.ends_with(closed))
}

/// With an answer that is not 401 or 403 the request came through, whatever became of it.
#[tokio::test]
async fn every_route_opens_to_those_roles_that_may_and_to_nobody_else() {
    let (api, tokens, _folder) = api_with_roles().await;
    let routes = declared_routes();
    assert!(routes.len() >= 95, "{routes:?}");
    assert!(CHANGING.iter().all(|(method, path, _)| routes.iter().any(|route| route.0 == *method && route.1 == *path)));
    for (method, path) in routes {
        // Who follows events is answered for as long as the host runs.
        let filled = path
            .replace("{name}", "nobody")
            .replace("{id}", NOBODY)
            .replace("{account}", NOBODY)
            .replace("{identity}", NOBODY);
        let filled = filled.replace("{digest}", &"0".repeat(64));
        let at = format!("/v1{filled}");
        assert_eq!(status(&api, &method, &at, "wrong").await, 401, "{method} {at}");
        for (role, token) in &tokens {
            let found = status(&api, &method, &at, token).await;
            let may = role.may(permission(&method, &path)) && (*role != ApiRole::Owner || !is_closed(&path));
            assert_eq!(found != 403, may, "{method} {at} as {role}: {found}");
            assert_ne!(found, 401, "{method} {at} as {role}");
            assert!(found < 500 || found == 502, "{method} {at} as {role}: {found}");
            assert_ne!(found, 405, "{method} {at} is described, and is not there");
        }
        let needed = permission(&method, &path);
        let described = &DESCRIPTION.value["paths"][format!("/v1{path}")][method.to_lowercase()]["x-permission"];
        assert_eq!(described["permission"], needed.as_str(), "{method} {at}");
        let owners = described["roles"].as_array().unwrap().contains(&"owner".into());
        assert_eq!(owners, needed != Permission::Administer && !is_closed(&path), "{method} {at}");
    }
}

const DECIDE: &str = "/v1/plans/00000000-0000-7000-8000-000000000000/decision";
const NOBODY: &str = "00000000-0000-7000-8000-000000000000";

async fn status(api: &Router, method: &str, path: &str, token: &str) -> u16 {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header(header::AUTHORIZATION, format!("Bearer {token}"))
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from("{}"))
        .unwrap();
    api.clone().oneshot(request).await.unwrap().status().as_u16()
}

#[tokio::test]
async fn a_body_that_cannot_be_read_is_named_and_nothing_is_done() {
    let (api, _folder) = api(1).await;
    for (path, kind, body, status, code, words) in [
        ("/v1/held/decision", "text/plain", "{}", 415, "not-json", "application/json"),
        ("/v1/held/decision", "application/json", "{", 400, "bad-body", "EOF"),
        (
            "/v1/held/decision",
            "application/json",
            r#"{"accounts": [], "decision": "approve"}"#,
            400,
            "bad-parameter",
            "1 to 500",
        ),
        (
            "/v1/held/decision",
            "application/json",
            r#"{"accounts": [], "decision": "perhaps"}"#,
            400,
            "bad-body",
            "perhaps",
        ),
        ("/v1/runs", "application/json", r#"{"kind": "import"}"#, 400, "bad-body", "source"),
        ("/v1/plans", "application/json", "[]", 400, "bad-body", "JSON object"),
        (DECIDE, "application/json", r#"{"decision": "approve", "positions": [1.5]}"#, 400, "bad-body", "whole number"),
        (DECIDE, "application/json", r#"{"decision": "approve", "positions": [0]}"#, 400, "bad-body", "from 1"),
        (
            DECIDE,
            "application/json",
            r#"{"decision": "approve", "positions": [1e300]}"#,
            400,
            "bad-body",
            "whole number",
        ),
        (DECIDE, "application/json", r#"{"decision": "approve", "positions": [2.0, 2]}"#, 404, "not-found", "plan"),
        ("/v1/runs", "application/json", r#"{"kind": "import", "source": "hr", "now": 1}"#, 400, "bad-body", "now"),
        (
            "/v1/runs",
            "application/json",
            r#"{"kind": "import", "source": "hr"}"#,
            502,
            "connector-failed",
            "no connector here",
        ),
        ("/v1/tokens", "application/json", r#"{"name": "no name", "role": "viewer"}"#, 400, "bad-body", "no name"),
        ("/v1/tokens", "application/json", r#"{"name": "root", "role": "root"}"#, 400, "bad-body", "root"),
    ] {
        let (found, problem) = post(&api, path, TOKEN, kind, body).await;
        assert_eq!((found.as_u16(), problem["code"].as_str().unwrap()), (status, code), "{path} {body}: {problem}");
        assert!(problem["detail"].as_str().unwrap().contains(words), "{path} {body}: {problem}");
    }
    let large = format!(r#"{{"accounts": ["{}"]}}"#, "x".repeat(super::LARGEST_BODY));
    let (found, problem) = post(&api, "/v1/held/decision", TOKEN, "application/json", large).await;
    assert_eq!((found.as_u16(), &problem["code"]), (413, &"too-large".into()));
    assert_eq!(read(&api, "/v1/tokens").await["items"], serde_json::json!([]));
}

#[tokio::test]
async fn a_stream_that_cannot_go_on_where_it_stopped_is_refused_before_it_begins() {
    let (state, _folder) = state(3).await;
    state.store.prune_events(now().checked_add(std::time::Duration::from_secs(60)).unwrap(), now()).await.unwrap();
    let api = router(state);
    let follow = |last: &'static str| {
        let request = Request::get("/v1/events/stream").header("Last-Event-ID", last);
        send(&api, request.header(header::AUTHORIZATION, format!("Bearer {TOKEN}")).body(Body::empty()).unwrap())
    };
    let (status, _, problem) = follow("1").await;
    assert_eq!((status, &problem["code"]), (StatusCode::GONE, &"events-gone".into()), "{problem}");
    let (status, _, _) = follow("9223372036854775808").await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    let (status, _, problem) = follow("yesterday").await;
    assert_eq!((status, &problem["code"]), (StatusCode::BAD_REQUEST, &"bad-parameter".into()), "{problem}");
}

#[tokio::test]
async fn the_metrics_are_read_with_a_token_and_hold_the_host_in_numbers() {
    let (state, _folder) = state(3).await;
    let reached = purser_store::LimitReached {
        limit: "memory".to_owned(),
        connector: "crm@1.0.0".to_owned(),
        subject: "target \"crm\"".to_owned(),
    };
    state.store.note_limit_reached(reached.clone(), now()).await.unwrap();
    state.store.note_limit_reached(reached, now()).await.unwrap();
    let newest = state.store.events_kept().await.unwrap().newest;
    state.webhooks.know().await.unwrap();
    let api = router(state);
    assert_eq!(status(&api, "GET", "/metrics", "wrong").await, 401);
    let request = Request::get("/metrics").header(header::AUTHORIZATION, format!("Bearer {TOKEN}"));
    let answer = api.oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    assert!(answer.headers()[header::CONTENT_TYPE].to_str().unwrap().starts_with("application/openmetrics-text"));
    let text = axum::body::to_bytes(answer.into_body(), 1 << 20).await.unwrap();
    let text = std::str::from_utf8(&text).unwrap();
    for line in [
        "purser_build_info{version=\"0\"} 1".to_owned(),
        "purser_queued_operations{target=\"crm\",state=\"due\"} 0".to_owned(),
        "purser_target_quarantined{target=\"crm\"} 0".to_owned(),
        "purser_held_items 0".to_owned(),
        format!("purser_events_total {newest}"),
        r#"purser_limits_reached_total{limit="memory",connector="crm@1.0.0",subject="target \"crm\""} 2"#.to_owned(),
        "# EOF".to_owned(),
        "purser_webhook_deliveries_total{webhook=\"siem\",outcome=\"delivered\"} 0".to_owned(),
        format!("purser_webhook_behind_events{{webhook=\"siem\"}} {newest}"),
    ] {
        assert!(text.lines().any(|found| found == line), "{line} is not in\n{text}");
    }
}

#[tokio::test]
async fn webhooks_are_listed_with_their_dead_letters_which_are_delivered_again() {
    let (state, _folder) = state(2).await;
    state.webhooks.know().await.unwrap();
    let store = state.store.clone();
    let event = store.events(0, 1).await.unwrap().remove(0);
    let end = WebhookEnd::Dead { reason: "the receiver answered 500".to_owned() };
    let tries = vec![WebhookTry { event: event.clone(), end }];
    store.record_webhook(&"siem".parse().unwrap(), Some(event.sequence), tries, now()).await.unwrap();
    let api = router(state);

    let listed = read(&api, "/v1/webhooks").await;
    let siem = &listed["items"][0];
    assert_eq!((&siem["name"], &siem["kept"]["dead_letters"]), (&"siem".into(), &1.into()), "{listed}");
    assert_eq!(siem["declared"]["receiver"], "http://127.0.0.1:1");
    assert!(siem["trouble"].as_str().unwrap().contains("`signing` is not set"), "{listed}");
    assert!(!listed.to_string().contains("hidden"), "{listed}");
    let dead = read(&api, "/v1/webhooks/siem/dead").await;
    assert_eq!(dead["items"][0]["event"], serde_json::to_value(&event).unwrap());

    let again =
        async |body: &'static str| post(&api, "/v1/webhooks/siem/redelivery", TOKEN, "application/json", body).await;
    assert_eq!(again(r#"{"events": []}"#).await.0, StatusCode::BAD_REQUEST);
    assert_eq!(again(r#"{"events": [999]}"#).await.0, StatusCode::NOT_FOUND);
    assert_eq!(again("{}").await, (StatusCode::OK, serde_json::json!({"redelivered": 1})));
    assert_eq!(read(&api, "/v1/webhooks/siem/dead").await["items"], serde_json::json!([]));
    let (status, _, problem) = ask(&api, "POST", "/v1/webhooks/siem/test", Some(TOKEN)).await;
    assert_eq!((status, &problem["code"]), (StatusCode::CONFLICT, &"webhook-unusable".into()), "{problem}");
    assert_eq!(ask(&api, "POST", "/v1/webhooks/siem/enabling", Some(TOKEN)).await.0, StatusCode::NO_CONTENT);
    let rows = read(&api, "/v1/audit?action=webhook-redelivered").await;
    assert_eq!(
        (rows["items"].as_array().unwrap().len(), &rows["items"][0]["actor"]),
        (1, &"api:host".into()),
        "{rows}"
    );
}

#[test]
fn the_reference_names_every_route() {
    let reference = include_str!("../../docs/api.md");
    for (method, path) in declared_routes() {
        let named = format!("`{method} /v1{path}`");
        assert!(reference.contains(&named), "host/docs/api.md does not describe {named}");
    }
}
