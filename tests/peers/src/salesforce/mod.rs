//! Salesforce: an organisation in memory behind the REST API, with a token endpoint on a host of its own.

mod api;
mod collections;
mod ids;
mod moment;
mod oauth;
mod org;
mod query;
mod refusal;
mod rules;
mod schema;
mod soql;

pub use oauth::{CONSUMER_KEY, INTEGRATION_USER};

use crate::faults::Faults;
use crate::limit::{Limit, Used};
use crate::serving::Serving;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::middleware::from_fn;
use axum::response::Response;
use org::{DAILY, Org};
use refusal::Refusal;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

type Tables = BTreeMap<String, BTreeMap<String, org::Row>>;

const LARGEST_BODY: usize = 16 << 20;

/// An organisation that is served on this machine for as long as this value lives.
pub struct Salesforce {
    org: Arc<Mutex<Org>>,
    faults: Faults,
    limit: Arc<Mutex<Limit>>,
    instance: Serving,
    login: Serving,
}

impl Salesforce {
    /// Starts an organisation as it is delivered.
    pub fn start() -> Self {
        let org = Arc::new(Mutex::new(Org::new()));
        let faults = Faults::new(62);
        let limit = Arc::new(Mutex::new(Limit::default()));
        let (shared, switches, limited) = (org.clone(), faults.clone(), limit.clone());
        let instance = Serving::start_with(|address| {
            let instance = format!("http://{address}");
            router(shared, instance).layer(from_fn(move |request: Request, next| {
                let switches = switches.clone();
                let too_many = limited.lock().expect("nobody panics here").pass(now()).is_some();
                async move {
                    match too_many {
                        true => throttled(),
                        false => switches.pass(request, next, throttled).await,
                    }
                }
            }))
        });
        let login = Serving::start(router(org.clone(), instance.url()));
        Self { org, faults, limit, instance, login }
    }

    /// Where the organisation is.
    pub fn url(&self) -> String {
        self.instance.url()
    }

    /// Where everybody logs in: tokens are had there, and nothing else that they are good for.
    pub fn login_url(&self) -> String {
        self.login.url()
    }

    /// Whom the organisation believes: who signs with the key of this public half (DER of RSA), shows this refresh token or
    /// this client secret.
    pub fn trust(&self, public_key: Option<Vec<u8>>, refresh_token: Option<&str>, client_secret: Option<&str>) {
        let mut org = self.lock();
        org.app_key = public_key;
        org.refresh_token = refresh_token.map(str::to_owned);
        org.client_secret = client_secret.map(str::to_owned);
    }

    /// As [`Salesforce::trust`], for who signs with this private key: PEM of PKCS 8.
    ///
    /// # Panics
    /// It is no such key.
    pub fn trust_signer(&self, private_key: &str) {
        self.trust(Some(oauth::public_half(private_key)), None, None);
    }

    /// How many tokens the token endpoint has given, and how often it has refused to.
    pub fn tokens(&self) -> (u64, u64) {
        let org = self.lock();
        (org.tokens_given, org.tokens_refused)
    }

    /// A session, as a log-in gives it.
    pub fn session(&self) -> String {
        let mut org = self.lock();
        let token = format!("00DAx0000000001!AQ{:012}", org.next_number());
        org.sessions.insert(token.clone());
        token
    }

    /// Ends all sessions, as the policy of the organisation does after some time.
    pub fn end_sessions(&self) {
        self.lock().sessions.clear();
    }

    /// Ends all sessions after so many more requests, in the middle of what somebody does.
    pub fn end_sessions_after(&self, requests: u64) {
        self.lock().sessions_end_after = Some(requests);
    }

    /// Takes so many requests in each window of time from now on; what is refused says not for how long.
    ///
    /// # Panics
    /// Another thread has panicked.
    pub fn allow(&self, requests: u64, window: Duration) {
        self.limit.lock().expect("nobody panics here").allow(requests, window);
    }

    /// How far the limit of [`Salesforce::allow`] was used since then.
    ///
    /// # Panics
    /// Another thread has panicked.
    pub fn used(&self) -> Used {
        self.limit.lock().expect("nobody panics here").used()
    }

    /// The faults that it can give.
    pub fn faults(&self) -> &Faults {
        &self.faults
    }

    /// Answers at most so many rows at once.
    pub fn page_by(&self, rows: usize) {
        self.lock().page = rows;
    }

    /// Forgets where queries go on.
    pub fn forget_locators(&self) {
        self.lock().locators.clear();
    }

    /// Allows so many more requests today.
    pub fn allow_requests(&self, requests: u64) {
        self.lock().requests_left = requests;
    }

    /// Allows so many active users.
    pub fn seats(&self, seats: usize) {
        self.lock().seats = seats;
    }

    /// Another organisation of the world has this user name.
    pub fn take_elsewhere(&self, name: &str) {
        self.lock().taken_elsewhere.insert(name.to_lowercase());
    }

    /// This user is named by a rule and cannot be deactivated.
    pub fn need(&self, id: &str) {
        self.lock().needed.insert(ids::widen(id));
    }

    /// The next writes find their rows locked.
    pub fn lock_rows(&self, writes: u32) {
        self.lock().locked = writes;
    }

    /// A rule of validation refuses users of this department.
    pub fn refuse_department(&self, department: &str) {
        self.lock().refused_department = Some(department.to_owned());
    }

    /// The integration user lacks this permission, such as `PermissionsManageUsers`.
    pub fn take_permission(&self, field: &str) {
        self.lock().lacking.insert(field.to_owned());
    }

