//! The API by the declarations that are in force. Others take their place while it serves: every request is answered by those
//! that were in force when it came.

use crate::{ApiState, router};
use axum::Router;
use axum::extract::Request;
use axum::response::Response;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::watch;
use tower::ServiceExt;

/// Whether the declarations that a request is answered by still are in force. Work that somebody asked for over the API ends
/// with them.
#[derive(Clone)]
pub struct InForce(watch::Receiver<bool>);

/// Says that declarations are in force until it is told otherwise.
pub struct Reign(watch::Sender<bool>);

impl Default for Reign {
    fn default() -> Self {
        Self(watch::Sender::new(true))
    }
}

impl Reign {
    /// What is asked whether they are.
    pub fn in_force(&self) -> InForce {
        InForce(self.0.subscribe())
    }

    /// One that never ends.
    pub fn forever() -> InForce {
        Self::default().in_force()
    }

    /// They are not any more.
    pub fn end(&self) {
        self.0.send_replace(false);
    }
}

impl InForce {
    /// Does the work, unless the declarations cease to be in force before it is done: then it is dropped where it stands,
    /// as where the host stops, and none is answered.
    pub(crate) async fn during<T>(mut self, work: impl Future<Output = T>) -> Option<T> {
        let ended = async {
            if self.0.wait_for(|in_force| !in_force).await.is_err() {
                // Who could have ended them is gone, and they are in force for ever.
                std::future::pending::<()>().await;
            }
        };
        tokio::select! {
            biased;
            () = ended => None,
            done = work => Some(done),
        }
    }
}

/// The API that requests come to.
#[derive(Clone)]
pub struct CurrentApi(Arc<Mutex<Generation>>);

#[derive(Clone)]
struct Generation {
    router: Router,
    requests: Arc<watch::Sender<usize>>,
}

/// The API by former declarations, until the last request to it is answered.
pub struct FormerApi(watch::Receiver<usize>);

impl Generation {
    fn new(state: ApiState) -> Self {
        Self { router: router(state), requests: Arc::new(watch::Sender::new(0)) }
    }

    async fn answer(self, request: Request) -> Response {
        let _counted = Counted::new(self.requests);
        let Ok(response) = self.router.oneshot(request).await;
        response
    }
}

/// A request that is answered.
struct Counted(Arc<watch::Sender<usize>>);

impl Counted {
    fn new(requests: Arc<watch::Sender<usize>>) -> Self {
        requests.send_modify(|count| *count += 1);
        Self(requests)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count -= 1);
    }
}

impl CurrentApi {
    /// The API that answers from this.
    pub fn new(state: ApiState) -> Self {
        Self(Arc::new(Mutex::new(Generation::new(state))))
    }

    /// From now on requests are answered from this.
    pub fn replace(&self, state: ApiState) -> FormerApi {
        let next = Generation::new(state);
        let former = std::mem::replace(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner), next);
        FormerApi(former.requests.subscribe())
    }

    /// What is served.
    pub(crate) fn router(&self) -> Router {
        let current = self.clone();
        Router::new().fallback(move |request: Request| {
            let generation = current.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
            generation.answer(request)
        })
    }
}

impl FormerApi {
    /// Waits until all but so many requests are answered, and no longer than this. Streams of events count as answered.
    pub async fn quiet(mut self, but: usize, longest: Duration) {
        let _ = tokio::time::timeout(longest, self.0.wait_for(|requests| *requests <= but)).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::state;
    use axum::body::Body;
    use axum::http::StatusCode;

    #[tokio::test]
    async fn work_ends_with_the_declarations() {
        let reign = Reign::default();
        assert_eq!(reign.in_force().during(async { 7 }).await, Some(7));
        let endless = tokio::spawn(reign.in_force().during(std::future::pending::<()>()));
        reign.end();
        assert_eq!(endless.await.unwrap(), None);
        assert_eq!(reign.in_force().during(async { 7 }).await, None, "nothing more is begun");
    }

    #[tokio::test]
    async fn requests_come_to_the_api_that_is_in_force() {
        let (first, _folder) = state(0).await;
        let api = CurrentApi::new(first);
        let served = api.router();
        let status = async || {
            let request = Request::get("/healthz").body(Body::empty()).unwrap();
            let answer = served.clone().oneshot(request).await.unwrap();
            let status = answer.status();
            (status, axum::body::to_bytes(answer.into_body(), 1 << 20).await.unwrap())
        };
        let (found, before) = status().await;
        assert_eq!(found, StatusCode::OK);
        let (second, _other) = state(0).await;
        api.replace(ApiState { version: "next", ..second }).quiet(0, Duration::from_secs(60)).await;
        let (_, after) = status().await;
        assert_ne!(before, after);
    }
}
