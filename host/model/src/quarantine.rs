//! Quarantine: what is taken out of service, why, and when it is tried next.

use crate::id::{IdentityId, OperationId, TargetName};
use crate::later;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::time::Duration;

/// How single operations are tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetryRules {
    /// Wait before the first retry; doubles with each.
    pub base: Duration,
    /// Longest wait before a retry.
    pub cap: Duration,
    /// Tries after which an operation that keeps failing for a reason of its own is quarantined.
    pub attempts: u32,
}

impl Default for RetryRules {
    fn default() -> Self {
        Self { base: Duration::from_millis(500), cap: Duration::from_hours(1), attempts: 8 }
    }
}

/// When a target or an operation is quarantined, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuarantineRules {
    /// Calls in a row that fail as a whole until the target rests.
    pub failures: u32,
    /// How long a target rests first; doubles with each time that the next try fails.
    pub base: Duration,
    /// The longest that it rests.
    pub cap: Duration,
    /// A target rests when more than this percentage of the operations of one go fail ...
    pub share: u64,
    /// ... where there were at least so many.
    pub floor: u64,
    /// How long a quarantined operation waits first; doubles with each try.
    pub operation_base: Duration,
    /// The longest that it waits.
    pub operation_cap: Duration,
}

impl Default for QuarantineRules {
    fn default() -> Self {
        Self {
            failures: 5,
            base: Duration::from_secs(30),
            cap: Duration::from_hours(1),
            share: 40,
            floor: 50,
            operation_base: Duration::from_hours(1),
            operation_cap: Duration::from_hours(24),
        }
    }
}

impl QuarantineRules {
    /// Whether so many failures of so many operations put a target to rest.
    pub fn is_failing(&self, failed: u64, tried: u64) -> bool {
        tried >= self.floor.max(1) && u128::from(failed) * 100 > u128::from(tried) * u128::from(self.share)
    }
}

/// Why a target rests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum RestCause {
    /// Calls failed as a whole, several in a row.
    Calls,
    /// The target refused the credential: trying again may lock it.
    Credential,
    /// The configuration cannot work.
    Configuration,
    /// Too many of the operations of one go failed.
    Operations,
}

impl RestCause {
    /// The cause's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Calls => "calls",
            Self::Credential => "credential",
            Self::Configuration => "configuration",
            Self::Operations => "operations",
        }
    }

    /// A refused credential is tried seldom, whatever else is declared.
    fn shortest(self) -> Duration {
        match self {
            Self::Credential | Self::Configuration => Duration::from_mins(5),
            Self::Calls | Self::Operations => Duration::ZERO,
        }
    }
}

impl fmt::Display for RestCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A target that rests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Rest {
    /// Why.
    pub cause: RestCause,
    /// Why, for people.
    pub reason: String,
    /// Since when.
    pub since: Timestamp,
    /// When one operation may try whether it works again.
    pub next_try: Timestamp,
}

/// What may be sent to a target now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permit {
    /// Everything that is due.
    All,
    /// One operation, whose end decides.
    One,
    /// Nothing before then.
    Nothing(Timestamp),
}

/// The circuit breaker of a target. It is closed while nothing rests; open until the next try; then half open, until the
/// end of one single operation closes it or opens it again.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Breaker {
    /// Failures in a row.
    pub failures: u32,
    /// How often it opened since all was well.
    pub openings: u32,
    /// Set while it is not closed.
    pub rest: Option<Rest>,
}

/// A failure, as the breaker sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What it would rest for.
    pub cause: RestCause,
    /// For people.
    pub reason: String,
    /// When.
    pub at: Timestamp,
}

impl Breaker {
    /// What may be sent now.
    pub fn permit(&self, now: Timestamp) -> Permit {
        match &self.rest {
            None => Permit::All,
            Some(rest) if now < rest.next_try => Permit::Nothing(rest.next_try),
            Some(_) => Permit::One,
        }
    }

    /// A call ended as calls should. What opened it before is remembered until all is well.
    #[must_use]
    pub fn after_success(self) -> Self {
        Self { failures: 0, rest: None, ..self }
    }

    /// All that was due has been done. Where nothing failed last, former rests are forgotten.
    #[must_use]
    pub fn all_well(self) -> Self {
        if self.rest.is_some() || self.failures > 0 { self } else { Self::default() }
    }

    /// Something failed. A call that failed opens it once there were enough in a row, or at once while it is half open;
    /// every other cause opens it at once. `jitter` is from 0 to 1.
    #[must_use]
    pub fn after_failure(self, failure: Failure, rules: &QuarantineRules, jitter: f64) -> Self {
        let failures = self.failures.saturating_add(1);
        let opens = self.rest.is_some() || failure.cause != RestCause::Calls || failures >= rules.failures.max(1);
        if !opens {
            return Self { failures, ..self };
        }
        let wait = doubled(rules.base, self.openings, rules.cap).max(failure.cause.shortest());
        // Jitter makes it longer: a target that asked for rest is not tried early.
        let next_try = later(failure.at, wait.mul_f64(1.0 + jitter.clamp(0.0, 1.0) / 4.0));
        let since = self.rest.map_or(failure.at, |rest| rest.since);
        let rest = Rest { cause: failure.cause, reason: failure.reason, since, next_try };
        Self { failures, openings: self.openings.saturating_add(1), rest: Some(rest) }
    }
}

