//! What reports that list accounts are asked with.

use purser_model::id::{AccountId, TargetName};
use serde::Deserialize;
use utoipa::IntoParams;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Parameters {
    /// Only of this target.
    pub(super) target: Option<TargetName>,
    /// `next` of the former page.
    pub(super) after: Option<AccountId>,
    /// How many entries the page has; 100 where it is not given.
    #[param(minimum = 1, maximum = 500)]
    pub(super) limit: Option<u32>,
}
