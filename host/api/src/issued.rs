//! Callers for whom a declared issuer vouches.

use crate::ApiState;
use crate::auth::Caller;
use crate::problem::Problem;
use purser_issuer::{Issuers, Verified};

impl From<Verified> for Caller {
    fn from(Verified { name, role, reach }: Verified) -> Self {
        Self { name, role, reach }
    }
}

/// Who shows a token that an issuer signed; none where it cannot be one.
pub(crate) async fn caller(state: &ApiState, shown: &str) -> Option<Result<Caller, Problem>> {
    if !Issuers::looks_like_one(shown) {
        return None;
    }
    let verified = state.issuers.verify(shown, (state.now)()).await;
    Some(verified.map(Caller::from).map_err(|why| Problem::not_verified(&why)))
}
