//! The emulator as a service: tokens, faults, the descriptions, and the method behind each request.

use super::discovery::Descriptions;
use super::refusal::{Answer, Refusal};
use super::state::{Behaviour, State, Token, User};
use super::{groups, structure, token, users};
use crate::Serving;
use crate::faults::Faults;
use crate::limit::{Limit, Used};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::{Method, StatusCode, Uri, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, post};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

/// The largest body that is read.
const LARGEST: usize = 4 << 20;

/// One customer's workspace; clones share it.
#[derive(Clone)]
pub struct Workspace {
    state: Arc<Mutex<State>>,
    descriptions: Arc<Descriptions>,
    started: Instant,
    skipped: Arc<Mutex<Duration>>,
    limit: Arc<Mutex<Limit>>,
    /// Disturbs requests.
    pub faults: Faults,
}

impl Default for Workspace {
    #[expect(clippy::disallowed_methods, reason = "an emulator ages what it holds")]
    fn default() -> Self {
        let mut state = State::default();
        for (id, name, is_super) in
            [("3", "_SEED_ADMIN_ROLE", true), ("4", "_GROUPS_ADMIN_ROLE", false), ("5", "Help desk", false)]
        {
            let role = json!({"kind": "admin#directory#role", "roleId": id, "roleName": name, "roleDescription": name,
                "isSystemRole": name.starts_with('_'), "isSuperAdminRole": is_super});
            state.roles.insert(id.to_owned(), role);
        }
        Self {
            state: Arc::new(Mutex::new(state)),
            descriptions: Arc::new(Descriptions::read()),
            started: Instant::now(),
            skipped: Arc::default(),
            limit: Arc::default(),
            faults: Faults::new(7),
        }
    }
}

impl Workspace {
    /// Serves it on a free port of this machine.
    pub fn serve(&self) -> Serving {
        let workspace = self.clone();
        Serving::start_with(move |address| workspace.router(address))
    }

    /// Its routes, for a server at this address.
    pub fn router(&self, address: SocketAddr) -> Router {
        let url = format!("http://{address}/token");
        let (tokens, api, disturbed) = (self.clone(), self.clone(), self.clone());
        let throttled = move |request: Request, next: Next| {
            let workspace = disturbed.clone();
            async move {
                let refusal = workspace.lock().behaviour.too_many();
                workspace.faults.pass(request, next, || respond(refusal.status, Some(refusal.body()))).await
            }
        };
        let api = Router::new()
            .fallback(any(move |request: Request| async move { api.receive(request).await }))
            .layer(middleware::from_fn(throttled));
        Router::new().route("/token", post(move |body: Bytes| async move { tokens.give_token(&body, &url) })).merge(api)
    }

    /// Changes the switches.
    pub fn behave(&self, change: impl FnOnce(&mut Behaviour)) {
        change(&mut self.lock().behaviour);
    }

    /// Takes so many requests in each window of time from now on; what is refused says not for how long.
    ///
    /// # Panics
    /// Another thread has panicked.
    pub fn allow(&self, requests: u64, window: Duration) {
        self.limit.lock().expect("nobody panics here").allow(requests, window);
    }

    /// How far the limit of [`Workspace::allow`] was used since then.
    ///
    /// # Panics
    /// Another thread has panicked.
    pub fn used(&self) -> Used {
        self.limit.lock().expect("nobody panics here").used()
    }

    /// Lets time pass.
    pub fn advance(&self, by: Duration) {
        *self.skipped.lock().expect("nobody panics here") += by;
    }

    /// What did not fit the descriptions so far.
    pub fn violations(&self) -> Vec<String> {
        self.lock().violations.clone()
    }

    /// How many calls of this method there were, such as `directory.users.insert`.
    pub fn calls(&self, method: &str) -> u64 {
        self.lock().calls.get(method).copied().unwrap_or_default()
    }

