//! What reports over a time are asked with.

use jiff::{SignedDuration, Timestamp};
use purser_model::id::TargetName;
use purser_store::Period;
use serde::Deserialize;
use utoipa::IntoParams;

/// Where nobody says since when.
const USUAL: SignedDuration = SignedDuration::from_hours(24);

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Parameters {
    /// Only of this target.
    pub(super) target: Option<TargetName>,
    /// From when on; of the last day where it is not given.
    since: Option<Timestamp>,
}

impl Parameters {
    /// From then, or from a day ago, until now.
    pub(super) fn period(&self, now: Timestamp) -> Period {
        let since = self.since.unwrap_or_else(|| now.checked_sub(USUAL).unwrap_or(Timestamp::MIN));
        Period { since, until: now }
    }
}
