//! What follows from how a try ended: pure.

use crate::rest::cause_of;
use jiff::Timestamp;
use purser_model::edit::{ConnectorError, ErrorClass, ThrottleScope};
use purser_model::later;
use purser_model::operation::{Intent, OperationState};
use purser_model::quarantine::{QuarantineRules, RestCause, RetryRules, operation_wait};
use std::time::Duration;

/// What follows from an error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Verdict {
    /// Where the operation is now.
    pub(crate) state: OperationState,
    /// Not tried again before.
    pub(crate) not_before: Option<Timestamp>,
    /// What is to be looked at.
    pub(crate) look: Look,
    /// Whether the identity is planned again.
    pub(crate) wake: bool,
    /// The whole target is left alone until then.
    pub(crate) pause: Option<Timestamp>,
    /// Operations of this kind wait until then.
    pub(crate) kind_rests_until: Option<Timestamp>,
    /// It keeps failing: it is tried seldom from now on.
    pub(crate) quarantined: bool,
    /// It says that the target as a whole does not work.
    pub(crate) rests: Option<RestCause>,
    /// Whether it counts as a failure of the target or of what it was given.
    pub(crate) failed: bool,
}

/// What an error says about the object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Look {
    /// Nothing.
    Nothing,
    /// It is no longer as it was known.
    Changed,
    /// It is gone.
    Gone,
    /// Another object has the unique value: this one, where known.
    Other(Option<String>),
}

/// What was tried, and how often.
pub(crate) struct Try<'a> {
    pub(crate) intent: &'a Intent,
    pub(crate) attempts: u32,
    /// How often in a row the target asked to be asked less.
    pub(crate) throttles: u32,
    pub(crate) now: Timestamp,
    /// From 0 to 1.
    pub(crate) jitter: f64,
    pub(crate) retry: RetryRules,
    pub(crate) quarantine: QuarantineRules,
}

impl Try<'_> {
    fn back_off(&self) -> Timestamp {
        self.back_off_after(self.attempts)
    }

    fn back_off_after(&self, tries: u32) -> Timestamp {
        later(self.now, back_off(tries, self.jitter, &self.retry))
    }

    fn may_go_on(&self) -> bool {
        self.attempts < self.retry.attempts
    }
}

impl Verdict {
    fn of(state: OperationState) -> Self {
        Self {
            state,
            not_before: None,
            look: Look::Nothing,
            wake: false,
            pause: None,
            kind_rests_until: None,
            quarantined: false,
            rests: None,
            failed: false,
        }
    }

    /// The target will not do it, or it cannot be sent at all.
    pub(crate) fn refused() -> Self {
        Self { failed: true, ..Self::of(OperationState::Refused) }
    }

    fn retry(at: Timestamp) -> Self {
        Self { not_before: Some(at), ..Self::of(OperationState::Waiting) }
    }

    /// A failure that is tried again while tries are left, and seldom afterwards.
    fn again(tried: &Try<'_>) -> Self {
        if tried.may_go_on() {
            return Self { failed: true, ..Self::retry(tried.back_off()) };
        }
        let over = tried.attempts.saturating_sub(tried.retry.attempts);
        let wait = operation_wait(over, &tried.quarantine).mul_f64(1.0 + tried.jitter.clamp(0.0, 1.0) / 10.0);
        Self { failed: true, quarantined: true, ..Self::retry(later(tried.now, wait)) }
    }

    fn plan_again(look: Look) -> Self {
        Self { look, wake: true, ..Self::of(OperationState::Superseded) }
    }
}