    /// All rows of an object.
    pub fn rows(&self, object: &str) -> Vec<Value> {
        self.lock().rows(object).cloned().map(Value::Object).collect()
    }

    /// The row in which a field has this value.
    pub fn find(&self, object: &str, field: &str, value: &str) -> Option<Value> {
        self.lock().find(object, field, value).cloned().map(Value::Object)
    }

    /// Changes a field, as somebody in the organisation does.
    pub fn change(&self, object: &str, id: &str, field: &str, value: impl Into<Value>) {
        self.lock().change(object, id, field, value.into());
    }

    /// Makes a user as somebody in the organisation does, with the profile `Standard User`; answers the id.
    ///
    /// # Panics
    /// The platform refuses it.
    pub fn make_user(&self, given: &Value) -> String {
        let mut org = self.lock();
        let profile = org.find("Profile", "Name", "Standard User").map(|row| row["Id"].clone());
        let mut row = serde_json::json!({"Alias": "byhand", "TimeZoneSidKey": "GMT", "LocaleSidKey": "en_US",
            "LanguageLocaleKey": "en_US", "EmailEncodingKey": "UTF-8", "ProfileId": profile});
        for (name, value) in given.as_object().into_iter().flatten() {
            row[name] = value.clone();
        }
        let members = row.as_object().expect("a user is an object").clone();
        let made = rules::create(&mut org, "User", &members);
        made.unwrap_or_else(|refused| panic!("{}: {}", refused.code, refused.message))
    }

    /// Deletes a row, as somebody in the organisation does.
    pub fn remove(&self, object: &str, id: &str) -> bool {
        self.lock().remove(object, id)
    }

    /// The password that was set for a user.
    pub fn password(&self, id: &str) -> Option<String> {
        self.lock().passwords.get(&ids::widen(id)).cloned()
    }

    /// Answers one request as if it came over the wire with a valid session: its status and body; null is none.
    pub fn ask(&self, method: &str, path: &str, query: &[(String, String)], body: Value) -> (u16, Value) {
        let call = api::Call { method: method.to_owned(), path: path.to_owned(), query: query.to_vec(), body };
        answered(&mut self.lock(), &call)
    }

    /// What did not keep to the vendor's description, in requests and answers.
    pub fn violations(&self) -> Vec<String> {
        self.lock().violations.clone()
    }

    fn lock(&self) -> MutexGuard<'_, Org> {
        self.org.lock().expect("no thread panics while it holds the organisation")
    }
}

fn router(org: Arc<Mutex<Org>>, instance: String) -> Router {
    Router::new().fallback(move |request: Request| {
        let (org, instance) = (org.clone(), instance.clone());
        async move { handle(&org, &instance, request).await }
    })
}

async fn handle(org: &Mutex<Org>, instance: &str, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let body = to_bytes(body, LARGEST_BODY).await.unwrap_or_default();
    let pairs = |bytes: &[u8]| url::form_urlencoded::parse(bytes).into_owned().collect::<Vec<_>>();
    let mut org = org.lock().expect("no thread panics while it holds the organisation");
    if head.uri.path() == "/services/oauth2/token" {
        let (status, body) = oauth::token(&mut org, &pairs(&body), instance);
        return respond(status, &body, &org);
    }
    let host = head.headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let bearer = head.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let session = bearer.strip_prefix("Bearer ").or(bearer.strip_prefix("OAuth ")).unwrap_or_default();
    org.sessions_end_after = match org.sessions_end_after {
        Some(0) => {
            org.sessions.clear();
            None
        }
        left => left.map(|left| left - 1),
    };
    if !org.sessions.contains(session) || !instance.ends_with(host) {
        let refusal = Refusal::new(401, "INVALID_SESSION_ID", "Session expired or invalid");
        return respond(401, &refusal.body(), &org);
    }
    let call = api::Call {
        method: head.method.as_str().to_owned(),
        path: head.uri.path().to_owned(),
        query: pairs(head.uri.query().unwrap_or_default().as_bytes()),
        body: serde_json::from_slice(&body).unwrap_or_default(),
    };
    let (status, body) = answered(&mut org, &call);
    respond(status, &body, &org)
}

/// Answers a request with a valid session and counts it.
fn answered(org: &mut Org, call: &api::Call) -> (u16, Value) {
    if org.requests_left == 0 {
        let refusal = Refusal::new(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.");
        return (refusal.status, refusal.body());
    }
    org.requests_left -= 1;
    api::answer(org, call).unwrap_or_else(|refusal| (refusal.status, refusal.body()))
}

fn respond(status: u16, body: &Value, org: &Org) -> Response {
    let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(status).expect("a status");
    let used = format!("api-usage={}/{DAILY}", DAILY - org.requests_left.min(DAILY));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, "application/json;charset=UTF-8".parse().expect("a header"));
    headers.insert("sforce-limit-info", used.parse().expect("a header"));
    response
}

#[expect(clippy::disallowed_methods, reason = "a limit is one of real time")]
fn now() -> Instant {
    Instant::now()
}

/// What it answers to one request too many at the same time.
fn throttled() -> Response {
    let said = "ConcurrentPerOrgLongTxn Limit exceeded: ConcurrentRequests limit";
    let refusal = Refusal::new(403, "REQUEST_LIMIT_EXCEEDED", said);
    let mut response = Response::new(Body::from(refusal.body().to_string()));
    *response.status_mut() = StatusCode::FORBIDDEN;
    response
}
