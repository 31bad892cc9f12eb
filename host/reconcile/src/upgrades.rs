//! What a person decides about the builds that a source or target runs.

use jiff::Timestamp;
use purser_model::upgrade::{ConnectorUse, NotPossible, Stage};
use purser_store::{Store, StoreError, UseChange};
use serde::{Deserialize, Serialize};

/// How often a decision that the host overtook is tried again.
const TRIES: u32 = 20;

/// What is decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum UpgradeDecision {
    /// A newer build that asks for more is approved, or one that is tried goes one stage on.
    Advance,
    /// The newer build is dropped; where there is none, the former one runs again.
    RollBack,
}

/// What a decision led to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct UpgradeDecided {
    /// The source or target, such as `target crm`.
    pub subject: String,
    /// What follows, for people.
    pub what: String,
    /// What it runs now.
    pub now: ConnectorUse,
}

/// Why a decision was not carried out.
#[derive(Debug, thiserror::Error)]
pub enum UpgradeRefused {
    /// There is nothing to decide about.
    #[error(transparent)]
    NotPossible(#[from] NotPossible),
    /// It has run no connector yet.
    #[error("{0} has not run a connector yet; `purser connector upgrade list` shows which have")]
    NothingRuns(String),
    /// Others changed what it runs at the same time, again and again.
    #[error("{0}: it is being changed all the time; try again")]
    Overtaken(String),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Decides about the builds of a source or target, such as `target crm`. It holds from its next call on.
///
/// # Errors
/// See [`UpgradeRefused`].
pub async fn decide_upgrade(
    store: &dyn Store,
    subject: &str,
    decision: UpgradeDecision,
    now: Timestamp,
) -> Result<UpgradeDecided, UpgradeRefused> {
    for _ in 0..TRIES {
        let used = store.connector_use(subject).await?;
        let mut used = used.ok_or_else(|| UpgradeRefused::NothingRuns(subject.to_owned()))?;
        let (change, what) = match decision {
            UpgradeDecision::Advance => advance(&mut used)?,
            UpgradeDecision::RollBack => roll_back(&mut used)?,
        };
        match store.keep_connector_use(used.clone(), change, &what, now).await {
            Err(StoreError::Refused { .. }) => {}
            Err(error) => return Err(error.into()),
            Ok(()) => return Ok(UpgradeDecided { subject: subject.to_owned(), what, now: used }),
        }
    }
    Err(UpgradeRefused::Overtaken(subject.to_owned()))
}

fn advance(used: &mut ConnectorUse) -> Result<(UseChange, String), NotPossible> {
    let build = used.candidate.as_ref().map(|candidate| candidate.build.to_string()).unwrap_or_default();
    Ok(match used.advance()? {
        Stage::Waiting => (UseChange::Approved, format!("{build} is approved and goes its way at the next call")),
        Stage::Shadow => {
            (UseChange::Approved, format!("{build} writes for a share of the accounts from the next call on"))
        }
        Stage::Canary => (UseChange::Taken, format!("{build} takes over at the next call")),
    })
}

fn roll_back(used: &mut ConnectorUse) -> Result<(UseChange, String), NotPossible> {
    let left = used.roll_back()?;
    Ok((UseChange::RolledBack, format!("{left} is left; {} runs from the next call on", used.current)))
}
