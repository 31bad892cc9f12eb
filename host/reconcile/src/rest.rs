//! Letting targets rest: the circuit breaker of [`purser_model::quarantine`], kept in the store so that a restart does not
//! forget it.

use crate::engine::{Engine, EngineError, Turn};
use purser_connector::Fault;
use purser_model::edit::ErrorClass;
use purser_model::id::TargetName;
use purser_model::quarantine::{Breaker, Failure, Permit, QuarantineRules, RestCause, RetryRules};
use tracing::{info, warn};

/// Operations of one go, and how many of them failed.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) tried: u64,
    pub(crate) failed: u64,
}

/// What an error says about the target as a whole; none where it is about one object, or only about speed.
pub(crate) fn cause_of(class: &ErrorClass) -> Option<RestCause> {
    match class {
        ErrorClass::AuthenticationFailed => Some(RestCause::Credential),
        ErrorClass::InvalidConfig => Some(RestCause::Configuration),
        ErrorClass::Unavailable { .. } => Some(RestCause::Calls),
        _ => None,
    }
}

/// What a call that failed as a whole says about the target.
fn cause_of_fault(fault: &Fault) -> Option<RestCause> {
    match fault {
        Fault::Connector(error) => match error.class {
            ErrorClass::RateLimited { .. } | ErrorClass::NotFound | ErrorClass::CursorExpired => None,
            ref class => Some(cause_of(class).unwrap_or(RestCause::Calls)),
        },
        Fault::ReadOnly => None,
        Fault::Trapped(_)
        | Fault::TimedOut { .. }
        | Fault::LimitExceeded { .. }
        | Fault::BrokenContract(_)
        | Fault::Unusable(_) => Some(RestCause::Calls),
    }
}

impl Engine {
    /// How operations of a target are tried again, and when it rests.
    pub(crate) fn numbers(&self, name: &TargetName) -> (RetryRules, QuarantineRules) {
        let target = self.rules.configuration().targets.get(name);
        target.map_or_else(Default::default, |target| (target.retry, target.quarantine))
    }

    /// What may be sent to a target now.
    pub(crate) async fn permit(&self, name: &TargetName) -> Result<Permit, EngineError> {
        let turn = self.turn(name);
        let now = self.clock.now();
        let breaker = self.known_breaker(name, &turn).await?;
        Ok(match (turn.paused_until(now), breaker.permit(now)) {
            (Some(until), _) => Permit::Nothing(until),
            (None, permit) => permit,
        })
    }

    /// Whether a target is left alone now.
    pub(crate) async fn rests(&self, name: &TargetName) -> Result<bool, EngineError> {
        Ok(matches!(self.permit(name).await?, Permit::Nothing(_)))
    }

    /// # Errors
    /// The target rests.
    pub(crate) async fn must_not_rest(&self, name: &TargetName) -> Result<(), EngineError> {
        let breaker = self.known_breaker(name, &self.turn(name)).await?;
        match (breaker.permit(self.clock.now()), breaker.rest) {
            (Permit::Nothing(until), Some(rest)) => {
                Err(EngineError::Resting { target: name.clone(), reason: rest.reason, until })
            }
            _ => Ok(()),
        }
    }

    async fn known_breaker(&self, name: &TargetName, turn: &Turn) -> Result<Breaker, EngineError> {
        if let Some(known) = turn.breaker() {
            return Ok(known);
        }
        let kept = self.store.breaker(name).await?;
        turn.set_breaker(kept.clone());
        Ok(kept)
    }

    /// A call ended as calls should.
    pub(crate) async fn note_success(&self, name: &TargetName) -> Result<(), EngineError> {
        self.change_breaker(name, Breaker::after_success).await
    }

    /// What was due has been done.
    pub(crate) async fn note_all_well(&self, name: &TargetName) -> Result<(), EngineError> {
        self.change_breaker(name, Breaker::all_well).await
    }

    /// A call failed as a whole.
    pub(crate) async fn note_fault(&self, name: &TargetName, fault: &Fault) -> Result<(), EngineError> {
        match cause_of_fault(fault) {
            Some(cause) => self.note_failure(name, cause, fault.to_string()).await,
            None => Ok(()),
        }
    }

    /// Something failed that says something about the target as a whole.
    pub(crate) async fn note_failure(
        &self,
        name: &TargetName,
        cause: RestCause,
        reason: String,
    ) -> Result<(), EngineError> {
        let failure = Failure { cause, reason, at: self.clock.now() };
        let (_, rules) = self.numbers(name);
        let jitter = self.jitter.fraction();
        self.change_breaker(name, |breaker| breaker.after_failure(failure, &rules, jitter)).await
    }

    /// Ends the rest of a target: what is due is sent at once.
    ///
    /// # Errors
    /// The target is not declared, or the store fails.
    pub async fn release_target(&self, name: &TargetName) -> Result<(), EngineError> {
        self.target(name)?;
        self.turn(name).end_pause();
        self.change_breaker(name, |_| Breaker::default()).await?;
        self.tell_worker();
        Ok(())
    }

    /// What changes is kept before it is acted on, so that a restart knows it.
    async fn change_breaker(
        &self,
        name: &TargetName,
        change: impl FnOnce(Breaker) -> Breaker,
    ) -> Result<(), EngineError> {
        let turn = self.turn(name);
        let _breaking = turn.breaking.lock().await;
        let before = self.known_breaker(name, &turn).await?;
        let after = change(before.clone());
        if after == before {
            return Ok(());
        }
        self.store.keep_breaker(name, after.clone(), self.clock.now()).await?;
        match (&before.rest, &after.rest) {
            (_, Some(rest)) => {
                warn!(target = %name, cause = %rest.cause, next_try = %rest.next_try, "the target rests");
            }
            (Some(_), None) => info!(target = %name, "the target works again"),
            (None, None) => {}
        }
        turn.set_breaker(after);
        Ok(())
    }
}
