//! Why something is taken back: `?reason=` of requests without a body.

use purser_model::assignment::Reason;
use serde::Deserialize;
use utoipa::IntoParams;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Because {
    /// Why; it stands in the audit log.
    pub(crate) reason: Option<Reason>,
}
