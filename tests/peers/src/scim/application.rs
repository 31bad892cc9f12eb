//! One application that is served.

use super::description::Description;
use super::dialect::Dialect;
use super::routes::Asked;
use super::rules;
use super::serve::{carry_out, router};
use super::state::{Resource, State};
use crate::faults::Faults;
use crate::{Serving, Used};
use chrono::{SecondsFormat, Utc};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

/// What clients show to be let in.
pub const TOKEN: &str = "the-token-of-the-scim-application";

/// One application; clones share it.
#[derive(Clone)]
pub struct Application {
    state: Arc<Mutex<State>>,
    pub(super) description: Option<Arc<Description>>,
    skipped: Arc<Mutex<Duration>>,
    /// Disturbs requests.
    pub faults: Faults,
}

impl Application {
    /// An application in this dialect, empty at first.
    pub fn new(dialect: Dialect) -> Self {
        let description = dialect.description.is_some().then(|| Arc::new(Description::read(&dialect.base)));
        let state = Arc::new(Mutex::new(State::new(dialect, clock())));
        Self { state, description, skipped: Arc::default(), faults: Faults::new(11) }
    }

    /// An application in the dialect of this name.
    ///
    /// # Panics
    /// There is no such dialect.
    pub fn speaking(name: &str) -> Self {
        Self::new(Dialect::named(name).unwrap_or_else(|| panic!("there is no dialect {name}")))
    }

    /// Serves it on a free port of this machine.
    pub fn serve(&self) -> Serving {
        let application = self.clone();
        Serving::start_with(move |address| {
            let mut state = application.lock();
            state.base = format!("http://{address}{}", state.dialect.base);
            drop(state);
            router(application)
        })
    }

    /// Answers a request without a wire, below the base path; the status and the body.
    ///
    /// # Panics
    /// The path is none.
    pub fn ask(&self, method: &str, path: &str, body: Value) -> (u16, Value) {
        let url = url::Url::parse("http://localhost").and_then(|base| base.join(path)).expect("a path is one");
        let asked = Asked {
            method: method.to_owned(),
            path: url.path().split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect(),
            query: url.query_pairs().into_owned().collect(),
            body,
            ..Asked::default()
        };
        let answer = carry_out(&mut self.lock(), &asked);
        (answer.status, answer.body)
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        let mut state = self.state.lock().expect("nobody panics here");
        let skipped = *self.skipped.lock().expect("nobody panics here");
        state.now = clock() + skipped;
        let moment = Utc::now() + skipped;
        state.moment = moment.to_rfc3339_opts(SecondsFormat::Millis, true);
        state
    }

    /// The path below which everything lies.
    pub fn base_path(&self) -> String {
        self.lock().dialect.base.clone()
    }

    /// Changes the dialect.
    pub fn change(&self, change: impl FnOnce(&mut Dialect)) {
        change(&mut self.lock().dialect);
    }

    /// Lets time pass.
    pub fn advance(&self, by: Duration) {
        *self.skipped.lock().expect("nobody panics here") += by;
    }

    /// Forgets all cursors, as a server does that was started anew.
    pub fn forget_cursors(&self) {
        self.lock().cursors.clear();
    }

    /// The next so many cursors that are shown are too old.
    pub fn expire_cursors(&self, count: u32) {
        self.lock().expiring = count;
    }

    /// What did not fit so far.
    pub fn violations(&self) -> Vec<String> {
        self.lock().violations.clone()
    }

    /// How often something was asked, such as `GET /Users` or `PATCH /Groups/{id}`.
    pub fn calls(&self, what: &str) -> u64 {
        self.lock().calls.get(what).copied().unwrap_or_default()
    }

    /// How often something was refused with this status, but for faults.
    pub fn refused(&self, status: u16) -> u64 {
        self.lock().refused.get(&status).copied().unwrap_or_default()
    }

    /// Takes so many requests in each window of time from now on, and no other limit.
    pub fn allow(&self, requests: u64, window: Duration, status: u16, retry_after: bool) {
        let mut state = self.lock();
        let mut limit = crate::limit::Limit::default();
        limit.allow(requests, window);
        let window_ms = u64::try_from(window.as_millis()).unwrap_or(u64::MAX);
        state.limits = vec![limit];
        state.dialect.rate =
            vec![super::dialect::Rate { methods: Vec::new(), requests, window_ms, status, retry_after }];
    }

    /// How far the limit of [`Application::allow`] was used.
    pub fn used(&self) -> Option<Used> {
        self.lock().limits.first().map(crate::limit::Limit::used)
    }

    /// All resources of a type, with what the server shows nobody.
    pub fn all(&self, kind: &str) -> Vec<Value> {
        let state = self.lock();
        let Some(known) = state.schemas.kind(kind).cloned() else { return Vec::new() };
        let all = state.all(kind).map(|(id, resource)| Value::Object(state.shown(&known, id, resource)));
        all.collect()
    }

    /// The names of a group's members, sorted; none where there is no such group.
    pub fn members(&self, group: &str) -> Option<Vec<String>> {
        let names: BTreeMap<String, String> =
            self.all("User").iter().map(|user| (text(&user["id"]), text(&user["userName"]))).collect();
        let found = self.all("Group").into_iter().find(|known| known["displayName"] == group)?;
        let members = found["members"].as_array().cloned().unwrap_or_default();
        let mut members: Vec<String> =
            members.iter().map(|member| names.get(&text(&member["value"])).cloned().unwrap_or_default()).collect();
        members.sort();
        Some(members)
    }

    /// Makes a resource as the application's own people do, whatever clients need; its id.
    ///
    /// # Panics
    /// There is no such type.
    pub fn make(&self, kind: &str, attributes: Value) -> String {
        let mut state = self.lock();
        let kind = state.schemas.kind(kind).cloned().expect("the resource type is known");
        let Value::Object(attributes) = attributes else { panic!("a resource is an object") };
        rules::keep(&mut state, &kind, attributes)
    }

    /// Changes a resource as the application's own people do.
    ///
    /// # Panics
    /// There is no such resource.
    pub fn edit(&self, id: &str, change: impl FnOnce(&mut Map<String, Value>)) {
        let mut state = self.lock();
        let moment = state.moment.clone();
        let resource: &mut Resource = state.resources.get_mut(id).expect("the resource is there");
        change(&mut resource.attributes);
        resource.version += 1;
        resource.modified = moment;
    }

    /// Deletes a resource as the application's own people do.
    pub fn remove(&self, id: &str) {
        self.lock().resources.remove(id);
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

#[expect(clippy::disallowed_methods, reason = "an emulator ages what it holds")]
fn clock() -> Instant {
    Instant::now()
}
