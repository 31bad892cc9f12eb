//! From the wire to the directory and back: tokens, batches, routes.

use super::answer::{Answer, Asked};
use super::assertion::{self, Certificate};
use super::directory::{Directory, Kind};
use super::query::shown;
use super::{Shared, delta, entitlements, groups, permissions, query, users};
use axum::body::{Bytes, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

const LARGEST_BODY: usize = 4 * 1024 * 1024;

/// Answers a request.
pub async fn serve(shared: &Shared, base: &str, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let Ok(body) = to_bytes(body, LARGEST_BODY).await else { return respond(&Answer::bad("The body is too large.")) };
    let target = head.uri.path_and_query().map_or("/", |target| target.as_str());
    if let Some(rest) = target.strip_prefix("/v1.0") {
        let bearer = head.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let eventual = head.headers.get("consistencylevel").is_some_and(|level| level == "eventual");
        let body = if body.is_empty() { Ok(Value::Null) } else { serde_json::from_slice(&body) };
        let Ok(body) = body else { return respond(&Answer::bad("The body is no JSON.")) };
        let mut state = shared.lock();
        if !state.tokens.is_valid(bearer) {
            let mut answer = Answer::error(401, "InvalidAuthenticationToken", "Access token is empty or has expired.");
            answer.headers.push(("www-authenticate", "Bearer realm=\"\"".to_owned()));
            return respond(&answer);
        }
        let asked = Asked::new(head.method.as_str(), rest, eventual, body);
        let answer = if asked.path == ["$batch"] {
            batch(&mut state, base, &asked.body)
        } else {
            limited(&mut state, base, &asked)
        };
        return respond(&answer);
    }
    if target.ends_with("/oauth2/v2.0/token") {
        return token(shared, base, &body);
    }
    respond(&Answer::error(404, "UnknownError", "There is nothing here."))
}

/// Answers a request whose credential was looked at.
pub fn ask(state: &mut super::State, base: &str, method: &str, url: &str, body: Value) -> Answer {
    let asked = Asked::new(method, url, false, body);
    if asked.path == ["$batch"] { batch(state, base, &asked.body) } else { one(state, base, &asked) }
}

/// Answers one request where the tenant takes one more.
fn limited(state: &mut super::State, base: &str, asked: &Asked) -> Answer {
    match state.limit.pass(now()) {
        Some(wait) => Answer::throttled(&format!("{:.3}", wait.as_secs_f64() + 0.001)),
        None => one(state, base, asked),
    }
}

/// Answers one request, and holds both against the description.
fn one(state: &mut super::State, base: &str, asked: &Asked) -> Answer {
    let answer = route(&mut state.directory, base, asked);
    let found = state.description.violations(asked, &answer);
    state.violations.extend(found);
    state.requests += 1;
    answer
}

fn route(directory: &mut Directory, base: &str, asked: &Asked) -> Answer {
    let path: Vec<&str> = asked.path.iter().map(String::as_str).collect();
    if path.first().is_some_and(|first| directory.denied.contains(*first)) {
        return Answer::denied();
    }
    if permissions::needed(&asked.method, &path).is_some_and(|needed| directory.missing_permissions.contains(needed)) {
        return Answer::denied();
    }
    match (asked.method.as_str(), path.as_slice()) {
        ("GET", ["organization"]) => Answer::ok(json!({"value": [{"id": super::TENANT, "displayName": "Contoso"}]})),
        ("GET", ["subscribedSkus"]) => entitlements::skus(directory),
        (_, ["roleManagement", "directory", ..]) => entitlements::roles(directory, asked),
        (_, ["servicePrincipals", ..]) => entitlements::applications(directory, asked),
        (_, ["directory", "deletedItems", ..]) => groups::deleted_items(directory, asked, base),
        ("GET", ["users"]) => query::list(directory, asked, Kind::User, base),
        ("POST", ["users"]) => users::create(directory, asked),
        ("GET", ["users", "delta" | "delta()" | "microsoft.graph.delta()"]) => {
            delta::delta(directory, asked, Kind::User, base)
        }
        (_, ["users", name, rest @ ..]) => match directory.user_id(name).filter(|id| !directory.is_unseen(id)) {
            Some(id) => user(directory, &id, rest, asked),
            None => Answer::no_object(name),
        },
        ("GET", ["groups"]) => query::list(directory, asked, Kind::Group, base),
        ("POST", ["groups"]) => groups::create(directory, asked),
        ("GET", ["groups", "delta" | "delta()" | "microsoft.graph.delta()"]) => {
            delta::delta(directory, asked, Kind::Group, base)
        }
        (_, ["groups", _, "members", ..]) => groups::members(directory, asked, base),
        ("GET", ["groups", id]) => read(directory, Kind::Group, id, asked),
        ("PATCH", ["groups", id]) => groups::update(directory, id, &asked.body),
        ("DELETE", ["groups", id]) => groups::delete(directory, Kind::Group, id),
        _ => Answer::error(400, "BadRequest", format!("Resource not found for the segment '{}'.", path.join("/"))),
    }
}

fn user(directory: &mut Directory, id: &str, rest: &[&str], asked: &Asked) -> Answer {
    match (asked.method.as_str(), rest) {
        ("GET", []) => read(directory, Kind::User, id, asked),
        ("PATCH", []) => users::update(directory, id, asked),
        ("DELETE", []) => groups::delete(directory, Kind::User, id),
        ("GET", ["manager"]) | ("PUT" | "DELETE", ["manager", "$ref"]) => users::manager(directory, id, asked),
        ("GET", ["appRoleAssignments"]) => entitlements::app_roles_of(directory, id),
        ("POST", ["assignLicense" | "microsoft.graph.assignLicense"]) => {
            users::assign_license(directory, id, &asked.body)
        }
        ("POST", ["revokeSignInSessions" | "microsoft.graph.revokeSignInSessions"]) => {
            *directory.revoked_sessions.entry(id.to_owned()).or_default() += 1;
            Answer::ok(json!({"value": true}))
        }
        _ => Answer::error(400, "BadRequest", "Resource not found for the segment."),
    }
}

fn read(directory: &mut Directory, kind: Kind, id: &str, asked: &Asked) -> Answer {
    match directory.of(kind).get(id).cloned() {
        Some(_) if directory.is_unseen(id) => Answer::no_object(id),
        Some(object) => Answer::ok(shown(directory, kind, &object, &asked.query)),
        None => Answer::no_object(id),
    }
}

/// `POST /$batch`: up to 20 items, each throttled on its own, answered in another order.
fn batch(state: &mut super::State, base: &str, body: &Value) -> Answer {
    let items = body["requests"].as_array().cloned().unwrap_or_default();
    let mut statuses: BTreeMap<String, u16> = BTreeMap::new();
    if items.is_empty() || items.len() > 20 {
        return Answer::bad("The number of requests in a batch must be between 1 and 20.");
    }
    let mut responses = Vec::new();
    for item in &items {
        let id = item["id"].as_str().unwrap_or_default().to_owned();
        if id.is_empty() || statuses.contains_key(&id) {
            return Answer::bad("The ids of the requests of a batch must be given and differ.");
        }
        if !item["body"].is_null() && !has_type(item) {
            return Answer::bad("A request of a batch with a body needs the header Content-Type.");
        }
        let waits = item["dependsOn"].as_array().into_iter().flatten().filter_map(Value::as_str);
        let failed = waits.into_iter().any(|other| statuses.get(other).is_none_or(|status| *status >= 400));
        let answer = if failed {
            Answer::error(424, "FailedDependency", "A request that this one depends on failed.")
        } else {
            state.directory.items += 1;
            let every = state.directory.throttle_every;
            if every > 0 && state.directory.items.is_multiple_of(every) {
                Answer::throttled("0.05")
            } else {
                let url = item["url"].as_str().unwrap_or_default();
                let method = item["method"].as_str().unwrap_or_default();
                limited(state, base, &Asked::new(method, url, false, item["body"].clone()))
            }
        };
        statuses.insert(id.clone(), answer.status);
        let mut headers: BTreeMap<&str, String> = answer
            .headers
            .into_iter()
            .map(|(name, value)| (if name == "retry-after" { "Retry-After" } else { name }, value))
            .collect();
        let mut response = json!({"id": id, "status": answer.status});
        if !answer.body.is_null() {
            headers.insert("Content-Type", "application/json".to_owned());
            response["body"] = answer.body;
        }
        response["headers"] = json!(headers);
        responses.push(response);
    }
    responses.reverse();
    Answer::ok(json!({"responses": responses}))
}

/// Whether an item of a batch says what its body is. Names of headers have no case.
fn has_type(item: &Value) -> bool {
    let headers = item["headers"].as_object();
    headers.is_some_and(|headers| headers.keys().any(|name| name.eq_ignore_ascii_case("content-type")))
}

/// The token endpoint, for client credentials.
fn token(shared: &Shared, base: &str, body: &Bytes) -> Response {
    let text = String::from_utf8_lossy(body).into_owned();
    let form = Asked::new("POST", &format!("/?{text}"), false, Value::Null);
    let mut state = shared.lock();
    if form.field("grant_type") != Some("client_credentials") || form.field("client_id") != Some(super::CLIENT) {
        return refused(
            "unauthorized_client",
            700_016,
            "AADSTS700016: the application was not found in the directory.",
        );
    }
    if form.field("scope").is_none_or(|scope| !scope.ends_with("/.default")) {
        return refused("invalid_scope", 70_011, "AADSTS70011: the scope is not valid.");
    }
    if state.tokens.certificate.is_some() {
        let own_url = base.replace("/v1.0", &format!("/{}/oauth2/v2.0/token", super::TENANT));
        let Tokens { certificate, assertions, .. } = &mut state.tokens;
        if let Err((code, said)) = assertion::check(&form, certificate.as_ref(), &own_url, assertions) {
            return refused("invalid_client", code, said);
        }
    } else if form.field("client_secret") != Some(super::SECRET) {
        return refused("invalid_client", 7_000_215, "AADSTS7000215: Invalid client secret provided.");
    }
    let lifetime = state.tokens.lifetime;
    let token = state.tokens.make();
    respond(&Answer::ok(json!({
        "token_type": "Bearer", "expires_in": lifetime.as_secs(), "ext_expires_in": lifetime.as_secs(), "access_token": token,
    })))
}

fn refused(error: &str, code: u32, description: &str) -> Response {
    let body = json!({"error": error, "error_description": description, "error_codes": [code]});
    respond(&Answer { status: 401, headers: Vec::new(), body })
}

#[expect(clippy::disallowed_methods, reason = "tokens of an emulator end by the clock of its clients")]
fn now() -> Instant {
    Instant::now()
}

/// The tokens given out.
pub struct Tokens {
    /// For how long a new token is valid.
    pub lifetime: Duration,
    /// For how many requests a new token is good.
    pub uses: u32,
    /// Where it is set, the application shows assertions that it signed.
    pub certificate: Option<Certificate>,
    /// The assertions that were shown.
    assertions: BTreeSet<String>,
    /// When each token ends, and for how many requests it is good still.
    valid: BTreeMap<String, (Instant, u32)>,
}

impl Default for Tokens {
    fn default() -> Self {
        Self {
            lifetime: Duration::from_secs(3599),
            uses: u32::MAX,
            certificate: None,
            assertions: BTreeSet::new(),
            valid: BTreeMap::new(),
        }
    }
}

impl Tokens {
    /// A new token.
    pub fn make(&mut self) -> String {
        let token = format!("token-{}", self.valid.len() + 1);
        self.valid.insert(token.clone(), (now() + self.lifetime, self.uses));
        token
    }

    /// Ends all tokens now.
    pub fn end_all(&mut self) {
        self.valid.values_mut().for_each(|(ends, _)| *ends = now());
    }

    /// How many tokens were given out.
    pub fn given(&self) -> usize {
        self.valid.len()
    }

    /// Whether a request may pass; it counts as one use.
    fn is_valid(&mut self, header: Option<&str>) -> bool {
        let token = header.and_then(|header| header.strip_prefix("Bearer "));
        let Some((ends, uses)) = token.and_then(|token| self.valid.get_mut(token)) else { return false };
        let good = now() < *ends && *uses > 0;
        *uses = uses.saturating_sub(1);
        good
    }
}

/// An answer on the wire.
pub fn respond(answer: &Answer) -> Response {
    let body = if answer.body.is_null() { String::new() } else { answer.body.to_string() };
    let mut response = body.into_response();
    *response.status_mut() = answer.status.try_into().unwrap_or_default();
    let json = HeaderValue::from_static("application/json;odata.metadata=minimal");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    for (name, value) in &answer.headers {
        if let Ok(value) = HeaderValue::from_str(value) {
            response.headers_mut().insert(*name, value);
        }
    }
    response
}
