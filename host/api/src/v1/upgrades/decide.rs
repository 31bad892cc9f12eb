//! A decision about the builds of a source or target.

use crate::ApiState;
use crate::auth::Acting;
use crate::problem::Problem;
use purser_reconcile::{UpgradeDecided, UpgradeDecision, UpgradeRefused, decide_upgrade};
use serde::Deserialize;
use utoipa::ToSchema;

/// What is decided.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[schema(as = DecisionOfUpgrade)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Wish {
    /// What lies in the folder is looked at now: a newer build is tried, waits or takes over, as it is declared.
    Begin,
    /// A newer build that asks for more is approved, or one that is tried goes one stage on.
    Advance,
    /// The newer build is dropped; where there is none, the former one runs again.
    RollBack,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DecideUpgrade)]
pub(crate) struct Wanted {
    /// What is decided.
    pub(super) decision: Wish,
}

/// Decides for a source or target, such as `target crm`.
pub(super) async fn decide(
    state: &ApiState,
    acting: &Acting,
    subject: String,
    wish: Wish,
) -> Result<UpgradeDecided, Problem> {
    let now = (state.now)();
    let decision = match wish {
        Wish::Begin => {
            acting.store.note_request(&acting.request, now).await?;
            state.connectors.decide(&subject).await?;
            return begun(state, subject).await;
        }
        Wish::Advance => UpgradeDecision::Advance,
        Wish::RollBack => UpgradeDecision::RollBack,
    };
    let decided = decide_upgrade(acting.store.as_ref(), &subject, decision, now).await?;
    state.engine.look_again();
    Ok(decided)
}

async fn begun(state: &ApiState, subject: String) -> Result<UpgradeDecided, Problem> {
    let used = state.store.connector_use(&subject).await?;
    let now = used.ok_or_else(|| UpgradeRefused::NothingRuns(subject.clone()))?;
    let newer = now.candidate.as_ref().map(|newer| format!("; {} is beside it: {}", newer.build, newer.stage));
    let what = format!("{} runs{}", now.current, newer.unwrap_or_default());
    Ok(UpgradeDecided { subject, what, now })
}
