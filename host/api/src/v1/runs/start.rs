//! `POST /v1/runs`: reads a source, or looks at a target, now.

use crate::ApiState;
use crate::auth::Acting;
use crate::body::Body;
use crate::problem::Problem;
use crate::work::begun;
use axum::extract::State;
use axum::response::Response;
use purser_model::id::{SourceName, TargetName};
use purser_reconcile::{ImportOptions, NoProgress, ReconcileMode};
use serde::Deserialize;

/// Which run.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind", deny_unknown_fields)]
pub(crate) enum Wanted {
    /// Reads a source and accepts what changed.
    Import { source: SourceName },
    /// Lists a target, and repairs what differs unless it only looks.
    Reconciliation {
        target: TargetName,
        #[serde(default)]
        dry_run: bool,
    },
    /// As a reconciliation, along the target's change feed.
    Changes {
        target: TargetName,
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

pub(crate) async fn handle(
    State(state): State<ApiState>,
    acting: Acting,
    Body(wanted): Body<Wanted>,
) -> Result<Response, Problem> {
    acting.store.note_request(&format!("{}: {}", acting.request, wanted.described()), (state.now)()).await?;
    let (engine, place) = (state.engine.clone(), "/v1/runs".to_owned());
    match wanted {
        Wanted::Import { source } => {
            begun(place, async move { engine.import(&source, ImportOptions::default(), &NoProgress).await }).await
        }
        Wanted::Reconciliation { target, dry_run } => {
            begun(place, async move { engine.reconcile(&target, mode(dry_run), &NoProgress).await }).await
        }
        Wanted::Changes { target, dry_run } => {
            begun(place, async move { engine.reconcile_changes(&target, mode(dry_run), &NoProgress).await }).await
        }
    }
}
