//! What follows from how a try ended: pure.

use crate::engine::Settings;
use jiff::Timestamp;
use purser_model::edit::{ConnectorError, ErrorClass, ThrottleScope};
use purser_model::operation::{Intent, OperationState};
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
    pub(crate) now: Timestamp,
    /// From 0 to 1.
    pub(crate) jitter: f64,
}

/// A refused credential is not tried again soon: trying may lock it.
const AFTER_REFUSED_CREDENTIAL: Duration = Duration::from_mins(5);

impl Verdict {
    fn of(state: OperationState) -> Self {
        Self { state, not_before: None, look: Look::Nothing, wake: false, pause: None }
    }

    fn retry(at: Timestamp) -> Self {
        Self { not_before: Some(at), ..Self::of(OperationState::Waiting) }
    }

    fn plan_again(look: Look) -> Self {
        Self { look, wake: true, ..Self::of(OperationState::Superseded) }
    }
}

/// Decides what follows from an error that the connector answered with.
pub(crate) fn after_error(error: &ConnectorError, tried: &Try<'_>, settings: &Settings) -> Verdict {
    let back_off = || later(tried.now, back_off(tried.attempts, tried.jitter, settings));
    let hinted = |after_ms: Option<u64>| match after_ms {
        // The target's own hint goes first; the jitter is added so that not everybody comes back at once.
        Some(millis) => {
            later(tried.now, Duration::from_millis(millis) + settings.retry_base.mul_f64(tried.jitter.clamp(0.0, 1.0)))
        }
        None => back_off(),
    };
    match &error.class {
        ErrorClass::RateLimited { after_ms, scope } => {
            let at = hinted(*after_ms);
            let pause = (*scope != ThrottleScope::Object).then_some(at);
            Verdict { pause, ..Verdict::retry(at) }
        }
        ErrorClass::Unavailable { after_ms } => Verdict::retry(hinted(*after_ms)),
        ErrorClass::AuthenticationFailed | ErrorClass::InvalidConfig => {
            let at = later(tried.now, AFTER_REFUSED_CREDENTIAL);
            Verdict { pause: Some(at), ..Verdict::retry(at) }
        }
        ErrorClass::VersionConflict => Verdict::plan_again(Look::Changed),
        ErrorClass::NotFound => not_found(tried.intent),
        ErrorClass::AlreadyExists(id) => {
            Verdict { look: Look::Other(id.clone()), ..Verdict::of(OperationState::Refused) }
        }
        ErrorClass::OutcomeUnknown => Verdict::of(OperationState::Unknown),
        ErrorClass::PartiallyApplied(_) if tried.attempts < settings.attempts => {
            Verdict { look: Look::Changed, ..Verdict::retry(back_off()) }
        }
        ErrorClass::Defect | ErrorClass::CursorExpired if tried.attempts < settings.attempts => {
            Verdict::retry(back_off())
        }
        ErrorClass::PartiallyApplied(_) => Verdict { look: Look::Changed, ..Verdict::of(OperationState::Refused) },
        ErrorClass::PermissionDenied(_)
        | ErrorClass::InvalidValue(_)
        | ErrorClass::Unsupported
        | ErrorClass::QuotaOrLicenceExhausted
        | ErrorClass::CursorExpired
        | ErrorClass::Defect => Verdict::of(OperationState::Refused),
    }
}

fn not_found(intent: &Intent) -> Verdict {
    match intent {
        Intent::Delete => Verdict { look: Look::Gone, ..Verdict::of(OperationState::AlreadySo) },
        Intent::Update { .. } | Intent::Enable | Intent::Disable => {
            Verdict { look: Look::Gone, wake: true, ..Verdict::of(OperationState::Refused) }
        }
        // Either the account or the entitlement is gone; which one a reconciliation finds out.
        Intent::Grant { .. } | Intent::Revoke { .. } => {
            Verdict { look: Look::Changed, ..Verdict::of(OperationState::Refused) }
        }
        Intent::Create { .. } | Intent::CreateEntitlement { .. } => Verdict::of(OperationState::Refused),
    }
}

/// Decides what follows from a call that failed as a whole.
pub(crate) fn after_fault(nothing_was_done: bool, tried: &Try<'_>, settings: &Settings) -> Verdict {
    if nothing_was_done {
        Verdict::retry(later(tried.now, back_off(tried.attempts, tried.jitter, settings)))
    } else {
        Verdict::of(OperationState::Unknown)
    }
}

