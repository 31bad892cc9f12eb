//! Work that outlives the request that asked for it: a caller who goes away stops nothing.

use crate::ApiState;
use crate::problem::Problem;
use axum::Json;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use purser_reconcile::EngineError;
use serde::Serialize;
use std::future::Future;
use std::time::Duration;
use tokio::task::JoinError;
use tracing::{Instrument, error, info, warn};
use utoipa::ToSchema;

/// Who asks is given the report where it is there by then, and a place to look at where not.
const PATIENCE: Duration = Duration::from_secs(5);

/// Nobody is waited for longer, whatever they prefer.
const MOST_PATIENCE: Duration = Duration::from_mins(10);

tokio::task_local! {
    /// How long the caller of the present request waits.
    static PREFERRED: Duration;
}

/// Takes how long the caller prefers to wait (RFC 7240: `Prefer: wait=60`) for what the request sets going.
pub(crate) async fn preferred(request: Request, next: Next) -> Response {
    match wait_of(request.headers()) {
        Some(wait) => PREFERRED.scope(wait.min(MOST_PATIENCE), next.run(request)).await,
        None => next.run(request).await,
    }
}

fn wait_of(headers: &HeaderMap) -> Option<Duration> {
    let preferences = headers.get_all("prefer").iter().filter_map(|value| value.to_str().ok());
    let mut each = preferences.flat_map(|value| value.split([',', ';']));
    let wait = each.find_map(|preference| preference.trim().strip_prefix("wait=")?.trim_matches('"').parse().ok())?;
    Some(Duration::from_secs(wait))
}

/// Work goes on.
#[derive(Serialize, ToSchema)]
pub(crate) struct Begun {
    /// That it does.
    state: Going,
    /// Where to look, as in `Location`.
    follow: String,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
enum Going {
    Running,
}

/// How long the caller of the present request waits.
pub(crate) fn patience() -> Duration {
    PREFERRED.try_with(|wait| *wait).unwrap_or(PATIENCE)
}

/// Does the work and answers 200 with its report, or 202 with the place to look at while it goes on.
pub(crate) async fn begun<T, F>(state: &ApiState, place: String, work: F) -> Result<Response, Problem>
where
    T: Serialize + Send + 'static,
    F: Future<Output = Result<T, EngineError>> + Send + 'static,
{
    let mut task = tokio::spawn(state.in_force.clone().during(work).in_current_span());
    match tokio::time::timeout(patience(), &mut task).await {
        Ok(ended) => Ok(Json(report(ended)?).into_response()),
        Err(_) => {
            tokio::spawn(async move {
                match task.await {
                    Ok(Some(Err(stopped @ EngineError::RunStopped { .. }))) => info!("{stopped}"),
                    Ok(Some(Err(error))) => warn!(%error, "work that somebody asked for over the API failed"),
                    Ok(None) => {
                        warn!("work that somebody asked for over the API ended: other declarations are in force");
                    }
                    Ok(Some(Ok(_))) | Err(_) => {}
                }
            });
            Ok(going_on(place))
        }
    }
}

/// 202 with the place to look at.
pub(crate) fn going_on(place: String) -> Response {
    let follow: [(HeaderName, String); 1] = [(header::LOCATION, place.clone())];
    (StatusCode::ACCEPTED, follow, Json(Begun { state: Going::Running, follow: place })).into_response()
}

/// Does the work to its end.
pub(crate) async fn finished<T, F>(state: &ApiState, work: F) -> Result<T, Problem>
where
    T: Send + 'static,
    F: Future<Output = Result<T, EngineError>> + Send + 'static,
{
    report(tokio::spawn(state.in_force.clone().during(work).in_current_span()).await)
}

fn report<T>(ended: Result<Option<Result<T, EngineError>>, JoinError>) -> Result<T, Problem> {
    match ended {
        Ok(Some(done)) => Ok(done?),
        Ok(None) => {
            Err(Problem::refused("other declarations were taken over meanwhile, and the work ended; ask again"))
        }
        Err(failure) => {
            error!(%failure, "work that somebody asked for over the API broke off");
            Err(Problem::internal())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caller_says_how_long_it_waits() {
        let wait = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert("prefer", text.parse().unwrap());
            wait_of(&headers).map(|wait| wait.as_secs())
        };
        assert_eq!(wait("wait=60"), Some(60));
        assert_eq!(wait("respond-async, wait=10"), Some(10));
        assert_eq!(wait("return=minimal; wait=\"7\""), Some(7));
        for text in ["", "wait", "wait=", "wait=-1", "wait=soon", "waits=3"] {
            assert_eq!(wait(text), None, "{text}");
        }
    }
}
