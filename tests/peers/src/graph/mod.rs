//! Microsoft Graph v1.0 for one tenant, `contoso.example`: users, groups, members, delta, batches, licences, roles.

mod answer;
mod assertion;
mod delta;
mod description;
mod directory;
mod entitlements;
mod groups;
mod permissions;
mod query;
mod serve;
mod users;

pub use assertion::Certificate;
pub use directory::{Directory, Kind, Properties, Sku};

use crate::Serving;
use crate::faults::Faults;
use crate::limit::{Limit, Used};
use answer::Answer;
use axum::Router;
use axum::extract::Request;
use axum::middleware::{self, Next};
use description::Description;
use serde_json::Value;
use serve::Tokens;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

/// The id of the tenant.
pub const TENANT: &str = "aaaaaaaa-0000-4000-8000-000000000001";
/// The application that may sign in.
pub const CLIENT: &str = "bbbbbbbb-0000-4000-8000-000000000001";
/// Its client secret.
pub const SECRET: &str = "graph-client-secret";

/// All that a request can see and change.
pub struct State {
    directory: Directory,
    description: Description,
    tokens: Tokens,
    limit: Limit,
    violations: Vec<String>,
    requests: u64,
}

/// The state, shared by all requests.
#[derive(Clone)]
pub struct Shared(Arc<Mutex<State>>);

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().expect("no thread panics while it holds the tenant")
    }
}

/// A tenant that is served.
pub struct Graph {
    serving: Serving,
    shared: Shared,
    faults: Faults,
}

impl Graph {
    /// Starts an empty tenant.
    pub fn start() -> Self {
        let mut directory = Directory::default();
        directory.page = 999;
        let state = State {
            directory,
            description: Description::read(),
            tokens: Tokens::default(),
            limit: Limit::default(),
            violations: Vec::new(),
            requests: 0,
        };
        let shared = Shared(Arc::new(Mutex::new(state)));
        let faults = Faults::new(7);
        let serving = Serving::start_with(|address| router(&shared, &faults, format!("http://{address}/v1.0")));
        Self { serving, shared, faults }
    }

    /// The base URL of the API.
    pub fn url(&self) -> String {
        format!("{}/v1.0", self.serving.url())
    }

    /// Where tokens come from.
    pub fn token_url(&self) -> String {
        format!("{}/{TENANT}/oauth2/v2.0/token", self.serving.url())
    }

    /// Answers a request without a wire: the URL below `/v1.0`, and the body.
    pub fn ask(&self, method: &str, url: &str, body: Value) -> (u16, Vec<(&'static str, String)>, Value) {
        let answer = serve::ask(&mut self.shared.lock(), &self.url(), method, url, body);
        (answer.status, answer.headers, answer.body)
    }

    /// A token, as the token endpoint would give it.
    pub fn token(&self) -> String {
        self.shared.lock().tokens.make()
    }

    /// New tokens are valid for so long.
    pub fn set_token_lifetime(&self, lifetime: Duration) {
        self.shared.lock().tokens.lifetime = lifetime;
    }

    /// New tokens are good for so many requests.
    pub fn set_token_uses(&self, uses: u32) {
        self.shared.lock().tokens.uses = uses;
    }

    /// The tenant takes so many requests in each window of time, items of batches counted one by one.
    pub fn allow(&self, requests: u64, window: Duration) {
        self.shared.lock().limit.allow(requests, window);
    }

    /// How far the limit of [`Graph::allow`] was used since then.
    pub fn used(&self) -> Used {
        self.shared.lock().limit.used()
    }

    /// How many tokens were given out.
    pub fn tokens_given(&self) -> usize {
        self.shared.lock().tokens.given()
    }

    /// From now on the application shows an assertion that this certificate signed, and no secret.
    pub fn upload_certificate(&self, certificate: Certificate) {
        self.shared.lock().tokens.certificate = Some(certificate);
    }

    /// Ends all tokens now.
    pub fn end_tokens(&self) {
        self.shared.lock().tokens.end_all();
    }

    /// Looks at the tenant, or changes it as its own people would.
    pub fn directory<T>(&self, look: impl FnOnce(&mut Directory) -> T) -> T {
        look(&mut self.shared.lock().directory)
    }

    /// Delta tokens given until now are expired.
    pub fn expire_delta(&self) {
        self.directory(|directory| directory.expired_below = directory.log.len() + 1);
    }

    /// The switches for throttled requests and lost answers.
    pub fn faults(&self) -> &Faults {
        &self.faults
    }

    /// How many requests came, items of batches counted one by one.
    pub fn requests(&self) -> u64 {
        self.shared.lock().requests
    }

    /// What was not as the vendor's description has it, in requests and in answers.
    pub fn violations(&self) -> Vec<String> {
        self.shared.lock().violations.clone()
    }
}

fn router(shared: &Shared, faults: &Faults, base: String) -> Router {
    let (shared, faults) = (shared.clone(), faults.clone());
    let answering = move |request: Request| {
        let (shared, base) = (shared.clone(), base.clone());
        async move { serve::serve(&shared, &base, request).await }
    };
    let disturbing = move |request: Request, next: Next| {
        let faults = faults.clone();
        async move {
            if request.uri().path().ends_with("/token") {
                return next.run(request).await;
            }
            faults.pass(request, next, || serve::respond(&Answer::throttled("0.05"))).await
        }
    };
    Router::new().fallback(answering).layer(middleware::from_fn(disturbing))
}