    /// How many calls were refused with this status and reason, such as `412 conditionNotMet`; throttled ones are counted by
    /// [`Workspace::faults`].
    pub fn refused(&self, what: &str) -> u64 {
        self.lock().refused.get(what).copied().unwrap_or_default()
    }

    /// Every user that is not deleted, as the vendor shows it.
    pub fn users(&self) -> Vec<Value> {
        let state = self.lock();
        let there = state.users.values().filter(|user| user.deleted.is_none());
        there.map(|user| Value::Object(user.shown.clone())).collect()
    }

    /// The user with this key, with what the vendor does not show.
    pub fn user(&self, key: &str) -> Option<User> {
        let state = self.lock();
        state.user_id(key).and_then(|id| state.users.get(&id).cloned())
    }

    /// The addresses of a group's members, sorted.
    pub fn members(&self, group: &str) -> Vec<String> {
        let answer = groups::list_members(&self.lock(), group, &BTreeMap::new()).ok().flatten().unwrap_or_default();
        let members = answer["members"].as_array().cloned().unwrap_or_default();
        let mut names: Vec<String> =
            members.iter().filter_map(|member| member["email"].as_str()).map(str::to_owned).collect();
        names.sort();
        names
    }

    /// Licences: the user's address and `product/sku`.
    pub fn licences(&self) -> BTreeMap<String, String> {
        let state = self.lock();
        let named = |((user, product), sku): (&(String, String), &String)| {
            let address = state.users.get(user)?.shown["primaryEmail"].as_str()?.to_owned();
            Some((address, format!("{product}/{sku}")))
        };
        state.licences.iter().filter_map(named).collect()
    }

    /// Carries out a call of the API by hand, as a person would in the console.
    ///
    /// # Panics
    /// There is no such method, or it refuses.
    pub fn by_hand(&self, verb: &str, path: &str, body: Option<&Value>) -> Value {
        let (status, answer) = self.answer(verb, path, &BTreeMap::new(), body, true);
        assert!(status < 300, "{verb} {path}: {status} {answer:?}");
        answer.unwrap_or_default()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        let mut state = self.state.lock().expect("nobody panics here");
        state.now = self.started.elapsed() + *self.skipped.lock().expect("nobody panics here");
        state
    }

    fn give_token(&self, body: &[u8], own_url: &str) -> Response {
        let form: BTreeMap<String, String> = fields(&String::from_utf8_lossy(body));
        let mut state = self.lock();
        *state.calls.entry("token".to_owned()).or_default() += 1;
        match token::scopes_of(&form, own_url, &state.behaviour.delegated) {
            Ok(scopes) => {
                let number = state.next();
                let life = state.behaviour.token_life;
                let token = format!("ya29.emulated-{number}");
                let until = state.now + life;
                state.tokens.insert(token.clone(), Token { scopes, until, calls: 0 });
                respond(200, Some(json!({"access_token": token, "expires_in": life.as_secs(), "token_type": "Bearer"})))
            }
            Err((status, code, text)) => respond(status, Some(json!({"error": code, "error_description": text}))),
        }
    }

    async fn receive(self, request: Request) -> Response {
        let (head, body) = request.into_parts();
        let bearer = head.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let bearer = bearer.and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default().to_owned();
        let Ok(body) = axum::body::to_bytes(body, LARGEST).await else { return respond(413, None) };
        let body = match body.is_empty() {
            true => None,
            false => match serde_json::from_slice::<Value>(&body) {
                Ok(body) => Some(body),
                Err(_) => {
                    self.lock().violations.push(format!("{} {}: the body is no JSON", head.method, head.uri.path()));
                    return respond(400, Some(Refusal::new(400, "parseError", "Parse Error").body()));
                }
            },
        };
        let (status, answer) = self.enter(&bearer, &head.method, &head.uri, body.as_ref());
        respond(status, answer)
    }