/// Decides what follows from an error that the connector answered with.
pub(crate) fn after_error(error: &ConnectorError, tried: &Try<'_>) -> Verdict {
    let hinted = |after_ms: Option<u64>, tries: u32| match after_ms {
        // The target's own hint goes first; the jitter is added so that not everybody comes back at once.
        Some(millis) => {
            later(tried.now, Duration::from_millis(millis) + tried.retry.base.mul_f64(tried.jitter.clamp(0.0, 1.0)))
        }
        None => tried.back_off_after(tries),
    };
    match &error.class {
        ErrorClass::RateLimited { after_ms, scope } => {
            // Where all of the target is to be left alone, what counts is how often that was so, not how unlucky this one was.
            let tries = if *scope == ThrottleScope::Target { tried.throttles } else { tried.attempts };
            let at = hinted(*after_ms, tries);
            let rests = |covered| (*scope == covered).then_some(at);
            let (pause, kind_rests_until) = (rests(ThrottleScope::Target), rests(ThrottleScope::Operation));
            Verdict { pause, kind_rests_until, ..Verdict::retry(at) }
        }
        ErrorClass::Unavailable { after_ms } => {
            Verdict { failed: true, ..Verdict::retry(hinted(*after_ms, tried.attempts)) }
        }
        ErrorClass::AuthenticationFailed | ErrorClass::InvalidConfig => {
            Verdict { failed: true, rests: cause_of(&error.class), ..Verdict::retry(tried.back_off()) }
        }
        ErrorClass::VersionConflict => Verdict::plan_again(Look::Changed),
        ErrorClass::NotFound => not_found(tried.intent),
        ErrorClass::AlreadyExists(id) => Verdict { look: Look::Other(id.clone()), ..Verdict::refused() },
        ErrorClass::OutcomeUnknown => Verdict::of(OperationState::Unknown),
        ErrorClass::PartiallyApplied(_) => Verdict { look: Look::Changed, ..Verdict::again(tried) },
        ErrorClass::Defect | ErrorClass::CursorExpired => Verdict::again(tried),
        ErrorClass::PermissionDenied(_)
        | ErrorClass::InvalidValue(_)
        | ErrorClass::Unsupported
        | ErrorClass::QuotaOrLicenceExhausted => Verdict::refused(),
    }
}

fn not_found(intent: &Intent) -> Verdict {
    match intent {
        Intent::Delete => Verdict { look: Look::Gone, ..Verdict::of(OperationState::AlreadySo) },
        Intent::Update { .. } | Intent::Enable | Intent::Disable => {
            Verdict { look: Look::Gone, wake: true, ..Verdict::refused() }
        }
        // Either the account or the entitlement is gone; which one a reconciliation finds out.
        Intent::Grant { .. } | Intent::Revoke { .. } => Verdict { look: Look::Changed, ..Verdict::refused() },
        Intent::Create { .. } | Intent::CreateEntitlement { .. } => Verdict::refused(),
    }
}

/// Decides what follows from a call that failed as a whole.
pub(crate) fn after_fault(nothing_was_done: bool, tried: &Try<'_>) -> Verdict {
    if nothing_was_done { Verdict::retry(tried.back_off()) } else { Verdict::of(OperationState::Unknown) }
}

/// Decides what follows when an operation with an unknown end is found not to have been done.
pub(crate) fn after_not_done(tried: &Try<'_>) -> Verdict {
    Verdict::again(tried)
}