/// When a quarantined operation is tried next; `over` counts the tries beyond those allowed, from 0 on.
pub fn operation_wait(over: u32, rules: &QuarantineRules) -> Duration {
    doubled(rules.operation_base, over, rules.operation_cap)
}

/// The base, doubled so many times, up to the cap.
fn doubled(base: Duration, times: u32, cap: Duration) -> Duration {
    base.saturating_mul(1 << times.min(20)).min(cap)
}

/// A target that is quarantined.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct QuarantinedTarget {
    /// The target.
    pub target: TargetName,
    /// Its breaker.
    pub breaker: Breaker,
}

/// An operation that is quarantined.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct QuarantinedOperation {
    /// The operation.
    pub operation: OperationId,
    /// The identity it serves.
    pub identity: Option<IdentityId>,
    /// The target.
    pub target: TargetName,
    /// What it does.
    pub kind: String,
    /// How often it was sent.
    pub attempts: u32,
    /// Since when.
    pub since: Timestamp,
    /// When it is tried next.
    pub next_try: Timestamp,
    /// Why, for people.
    pub reason: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn failed(cause: RestCause, second: i64) -> Failure {
        Failure { cause, reason: "told to".into(), at: at(second) }
    }

    fn rules() -> QuarantineRules {
        QuarantineRules::default()
    }

    #[test]
    fn it_opens_after_enough_failures_in_a_row_and_a_success_between_begins_anew() {
        let mut breaker = Breaker::default();
        for second in 0..4 {
            breaker = breaker.after_failure(failed(RestCause::Calls, second), &rules(), 0.0);
            assert_eq!(breaker.permit(at(second)), Permit::All);
        }
        let interrupted = breaker.clone().after_success().after_failure(failed(RestCause::Calls, 4), &rules(), 0.0);
        assert_eq!(interrupted.permit(at(4)), Permit::All);
        let open = breaker.after_failure(failed(RestCause::Calls, 4), &rules(), 0.0);
        assert_eq!(open.permit(at(4)), Permit::Nothing(at(34)));
        assert_eq!(open.permit(at(34)), Permit::One);
    }

    #[test]
    fn one_operation_decides_and_the_rest_doubles_up_to_the_cap() {
        let mut breaker = Breaker::default().after_failure(failed(RestCause::Operations, 0), &rules(), 0.0);
        let mut waits = Vec::new();
        for _ in 0..10 {
            let next = breaker.rest.clone().unwrap().next_try;
            breaker = breaker.after_failure(failed(RestCause::Calls, next.as_second()), &rules(), 0.0);
            waits.push(breaker.rest.clone().unwrap().next_try.as_second() - next.as_second());
        }
        assert_eq!(waits, [60, 120, 240, 480, 960, 1_920, 3_600, 3_600, 3_600, 3_600]);
        assert_eq!(breaker.rest.clone().unwrap().since, at(0), "it is one rest");
        assert_eq!(breaker.after_success().permit(at(0)), Permit::All);
    }

    #[test]
    fn a_refused_credential_rests_at_once_and_for_minutes() {
        let breaker = Breaker::default().after_failure(failed(RestCause::Credential, 0), &rules(), 0.0);
        assert_eq!(breaker.permit(at(299)), Permit::Nothing(at(300)));
    }

    #[test]
    fn only_when_all_is_well_the_next_rest_is_a_short_one_again() {
        let open = Breaker::default().after_failure(failed(RestCause::Operations, 0), &rules(), 0.0);
        assert_eq!(open.clone().all_well(), open, "an open one is not forgotten");
        let closed = open.after_success();
        let again = closed.clone().after_failure(failed(RestCause::Operations, 100), &rules(), 0.0);
        assert_eq!(again.rest.unwrap().next_try, at(160));
        let later = closed.all_well().after_failure(failed(RestCause::Operations, 200), &rules(), 0.0);
        assert_eq!(later.rest.unwrap().next_try, at(230));
    }

    #[test]
    fn a_share_of_failing_operations_counts_from_the_floor_on() {
        assert!(!rules().is_failing(49, 49));
        assert!(!rules().is_failing(20, 50) && rules().is_failing(21, 50));
    }

    #[test]
    fn a_quarantined_operation_waits_an_hour_and_in_the_end_a_day() {
        let waits: Vec<_> = (0..6).map(|over| operation_wait(over, &rules()).as_secs() / 3_600).collect();
        assert_eq!(waits, [1, 2, 4, 8, 16, 24]);
    }
}