/// Decides what follows when an operation with an unknown end is found not to have been done.
pub(crate) fn after_not_done(tried: &Try<'_>, settings: &Settings) -> Verdict {
    if tried.attempts < settings.attempts {
        Verdict::retry(later(tried.now, back_off(tried.attempts, tried.jitter, settings)))
    } else {
        Verdict::of(OperationState::Refused)
    }
}

/// Exponential back-off: the base doubled with every try up to the cap, less up to half of it by jitter.
pub(crate) fn back_off(attempts: u32, jitter: f64, settings: &Settings) -> Duration {
    let doubled = settings.retry_base.saturating_mul(1 << attempts.saturating_sub(1).min(20));
    doubled.min(settings.retry_cap).mul_f64(1.0 - jitter.clamp(0.0, 1.0) / 2.0)
}

fn later(now: Timestamp, wait: Duration) -> Timestamp {
    now.checked_add(wait).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use purser_model::Attributes;

    fn error(class: ErrorClass) -> ConnectorError {
        ConnectorError { class, message: String::new(), native_code: None }
    }

    fn verdict(class: ErrorClass, intent: &Intent, attempts: u32) -> Verdict {
        let tried = Try { intent, attempts, now: Timestamp::UNIX_EPOCH, jitter: 0.0 };
        after_error(&error(class), &tried, &Settings::default())
    }

    #[test]
    fn the_targets_own_hint_goes_before_the_back_off() {
        let limited = ErrorClass::RateLimited { after_ms: Some(7_000), scope: ThrottleScope::Target };
        let verdict = verdict(limited, &Intent::Enable, 1);
        assert_eq!(verdict.not_before, Some(Timestamp::from_second(7).unwrap()));
        assert_eq!(verdict.pause, verdict.not_before);
    }

    #[test]
    fn a_throttle_of_one_object_pauses_nobody_else() {
        let limited = ErrorClass::RateLimited { after_ms: None, scope: ThrottleScope::Object };
        assert_eq!(verdict(limited, &Intent::Enable, 1).pause, None);
    }

    #[test]
    fn the_back_off_doubles_and_is_capped() {
        let settings = Settings::default();
        let waits: Vec<_> = (1..=4).map(|attempts| back_off(attempts, 0.0, &settings).as_millis()).collect();
        assert_eq!(waits, [500, 1_000, 2_000, 4_000]);
        assert_eq!(back_off(100, 0.0, &settings), settings.retry_cap);
        assert_eq!(back_off(1, 1.0, &settings).as_millis(), 250);
    }

    #[test]
    fn gone_is_success_for_a_delete_and_a_new_plan_for_an_update() {
        assert_eq!(verdict(ErrorClass::NotFound, &Intent::Delete, 1).state, OperationState::AlreadySo);
        let update = verdict(ErrorClass::NotFound, &Intent::Update { changes: vec![] }, 1);
        assert_eq!((update.look, update.wake), (Look::Gone, true));
    }

    #[test]
    fn what_will_not_change_is_refused_at_once_and_a_defect_after_some_tries() {
        let create = Intent::Create { attributes: Attributes::new(), active: None };
        for class in [ErrorClass::Unsupported, ErrorClass::InvalidValue(None), ErrorClass::PermissionDenied(None)] {
            assert_eq!(verdict(class, &create, 1).state, OperationState::Refused);
        }
        assert_eq!(verdict(ErrorClass::Defect, &create, 1).state, OperationState::Waiting);
        assert_eq!(verdict(ErrorClass::Defect, &create, 8).state, OperationState::Refused);
    }

    #[test]
    fn an_unknown_end_is_never_retried_without_looking() {
        let create = Intent::Create { attributes: Attributes::new(), active: None };
        assert_eq!(verdict(ErrorClass::OutcomeUnknown, &create, 1).state, OperationState::Unknown);
        let tried = Try { intent: &create, attempts: 1, now: Timestamp::UNIX_EPOCH, jitter: 0.5 };
        assert_eq!(after_fault(false, &tried, &Settings::default()).state, OperationState::Unknown);
        assert_eq!(after_fault(true, &tried, &Settings::default()).state, OperationState::Waiting);
    }
}
