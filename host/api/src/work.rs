//! Work that outlives the request that asked for it: a caller who goes away stops nothing.

use crate::problem::Problem;
use axum::Json;
use axum::http::{HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use purser_reconcile::EngineError;
use serde::Serialize;
use std::future::Future;
use std::time::Duration;
use tokio::task::JoinError;
use tracing::{Instrument, error, warn};
use utoipa::ToSchema;

/// Who asks is given the report where it is there by then, and a place to look at where not.
const PATIENCE: Duration = Duration::from_secs(5);

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

/// Does the work and answers 200 with its report, or 202 with the place to look at while it goes on.
pub(crate) async fn begun<T, F>(place: String, work: F) -> Result<Response, Problem>
where
    T: Serialize + Send + 'static,
    F: Future<Output = Result<T, EngineError>> + Send + 'static,
{
    let mut task = tokio::spawn(work.in_current_span());
    match tokio::time::timeout(PATIENCE, &mut task).await {
        Ok(ended) => Ok(Json(report(ended)?).into_response()),
        Err(_) => {
            tokio::spawn(async move {
                if let Ok(Err(error)) = task.await {
                    warn!(%error, "work that somebody asked for over the API failed");
                }
            });
            let follow: [(HeaderName, String); 1] = [(header::LOCATION, place.clone())];
            let begun = Begun { state: Going::Running, follow: place };
            Ok((StatusCode::ACCEPTED, follow, Json(begun)).into_response())
        }
    }
}

/// Does the work to its end.
pub(crate) async fn finished<T, F>(work: F) -> Result<T, Problem>
where
    T: Send + 'static,
    F: Future<Output = Result<T, EngineError>> + Send + 'static,
{
    report(tokio::spawn(work.in_current_span()).await)
}

fn report<T>(ended: Result<Result<T, EngineError>, JoinError>) -> Result<T, Problem> {
    match ended {
        Ok(done) => Ok(done?),
        Err(failure) => {
            error!(%failure, "work that somebody asked for over the API broke off");
            Err(Problem::internal())
        }
    }
}
