//! An assignment that somebody wants, and why it is not made.

use crate::problem::{Code, Problem};
use jiff::Timestamp;
use purser_model::assignment::Reason;
use purser_model::id::{IdentityId, RoleName};
use purser_model::identity::Validity;
use purser_reconcile::{NotAssigned, WantedAssignment};
use serde::Deserialize;
use utoipa::ToSchema;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = MakeAssignment)]
pub(crate) struct Wanted {
    /// To whom.
    identity: IdentityId,
    /// What.
    role: RoleName,
    /// The first moment; at once where it is not given.
    from: Option<Timestamp>,
    /// The first moment after it; for ever where it is not given.
    until: Option<Timestamp>,
    /// Why.
    reason: Reason,
}

impl From<Wanted> for WantedAssignment {
    fn from(wanted: Wanted) -> Self {
        let Wanted { identity, role, from, until, reason } = wanted;
        Self { identity, role, validity: Validity { from, until }, reason }
    }
}

impl From<NotAssigned> for Problem {
    fn from(refusal: NotAssigned) -> Self {
        let text = refusal.to_string();
        match refusal {
            NotAssigned::NoIdentity(_) | NotAssigned::NoRole(_) => Self::not_found(text),
            NotAssigned::Excluded(_) => Self::new(Code::RolesExclude, text),
            NotAssigned::Past(_) | NotAssigned::EndsBeforeItBegins | NotAssigned::TooMany(_) | NotAssigned::Busy(_) => {
                Self::new(Code::Refused, text)
            }
        }
    }
}