    fn enter(&self, bearer: &str, method: &Method, uri: &Uri, body: Option<&Value>) -> (u16, Option<Value>) {
        if self.limit.lock().expect("nobody panics here").pass(now()).is_some() {
            let refusal = self.lock().behaviour.too_many();
            return self.refuse(&refusal);
        }
        let scopes = self.lock().scopes_of(bearer);
        let Some(scopes) = scopes else {
            return self.refuse(&Refusal::new(401, "authError", "Invalid Credentials"));
        };
        if let Some(found) = self.descriptions.find(method.as_str(), uri.path())
            && let Err(refusal) = self.is_open(found.id).and_then(|()| token::allow(found.id, &scopes))
        {
            return self.refuse(&refusal);
        }
        self.answer(method.as_str(), uri.path(), &fields(uri.query().unwrap_or_default()), body, false)
    }

    fn refuse(&self, refusal: &Refusal) -> (u16, Option<Value>) {
        count(&mut self.lock(), refusal);
        (refusal.status, Some(refusal.body()))
    }

    fn is_open(&self, method: &str) -> Result<(), Refusal> {
        let api = method.split('.').next().unwrap_or_default();
        let state = self.lock();
        if state.behaviour.exhausted.iter().any(|exhausted| exhausted == method) {
            return Err(state.behaviour.too_many());
        }
        if state.behaviour.withheld.iter().any(|resource| method.rsplit_once('.').is_some_and(|(of, _)| of == resource))
        {
            return Err(Refusal::new(403, "forbidden", "Not Authorized to access this resource/api"));
        }
        if state.behaviour.disabled_apis.iter().any(|disabled| disabled == api) {
            let text = "Admin SDK API has not been used in project 1 before or it is disabled.";
            return Err(Refusal::new(403, "accessNotConfigured", text));
        }
        Ok(())
    }

