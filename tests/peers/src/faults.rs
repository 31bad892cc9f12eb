//! Faults that any emulator can give: a share of the requests is throttled, a share of the answers is lost.

use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::{HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard};

/// The switches of one emulator; clones share them. Nothing is disturbed until a test says so.
#[derive(Clone)]
pub struct Faults {
    shared: Arc<Mutex<Shared>>,
}

struct Shared {
    random: StdRng,
    throttled: f64,
    lost: f64,
    counted: Counted,
}

/// What was given so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counted {
    /// All requests.
    pub requests: u64,
    /// Requests that were throttled; nothing was done.
    pub throttled: u64,
    /// Requests that were carried out and whose answer was lost.
    pub lost: u64,
}

impl Faults {
    /// No faults; which requests are disturbed later is chosen by the seed.
    pub fn new(seed: u64) -> Self {
        let random = StdRng::seed_from_u64(seed);
        Self { shared: Arc::new(Mutex::new(Shared { random, throttled: 0.0, lost: 0.0, counted: Counted::default() })) }
    }

    /// From now on these shares (0.0 to 1.0) of the requests are throttled, and of the answers lost.
    pub fn disturb(&self, throttled: f64, lost: f64) {
        let mut shared = self.lock();
        (shared.throttled, shared.lost) = (throttled, lost);
    }

    /// What was given so far.
    pub fn counted(&self) -> Counted {
        self.lock().counted
    }

    /// Passes a request on, or disturbs it. `throttle` makes the vendor's own answer to one request too many.
    pub async fn pass(&self, request: Request, next: Next, throttle: impl FnOnce() -> Response) -> Response {
        let (throttled, lost) = self.choose();
        if throttled {
            return throttle();
        }
        let answer = next.run(request).await;
        if lost { broken_off(answer) } else { answer }
    }

    fn choose(&self) -> (bool, bool) {
        let mut shared = self.lock();
        let (throttled, lost) = (shared.throttled, shared.lost);
        let throttled = throttled > 0.0 && shared.random.random_bool(throttled);
        let lost = !throttled && lost > 0.0 && shared.random.random_bool(lost);
        shared.counted.requests += 1;
        shared.counted.throttled += u64::from(throttled);
        shared.counted.lost += u64::from(lost);
        (throttled, lost)
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().expect("no thread panics while it holds the switches")
    }
}

/// The head of an answer whose body never comes: the client knows that something was done, and not what.
fn broken_off(answer: Response) -> Response {
    let (mut head, _) = answer.into_parts();
    head.headers.insert(header::CONTENT_LENGTH, HeaderValue::from_static("100000"));
    let nothing = futures::stream::once(async { Err::<Bytes, _>(io::Error::other("the answer is lost")) });
    Response::from_parts(head, Body::from_stream(nothing))
}