/// Exponential back-off: the base doubled with every try up to the cap, less up to half of it by jitter.
pub(crate) fn back_off(attempts: u32, jitter: f64, rules: &RetryRules) -> Duration {
    let doubled = rules.base.saturating_mul(1 << attempts.saturating_sub(1).min(20));
    doubled.min(rules.cap).mul_f64(1.0 - jitter.clamp(0.0, 1.0) / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use purser_model::Attributes;

    fn error(class: ErrorClass) -> ConnectorError {
        ConnectorError { class, message: String::new(), native_code: None }
    }

    fn verdict(class: ErrorClass, intent: &Intent, attempts: u32) -> Verdict {
        after_error(&error(class), &tried(intent, attempts))
    }

    fn tried(intent: &Intent, attempts: u32) -> Try<'_> {
        let (retry, quarantine) = (RetryRules::default(), QuarantineRules::default());
        Try { intent, attempts, throttles: 1, now: Timestamp::UNIX_EPOCH, jitter: 0.0, retry, quarantine }
    }

    #[test]
    fn the_targets_own_hint_goes_before_the_back_off() {
        let limited = ErrorClass::RateLimited { after_ms: Some(7_000), scope: ThrottleScope::Target };
        let verdict = verdict(limited, &Intent::Enable, 1);
        assert_eq!(verdict.not_before, Some(Timestamp::from_second(7).unwrap()));
        assert_eq!(verdict.pause, verdict.not_before);
    }

    #[test]
    fn without_a_hint_a_target_is_left_alone_the_longer_the_more_often_it_asks_for_it() {
        let limited = error(ErrorClass::RateLimited { after_ms: None, scope: ThrottleScope::Target });
        let pauses = [1, 2, 3].map(|throttles| {
            let tried = Try { throttles, ..tried(&Intent::Enable, 12) };
            after_error(&limited, &tried).pause.unwrap().as_millisecond()
        });
        assert_eq!(pauses, [500, 1_000, 2_000], "however often this one was tried");
    }

    #[test]
    fn a_throttle_of_one_object_pauses_nobody_else() {
        let limited = ErrorClass::RateLimited { after_ms: None, scope: ThrottleScope::Object };
        let verdict = verdict(limited, &Intent::Enable, 1);
        assert_eq!((verdict.pause, verdict.kind_rests_until), (None, None));
    }

    #[test]
    fn a_throttle_of_a_kind_lets_only_that_kind_rest() {
        let limited = ErrorClass::RateLimited { after_ms: Some(7_000), scope: ThrottleScope::Operation };
        let verdict = verdict(limited, &Intent::Enable, 1);
        let after = Some(Timestamp::from_second(7).unwrap());
        assert_eq!((verdict.pause, verdict.kind_rests_until, verdict.failed), (None, after, false));
    }

    #[test]
    fn a_refused_credential_lets_the_target_rest() {
        assert_eq!(verdict(ErrorClass::AuthenticationFailed, &Intent::Enable, 1).rests, Some(RestCause::Credential));
        assert_eq!(verdict(ErrorClass::InvalidConfig, &Intent::Enable, 1).rests, Some(RestCause::Configuration));
    }

    #[test]
    fn the_back_off_doubles_and_is_capped() {
        let settings = RetryRules::default();
        let waits: Vec<_> = (1..=4).map(|attempts| back_off(attempts, 0.0, &settings).as_millis()).collect();
        assert_eq!(waits, [500, 1_000, 2_000, 4_000]);
        assert_eq!(back_off(100, 0.0, &settings), settings.cap);
        assert_eq!(back_off(1, 1.0, &settings).as_millis(), 250);
    }

    #[test]
    fn gone_is_success_for_a_delete_and_a_new_plan_for_an_update() {
        assert_eq!(verdict(ErrorClass::NotFound, &Intent::Delete, 1).state, OperationState::AlreadySo);
        let update = verdict(ErrorClass::NotFound, &Intent::Update { changes: vec![] }, 1);
        assert_eq!((update.look, update.wake), (Look::Gone, true));
    }

    #[test]
    fn what_will_not_change_is_refused_at_once_and_a_defect_is_quarantined_after_some_tries() {
        let create = Intent::Create { attributes: Attributes::new(), active: None };
        for class in [ErrorClass::Unsupported, ErrorClass::InvalidValue(None), ErrorClass::PermissionDenied(None)] {
            assert_eq!(verdict(class, &create, 1).state, OperationState::Refused);
        }
        let (first, eighth) = (verdict(ErrorClass::Defect, &create, 1), verdict(ErrorClass::Defect, &create, 8));
        assert_eq!((first.state, first.quarantined), (OperationState::Waiting, false));
        assert_eq!((eighth.state, eighth.quarantined), (OperationState::Waiting, true));
        assert_eq!(eighth.not_before, Some(Timestamp::from_second(3_600).unwrap()));
    }

    #[test]
    fn an_unknown_end_is_never_retried_without_looking() {
        let create = Intent::Create { attributes: Attributes::new(), active: None };
        assert_eq!(verdict(ErrorClass::OutcomeUnknown, &create, 1).state, OperationState::Unknown);
        assert_eq!(after_fault(false, &tried(&create, 1)).state, OperationState::Unknown);
        assert_eq!(after_fault(true, &tried(&create, 1)).state, OperationState::Waiting);
    }
}