    fn answer(
        &self,
        verb: &str,
        path: &str,
        query: &BTreeMap<String, String>,
        body: Option<&Value>,
        by_hand: bool,
    ) -> (u16, Option<Value>) {
        let mut state = self.lock();
        let Some(found) = self.descriptions.find(verb, path) else {
            state.violations.push(format!("{verb} {path}: there is no such method"));
            return (404, Some(Refusal::new(404, "notFound", "Not Found").body()));
        };
        let faults = found.request_faults(query, body);
        if !by_hand && !faults.is_empty() {
            state.violations.extend(faults.iter().map(|fault| format!("{}: {fault}", found.id)));
            let message = format!("Invalid JSON payload received. {}", faults.join("; "));
            return (400, Some(Refusal::new(400, "badRequest", message).body()));
        }
        if !by_hand {
            *state.calls.entry(found.id.to_owned()).or_default() += 1;
        }
        let nothing = Value::Null;
        match carry_out(&mut state, found.id, &found.path, query, body.unwrap_or(&nothing)) {
            Ok(answer) => {
                let faults = found.answer_faults(answer.as_ref());
                state.violations.extend(faults.iter().map(|fault| format!("{}: {fault}", found.id)));
                (if answer.is_some() { 200 } else { 204 }, answer)
            }
            Err(refusal) => {
                count(&mut state, &refusal);
                (refusal.status, Some(refusal.body()))
            }
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "a limit is one of real time")]
fn now() -> Instant {
    Instant::now()
}

fn count(state: &mut State, refusal: &Refusal) {
    *state.refused.entry(format!("{} {}", refusal.status, refusal.reason)).or_default() += 1;
}

/// The method behind an id of the descriptions.
fn carry_out(
    state: &mut State,
    method: &str,
    path: &BTreeMap<String, String>,
    query: &BTreeMap<String, String>,
    body: &Value,
) -> Answer {
    let part = |name: &str| path.get(name).map(String::as_str).unwrap_or_default();
    let (user, group, member) = (part("userKey"), part("groupKey"), part("memberKey"));
    let (product, sku, holder) = (part("productId"), part("skuId"), part("userId"));
    match method {
        "directory.users.list" => users::list_users(state, query),
        "directory.users.get" => users::get(state, user, query),
        "directory.users.insert" => users::insert(state, body),
        "directory.users.update" => users::update(state, user, body, true),
        "directory.users.patch" => users::update(state, user, body, false),
        "directory.users.delete" => users::delete(state, user),
        "directory.users.undelete" => users::undelete(state, user, body),
        "directory.users.makeAdmin" => users::make_admin(state, user, body),
        "directory.users.signOut" => users::sign_out(state, user),
        "directory.users.aliases.list" => users::list_aliases(state, user),
        "directory.users.aliases.insert" => users::insert_alias(state, user, body),
        "directory.users.aliases.delete" => users::delete_alias(state, user, part("alias")),
        "directory.groups.list" => groups::list_groups(state, query),
        "directory.groups.get" => groups::get(state, group),
        "directory.groups.insert" => groups::insert(state, body),
        "directory.groups.update" | "directory.groups.patch" => groups::update(state, group, body),
        "directory.groups.delete" => groups::delete(state, group),
        "directory.members.list" => groups::list_members(state, group, query),
        "directory.members.get" => groups::get_member(state, group, member),
        "directory.members.hasMember" => groups::has_member(state, group, member),
        "directory.members.insert" => groups::insert_member(state, group, body),
        "directory.members.update" | "directory.members.patch" => groups::update_member(state, group, member, body),
        "directory.members.delete" => groups::delete_member(state, group, member),
        "directory.orgunits.list" => structure::list_units(state, query),
        "directory.orgunits.get" => structure::get_unit(state, part("orgUnitPath")),
        "directory.orgunits.insert" => structure::insert_unit(state, body),
        "directory.orgunits.update" | "directory.orgunits.patch" => {
            structure::update_unit(state, part("orgUnitPath"), body)
        }
        "directory.orgunits.delete" => structure::delete_unit(state, part("orgUnitPath")),
        "directory.schemas.list" => structure::list_schemas(state),
        "directory.schemas.get" => structure::get_schema(state, part("schemaKey")),
        "directory.schemas.insert" => structure::insert_schema(state, body),
        "directory.roles.list" => structure::list_roles(state, query),
        "directory.roles.get" => structure::get_role(state, part("roleId")),
        "directory.roleAssignments.list" => structure::list_assignments(state, query),
        "directory.roleAssignments.insert" => structure::insert_assignment(state, body),
        "directory.roleAssignments.delete" => structure::delete_assignment(state, part("roleAssignmentId")),
        "licensing.licenseAssignments.listForProduct" => structure::list_licences(state, product, None, query),
        "licensing.licenseAssignments.listForProductAndSku" => {
            structure::list_licences(state, product, Some(sku), query)
        }
        "licensing.licenseAssignments.get" => structure::get_licence(state, product, sku, holder),
        "licensing.licenseAssignments.insert" => {
            structure::assign(state, product, sku, body["userId"].as_str().unwrap_or_default(), None)
        }
        "licensing.licenseAssignments.patch" => {
            structure::assign(state, product, body["skuId"].as_str().unwrap_or_default(), holder, Some(sku))
        }
        "licensing.licenseAssignments.delete" => structure::unassign(state, product, sku, holder),
        other => Err(Refusal::new(501, "notImplemented", format!("{other} is not emulated"))),
    }
}

/// The fields of a query or a form.
fn fields(text: &str) -> BTreeMap<String, String> {
    url::form_urlencoded::parse(text.as_bytes()).into_owned().collect()
}

fn respond(status: u16, body: Option<Value>) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    match body {
        Some(body) => {
            (status, [(header::CONTENT_TYPE, "application/json; charset=UTF-8")], body.to_string()).into_response()
        }
        None => (status, Body::empty()).into_response(),
    }
}
