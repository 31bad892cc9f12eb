//! What the guard counts, and from when on it holds what would take too much away.

use serde::{Deserialize, Serialize};
use std::fmt;

/// What is taken from an account. The two are counted apart, each against its own limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Taking {
    /// It is disabled or deleted.
    Account,
    /// It stays, and an entitlement of it is revoked.
    Entitlement,
}

impl Taking {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Account, Self::Entitlement];

    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Entitlement => "entitlement",
        }
    }
}

impl fmt::Display for Taking {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Account => "be disabled or deleted",
            Self::Entitlement => "lose entitlements",
        })
    }
}

/// How many may lose something, all in all, before the rest is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct GuardLimit {
    /// Percent of what there is ...
    pub share: u64,
    /// ... where there are at least so many.
    pub floor: u64,
    /// In any case no more than so many.
    pub count: u64,
}

impl Default for GuardLimit {
    fn default() -> Self {
        Self { share: 20, floor: 20, count: 500 }
    }
}

impl GuardLimit {
    /// Whether it is too much when `taken` of `there` lose something.
    pub fn is_exceeded(self, taken: u64, there: u64) -> bool {
        let share = || u128::from(taken) * 100 > u128::from(there) * u128::from(self.share);
        taken > self.count || (there >= self.floor && share())
    }

    /// The smallest number of things there that makes `taken` of them no too great share. Nobody has to count further.
    pub fn enough_for(self, taken: u64) -> u64 {
        taken.saturating_mul(100).checked_div(self.share).map_or(u64::MAX, |enough| enough.saturating_add(1))
    }
}

/// The guard of a target.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Guard {
    /// For accounts that are disabled or deleted.
    pub accounts: GuardLimit,
    /// For accounts that stay and lose an entitlement.
    pub revokes: GuardLimit,
}

impl Guard {
    /// The limit for one kind of taking.
    pub fn limit(&self, taking: Taking) -> GuardLimit {
        match taking {
            Taking::Account => self.accounts,
            Taking::Entitlement => self.revokes,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::GuardLimit;

    #[test]
    fn a_share_counts_from_the_floor_on_and_the_number_in_any_case() {
        let limit = GuardLimit::default();
        assert!(!limit.is_exceeded(4, 20) && limit.is_exceeded(5, 20), "20 % of 20 are 4");
        assert!(!limit.is_exceeded(19, 19), "below the floor a share says nothing");
        assert!(!limit.is_exceeded(500, 100_000) && limit.is_exceeded(501, 100_000));
        assert!(!limit.is_exceeded(0, 0));
        let nothing = GuardLimit { share: 0, floor: 0, count: 0 };
        assert!(nothing.is_exceeded(1, 1_000) && !nothing.is_exceeded(0, 1_000));
        let whole = GuardLimit { share: 100, floor: 0, count: u64::MAX };
        assert!(!whole.is_exceeded(u64::MAX, u64::MAX));
    }

    #[test]
    fn counting_may_stop_where_more_would_not_change_the_answer() {
        for share in [0, 1, 7, 20, 33, 100] {
            let limit = GuardLimit { share, floor: 20, count: 1_000_000 };
            for taken in [1_u64, 4, 5, 19, 500, 12_345] {
                let enough = limit.enough_for(taken);
                assert!(share == 0 || !limit.is_exceeded(taken, enough), "{share} % {taken} of {enough}");
                assert_eq!(limit.is_exceeded(taken, enough), limit.is_exceeded(taken, u64::MAX), "{share} % {taken}");
            }
        }
    }
}
