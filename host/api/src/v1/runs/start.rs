//! `POST /v1/runs`: reads a source, or looks at a target, now.

use crate::ApiState;
use crate::auth::Acting;
use crate::body::Body;
use crate::description::problems::Work;
use crate::problem::Problem;
use crate::work::{Begun, begun};
use axum::extract::State;
use axum::response::Response;
use purser_model::id::{SourceName, TargetName};
use purser_reconcile::{ImportOptions, ImportReport, NoProgress, ReconcileMode, ReconcileReport};
use serde::Deserialize;
use utoipa::ToSchema;

/// Which run.
#[derive(Deserialize, ToSchema)]
#[schema(as = StartRun)]
#[serde(rename_all = "kebab-case", tag = "kind", deny_unknown_fields)]
pub(crate) enum Wanted {
    /// Reads a source and accepts what changed.
    Import {
        /// The source.
        source: SourceName,
    },
    /// Lists a target, and repairs what differs unless it only looks.
    Reconciliation {
        /// The target.
        target: TargetName,
        /// Whether it only looks, and says what would be done.
        #[serde(default)]
        dry_run: bool,
    },
    /// As a reconciliation, along the target's change feed.
    Changes {
        /// The target.
        target: TargetName,
        /// Whether it only looks, and says what would be done.
        #[serde(default)]
        dry_run: bool,
    },
}

impl Wanted {
    /// As the audit log has it.
    fn described(&self) -> String {
        match self {
            Self::Import { source } => format!("import of {source}"),
            Self::Reconciliation { target, .. } => format!("reconciliation of {target}"),
            Self::Changes { target, .. } => format!("changes of {target}"),
        }
    }
}

fn mode(dry_run: bool) -> ReconcileMode {
    if dry_run { ReconcileMode::DryRun } else { ReconcileMode::Repair }
}

/// What the run found and did.
#[derive(ToSchema)]
#[schema(as = EndedRun)]
#[expect(dead_code, reason = "it only says which reports there are: each is written as it is")]
#[serde(untagged)]
pub(crate) enum Ended {
    /// A source was read.
    Import(ImportReport),
    /// A target was looked at.
    Reconciliation(Box<ReconcileReport>),
}

/// Reads a source, or looks at a target, now.
#[utoipa::path(
    post,
    path = "/runs",
    operation_id = "startRun",
    tag = "runs",
    request_body = Wanted,
    responses(
        (status = 200, description = "It is done", body = Ended),
        (status = 202, description = "It goes on", body = Begun, headers(("Location" = String, description = "Where to look"))),
        Work,
    )
)]
pub(crate) async fn handle(
    State(state): State<ApiState>,
    acting: Acting,
    Body(wanted): Body<Wanted>,
) -> Result<Response, Problem> {
    match &wanted {
        Wanted::Import { .. } if acting.seen.is_narrow() => return Err(Problem::closed_to_owners()),
        Wanted::Import { .. } => {}
        Wanted::Reconciliation { target, .. } | Wanted::Changes { target, .. } => acting.seen.target(target)?,
    }
    acting.store.note_request(&format!("{}: {}", acting.request, wanted.described()), (state.now)()).await?;
    let (engine, place) = (state.engine.clone(), "/v1/runs".to_owned());
    match wanted {
        Wanted::Import { source } => {
            begun(&state, place, async move { engine.import(&source, ImportOptions::default(), &NoProgress).await })
                .await
        }
        Wanted::Reconciliation { target, dry_run } => {
            begun(&state, place, async move { engine.reconcile(&target, mode(dry_run), &NoProgress).await }).await
        }
        Wanted::Changes { target, dry_run } => {
            begun(&state, place, async move { engine.reconcile_changes(&target, mode(dry_run), &NoProgress).await })
                .await
        }
    }
}
