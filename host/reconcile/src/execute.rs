//! Executing: operations are taken from the queue, handed to the connector and recorded. No choice is made here; what an
//! operation does was decided by its plan, and what follows from its end is decided by [`crate::verdict`].

use crate::allowance::batch_size;
use crate::collision::sent;
use crate::engine::{Engine, EngineError, connector_of};
use crate::environment::Progress;
use crate::observe::Reader;
use crate::patience::is_throttle;
use crate::resolve::{Unresolved, entitlement_key, resolve};
use crate::rest::{Tally, cause_of};
use crate::traced;
use crate::verdict::{self, Look, Try, Verdict};
use futures::stream::{self, StreamExt};
use jiff::Timestamp;
use purser_connector::{Fault, Session};
use purser_model::account::EntitlementKey;
use purser_model::edit::{ConnectorError, EditOutcome, ErrorClass, Request, ThrottleScope};
use purser_model::id::{IdentityId, TargetName};
use purser_model::manifest::{HoldingSide, ObjectClass};
use purser_model::object::Object;
use purser_model::operation::{EntitlementReference, Intent, Operation, OperationState};
use purser_model::quarantine::{Permit, RestCause};
use purser_store::{Leased, Observation, Recording, Seen, Store};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;
use tracing::{Instrument, debug, warn};

/// What draining a target's queue did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct DrainReport {
    /// Done by the target.
    pub applied: u64,
    /// Nothing had to be done.
    pub already_so: u64,
    /// The target will not do it.
    pub refused: u64,
    /// Put off for a retry.
    pub retried: u64,
    /// With an unknown end.
    pub unknown: u64,
    /// Put off for long, because they keep failing.
    pub quarantined: u64,
    /// Replaced by a new plan.
    pub superseded: u64,
    /// The target is left alone until then.
    pub paused_until: Option<Timestamp>,
    /// The reasons of refusals and quarantines, with how often each was given.
    pub reasons: BTreeMap<String, u64>,
}

impl DrainReport {
    /// Adds another report to this one.
    pub fn merge(&mut self, other: Self) {
        self.applied += other.applied;
        self.already_so += other.already_so;
        self.refused += other.refused;
        self.retried += other.retried;
        self.unknown += other.unknown;
        self.quarantined += other.quarantined;
        self.superseded += other.superseded;
        self.paused_until = self.paused_until.max(other.paused_until);
        for (reason, count) in other.reasons {
            *self.reasons.entry(reason).or_default() += count;
        }
    }

    pub(crate) fn count(&mut self, recording: &Recording) {
        let counter = match recording.state {
            OperationState::Applied => &mut self.applied,
            OperationState::AlreadySo => &mut self.already_so,
            OperationState::Refused => &mut self.refused,
            OperationState::Waiting if recording.quarantined => &mut self.quarantined,
            OperationState::Waiting => &mut self.retried,
            OperationState::Superseded => &mut self.superseded,
            OperationState::Unknown | OperationState::InFlight => &mut self.unknown,
        };
        *counter += 1;
        if recording.state == OperationState::Refused || recording.quarantined {
            *self.reasons.entry(recording.detail.clone().unwrap_or_default()).or_default() += 1;
        }
    }
}

/// How the requests of one batch ended.
struct Sent {
    recordings: Vec<Recording>,
    /// The target is left alone until then.
    pause: Option<Timestamp>,
    tally: Tally,
}

/// One go through a target's queue.
struct Go {
    report: DrainReport,
    tally: Tally,
}

/// What one target's operations are carried out with.
pub(crate) struct Bench {
    pub(crate) name: TargetName,
    pub(crate) session: Arc<dyn Session>,
    /// The store, in which what is recorded was done through this connector.
    pub(crate) store: Arc<dyn Store>,
    pub(crate) classes: Arc<Vec<ObjectClass>>,
    /// Declared entitlements that are known in the target.
    pub(crate) entitlements: BTreeMap<String, EntitlementKey>,
}

impl Bench {
    /// The class of this name, where the target has it.
    pub(crate) fn class(&self, name: &str) -> Option<&ObjectClass> {
        self.classes.iter().find(|class| class.name == name)
    }
}

impl Engine {
    pub(crate) async fn bench(&self, name: &TargetName) -> Result<Bench, EngineError> {
        let session = self.target_session(name).await?;
        let store = self.store.through(&connector_of(session.as_ref()));
        let classes = self.classes(name).await?;
        Ok(Bench { name: name.clone(), session, store, classes, entitlements: self.known_entitlements(name).await? })
    }

    async fn known_entitlements(&self, name: &TargetName) -> Result<BTreeMap<String, EntitlementKey>, EngineError> {
        let declared = self.store.declared_entitlements(name).await?;
        let known = declared.into_iter().filter_map(|entitlement| {
            let key = EntitlementKey { class: entitlement.class, id: entitlement.remote_id? };
            Some((entitlement.name?, key))
        });
        Ok(known.collect())
    }

    /// Carries out what is due in a target's queue, until nothing is due, the target asks for patience, or its window closes.
    /// What was left with an unknown end is observed first. As many batches are under way at once as the target allows.
    ///
    /// # Errors
    /// The target's connector cannot be opened, or the store fails. Failing operations are no error: they are recorded.
    pub async fn drain(&self, name: &TargetName, progress: &dyn Progress) -> Result<DrainReport, EngineError> {
        self.drain_selected(name, None, progress).await
    }

    /// As [`Engine::drain`]; where something has to be looked at first, nothing is carried out.
    ///
    /// # Errors
    /// As [`Engine::drain`].
    pub(crate) async fn drain_before_looking(
        &self,
        name: &TargetName,
        progress: &dyn Progress,
    ) -> Result<DrainReport, EngineError> {
        if self.awaits(name) { Ok(DrainReport::default()) } else { self.drain(name, progress).await }
    }

    /// As [`Engine::drain`], but only what serves this identity.
    pub(crate) async fn drain_of(
        &self,
        name: &TargetName,
        identity: IdentityId,
        progress: &dyn Progress,
    ) -> Result<DrainReport, EngineError> {
        self.drain_selected(name, Some(identity), progress).await
    }

    async fn drain_selected(
        &self,
        name: &TargetName,
        only: Option<IdentityId>,
        progress: &dyn Progress,
    ) -> Result<DrainReport, EngineError> {
        self.not_looked_at(name)?;
        let _under_way = self.under_way();
        if self.is_stopping() {
            return Ok(DrainReport::default());
        }
        let turn = self.turn(name);
        let _working = turn.working.lock().await;
        let permit = self.permit(name).await?;
        if let Permit::Nothing(until) = permit {
            return Ok(DrainReport { paused_until: Some(until), ..DrainReport::default() });
        }
        let drained = self.drain_permitted(name, only, permit, progress).await;
        if let Err(EngineError::Connector { fault, .. }) = &drained {
            self.note_fault(name, fault).await?;
        }
        drained
    }

    async fn drain_permitted(
        &self,
        name: &TargetName,
        only: Option<IdentityId>,
        mut permit: Permit,
        progress: &dyn Progress,
    ) -> Result<DrainReport, EngineError> {
        let turn = self.turn(name);
        let report = self.observe_unknown(name, progress).await?;
        let mut go = Go { report, tally: turn.take_tally() };
        let mut sent_something = false;
        let mut bench = None;
        while go.report.paused_until.is_none() && !self.is_stopping() {
            if turn.is_to_be_quiet() {
                turn.keep_tally(go.tally);
                return Ok(go.report);
            }
            if let Some(opens) = self.window_opens(name, self.clock.now()) {
                turn.keep_tally(go.tally);
                return Ok(DrainReport { paused_until: Some(opens), ..go.report });
            }
            // A target that rested is tried with one operation first.
            let limit = if permit == Permit::One { 1 } else { self.lease_size(name)? };
            let now = self.clock.now();
            let leased = match only {
                None => self.store.lease(name, limit, now).await?,
                Some(identity) => self.store.lease_of(name, identity, limit, now).await?,
            };
            if leased.is_empty() {
                break;
            }
            let bench = match &mut bench {
                Some(bench) => bench,
                none => none.insert(self.bench_or_release(name, &leased).await?),
            };
            let made_entitlements =
                leased.iter().any(|one| matches!(one.operation.intent, Intent::CreateEntitlement { .. }));
            let count = leased.len() as u64;
            sent_something = true;
            self.carry_out(bench, leased, &mut go).await?;
            progress.advance("operations", count);
            if made_entitlements {
                bench.entitlements = self.known_entitlements(name).await?;
            }
            let report = &mut go.report;
            // While the target rests, what is not known is not asked for either.
            if report.unknown > 0 && !self.rests(name).await? {
                report.unknown = 0;
                report.merge(self.observe_unknown(name, progress).await?);
                if report.unknown > 0 {
                    // What cannot even be observed now is not worth sending more to.
                    break;
                }
            }
            self.judge_go(name, &go.tally).await?;
            permit = self.permit(name).await?;
            if let Permit::Nothing(until) = permit {
                go.report.paused_until = go.report.paused_until.max(Some(until));
            }
        }
        match turn.left_alone_until(self.clock.now()) {
            Some(until) => go.report.paused_until = go.report.paused_until.max(Some(until)),
            // A go ends when there is nothing more to send; until then its failures are counted together.
            None if sent_something => turn.keep_tally(go.tally),
            None if go.tally.tried > 0 => self.note_all_well(name).await?,
            None => {}
        }
        Ok(go.report)
    }

    /// A go in which too much fails is stopped, and the target rests.
    async fn judge_go(&self, name: &TargetName, tally: &Tally) -> Result<(), EngineError> {
        let Tally { tried, failed } = tally;
        if !self.numbers(name).1.is_failing(*failed, *tried) {
            return Ok(());
        }
        let reason = format!("{failed} of {tried} operations failed");
        self.note_failure(name, RestCause::Operations, reason).await
    }

    /// Operations taken at once: no more than can be sent soon, because they count as under way.
    fn lease_size(&self, name: &TargetName) -> Result<u32, EngineError> {
        let batch = self.settings.batch_size;
        Ok(self.target(name)?.rate.map_or(batch, |rate| batch.min(batch_size(&rate)) * rate.concurrency))
    }

    /// Opens what the operations need; where that fails, nothing was sent, and they go back to the queue.
    async fn bench_or_release(&self, name: &TargetName, leased: &[Leased]) -> Result<Bench, EngineError> {
        match self.bench(name).await {
            Ok(bench) => Ok(bench),
            Err(error) => {
                let at = self.clock.now();
                let put_back = leased.iter().map(|one| {
                    let verdict = verdict::after_fault(true, &self.tried(&one.operation, at));
                    let recording = recording(&one.operation, &verdict, Some(error.to_string()), Seen::Nothing);
                    Recording { error_class: error.kind(), ..recording }
                });
                self.store.record(put_back.collect(), at).await?;
                Err(error)
            }
        }
    }

    pub(crate) fn tried<'a>(&self, operation: &'a Operation, now: Timestamp) -> Try<'a> {
        let (retry, quarantine) = self.numbers(&operation.target);
        let (intent, attempts, jitter) = (&operation.intent, operation.attempts, self.jitter.fraction());
        let throttles = self.turn(&operation.target).throttles();
        Try { intent, attempts, throttles, now, jitter, retry, quarantine }
    }

    async fn carry_out(&self, bench: &Bench, leased: Vec<Leased>, go: &mut Go) -> Result<(), EngineError> {
        let mut sendable = Vec::new();
        let mut recordings = Vec::new();
        for one in leased {
            match resolve(bench, &one).and_then(|request| self.with_policy(&bench.name, request)) {
                Ok(request) => sendable.push((one, request)),
                Err(unresolved) => recordings.push(self.unresolved(&one.operation, unresolved)),
            }
        }
        // What failed before goes alone, so that one request that makes the connector fail cannot hold others back.
        let batch = usize::try_from(self.settings.batch_size.min(bench.session.manifest().limits.batch_size).max(1))
            .unwrap_or(1);
        let (together, alone): (Vec<_>, Vec<_>) =
            sendable.into_iter().partition(|(one, _)| may_go_with_others(&one.operation));
        let at_once = self.target(&bench.name)?.rate.map_or(1, |rate| rate.concurrency as usize);
        let batches = together.chunks(batch).chain(alone.chunks(1)).map(|batch| self.send(bench, batch));
        let sent: Vec<_> = stream::iter(batches.collect::<Vec<_>>()).buffer_unordered(at_once).collect().await;
        let mut failed = None;
        for batch in sent {
            match batch {
                Ok(Sent { recordings: more, pause, tally }) => {
                    recordings.extend(more);
                    go.report.paused_until = go.report.paused_until.max(pause);
                    go.tally.tried += tally.tried;
                    go.tally.failed += tally.failed;
                }
                Err(error) => failed = Some(error),
            }
        }
        recordings.iter().for_each(|recording| go.report.count(recording));
        bench.store.record(recordings, self.clock.now()).await?;
        failed.map_or(Ok(()), Err)
    }

    /// What was to be sent while the target rests or asked to be left alone goes back to the queue, as it was.
    fn held_back(batch: &[(Leased, Request)], until: Timestamp, why: &str) -> Sent {
        let put_back = |one: &(Leased, Request)| {
            let detail = format!("not sent: {why}");
            let recording = ended(&one.0.operation, OperationState::Waiting, detail, Seen::Nothing);
            Recording { sent: false, ..recording }
        };
        Sent { recordings: batch.iter().map(put_back).collect(), pause: Some(until), tally: Tally::default() }
    }

    fn unresolved(&self, operation: &Operation, unresolved: Unresolved) -> Recording {
        let now = self.clock.now();
        let verdict = match unresolved {
            Unresolved::NotYet(_) => verdict::after_not_done(&self.tried(operation, now)),
            Unresolved::Never(_) => Verdict::refused(),
        };
        let (Unresolved::NotYet(reason) | Unresolved::Never(reason)) = unresolved;
        let recording = recording(operation, &verdict, Some(reason), Seen::Nothing);
        Recording { error_class: Some("unresolved"), ..recording }
    }

    async fn send(&self, bench: &Bench, batch: &[(Leased, Request)]) -> Result<Sent, EngineError> {
        if let Some(until) = self.turn(&bench.name).left_alone_until(self.clock.now()) {
            return Ok(Self::held_back(batch, until, "the target is left alone"));
        }
        if self.is_stopping() {
            return Ok(Self::held_back(batch, self.clock.now(), "the host stops"));
        }
        let (requests, slots) = self.requests(&bench.name, batch);
        let results = match bench.session.apply(requests, slots).instrument(traced::applying(bench, batch)).await {
            Ok(results) => results,
            Err(fault) => {
                let recordings = self.call_failed(bench, batch, &fault);
                self.note_fault(&bench.name, &fault).await?;
                let all = batch.len() as u64;
                return Ok(Sent { recordings, pause: None, tally: Tally { tried: all, failed: all } });
            }
        };
        self.note_answers(&bench.name, &results).await?;
        let mut pause = None;
        let mut tally = Tally { tried: batch.len() as u64, failed: 0 };
        let mut recordings = Vec::with_capacity(batch.len());
        for ((one, _), result) in batch.iter().zip(results) {
            recordings.push(match result {
                Ok(outcome) => self.ended_well(bench, one, outcome).await,
                Err(error) => self.ended_badly(bench, one, &error, (&mut pause, &mut tally)).await?,
            });
        }
        if let Some(until) = pause {
            // At once, so that batches that are not sent yet are held back.
            self.turn(&bench.name).pause(until);
        }
        Ok(Sent { recordings, pause, tally })
    }

    /// What the answers of one call say about the target as a whole: a refused credential, or that all of it is unavailable.
    async fn note_answers(
        &self,
        name: &TargetName,
        results: &[Result<EditOutcome, ConnectorError>],
    ) -> Result<(), EngineError> {
        let errors = || results.iter().filter_map(|result| result.as_ref().err());
        let turn = self.turn(name);
        if results.iter().any(Result::is_ok) {
            turn.answered();
        }
        if errors().any(is_throttle) {
            turn.throttled();
        }
        let cause = |error: &ConnectorError| cause_of(&error.class);
        let at_once = errors().find(|error| cause(error).is_some_and(|cause| cause != RestCause::Calls));
        let all_unavailable = results.len() == errors().filter(|error| cause(error).is_some()).count();
        let telling = at_once.or_else(|| errors().next().filter(|_| all_unavailable));
        match telling.and_then(|error| Some((cause(error)?, error))) {
            Some((cause, error)) => self.note_failure(name, cause, error.to_string()).await,
            // Whoever says how fast it wants to be asked works.
            None => self.note_success(name).await,
        }
    }

    fn call_failed(&self, bench: &Bench, batch: &[(Leased, Request)], fault: &Fault) -> Vec<Recording> {
        warn!(target = %bench.name, operations = batch.len(), %fault, "a call failed as a whole");
        let now = self.clock.now();
        let recorded = batch.iter().map(|(one, _)| {
            let verdict = verdict::after_fault(fault.nothing_was_done(), &self.tried(&one.operation, now));
            let recording = recording(&one.operation, &verdict, Some(fault.to_string()), Seen::Nothing);
            Recording { error_class: Some(fault.kind()), ..recording }
        });
        recorded.collect()
    }

    async fn ended_well(&self, bench: &Bench, one: &Leased, outcome: EditOutcome) -> Recording {
        let operation = &one.operation;
        let (state, object) = match outcome {
            EditOutcome::Done(object) => (OperationState::Applied, object),
            EditOutcome::Unchanged(object) => (OperationState::AlreadySo, object),
            EditOutcome::Accepted(handle) => {
                return ended(
                    operation,
                    OperationState::Applied,
                    format!("accepted by the target as {handle}"),
                    Seen::Changed,
                );
            }
            EditOutcome::ActionRequired(text) => {
                let detail = format!("a person must act: {text}");
                let recording = ended(operation, OperationState::Refused, detail, Seen::Nothing);
                return Recording { error_class: Some("action-required"), ..recording };
            }
        };
        debug!(target = %bench.name, operation = %operation.id, kind = operation.intent.name(), state = %state, "ended");
        // Where a target did not take all of a new account at once, the rest is planned now, and not at the next look at it.
        let wake = match (&operation.intent, &object) {
            (Intent::Create { attributes, .. }, Some(object)) => {
                !self.looks_as_sent(bench, &operation.class, attributes, object)
            }
            _ => false,
        };
        let seen = match (&operation.intent, object) {
            (Intent::Delete, _) => Seen::Gone,
            (_, Some(object)) => self.see(bench, operation, object),
            (Intent::Create { .. } | Intent::CreateEntitlement { .. }, None) => {
                let detail = "created, and the connector did not say under which id".to_owned();
                let recording = ended(operation, OperationState::Unknown, detail, Seen::Nothing);
                return Recording { error_class: Some("id-not-told"), ..recording };
            }
            (Intent::Grant { entitlement } | Intent::Revoke { entitlement }, None)
                if !shown_on_account(bench, entitlement) =>
            {
                Seen::Nothing
            }
            // What the connector did not show is read, so that the next comparison starts from what is really there.
            (_, None) => Seen::Changed,
        };
        Recording { detail: None, wake, ..ended(operation, state, String::new(), seen) }
    }

    /// Reads an object that an answer carried. For a grant or revoke it may be the entitlement or the account.
    fn see(&self, bench: &Bench, operation: &Operation, object: Object) -> Seen {
        match self.observation(bench, &operation.class, object) {
            Ok(observation) => Seen::Object(Box::new(observation)),
            Err(fault) => {
                warn!(target = %bench.name, operation = %operation.id, %fault, "the state after an edit cannot be read");
                Seen::Changed
            }
        }
    }

    pub(crate) fn observation(&self, bench: &Bench, class: &str, object: Object) -> Result<Observation, Fault> {
        let class = bench
            .class(class)
            .ok_or_else(|| Fault::BrokenContract(format!("the target has no class `{class}` any more")))?;
        let target = self
            .rules
            .configuration()
            .targets
            .get(&bench.name)
            .ok_or_else(|| Fault::Unusable(format!("target {} is not declared", bench.name)))?;
        Reader::new(&self.rules, &bench.name, target, class, &bench.classes).read(object)
    }

    async fn ended_badly(
        &self,
        bench: &Bench,
        one: &Leased,
        error: &ConnectorError,
        (pause, tally): (&mut Option<Timestamp>, &mut Tally),
    ) -> Result<Recording, EngineError> {
        let operation = &one.operation;
        if matches!(error.class, ErrorClass::AlreadyExists(_)) && may_be_our_own(operation) {
            let recording = ended(operation, OperationState::Unknown, error.to_string(), Seen::Nothing);
            return Ok(Recording { error_class: Some(error.class.name()), ..recording });
        }
        let verdict = verdict::after_error(error, &self.tried(operation, self.clock.now()));
        debug!(target = %bench.name, operation = %operation.id, state = %verdict.state, "{}", error.class.name());
        *pause = (*pause).max(verdict.pause);
        tally.failed += u64::from(verdict.failed);
        let recording = recording(operation, &verdict, Some(error.to_string()), seen(&verdict.look));
        let mut recording = Recording { error_class: Some(error.class.name()), ..recording };
        if let (Look::Other(other), Some(attributes)) = (&verdict.look, sent(&operation.intent)) {
            recording.wake = self.meet_other(bench, operation, &attributes, other.clone()).await?;
        }
        Ok(recording)
    }
}

/// Whether the account itself lists that it holds the entitlement.
fn shown_on_account(bench: &Bench, reference: &EntitlementReference) -> bool {
    let Ok(key) = entitlement_key(bench, reference) else { return true };
    bench
        .class(&key.class)
        .and_then(|class| class.holding.as_ref())
        .is_none_or(|holding| holding.side == HoldingSide::Account)
}

/// Whether an operation has not failed yet for a reason of its own. A throttled batch is tried again as one: sent one by one it
/// would be as many calls of a target that wants fewer.
fn may_go_with_others(operation: &Operation) -> bool {
    let throttled = ErrorClass::RateLimited { after_ms: None, scope: ThrottleScope::Target };
    operation.attempts <= 1 || operation.error_class.as_deref() == Some(throttled.name())
}

/// Whether what is there already may have been made by an earlier try whose answer was no or got lost: a gateway may say
/// `unavailable` after the target has done it. A declared entitlement that is there already is what was wanted in any case.
fn may_be_our_own(operation: &Operation) -> bool {
    match operation.intent {
        Intent::Create { .. } => operation.attempts > 1,
        Intent::CreateEntitlement { .. } => true,
        _ => false,
    }
}

fn seen(look: &Look) -> Seen {
    match look {
        Look::Nothing | Look::Other(_) => Seen::Nothing,
        Look::Changed => Seen::Changed,
        Look::Gone => Seen::Gone,
    }
}

pub(crate) fn recording(operation: &Operation, verdict: &Verdict, detail: Option<String>, seen: Seen) -> Recording {
    Recording {
        operation: operation.id,
        sent: true,
        state: verdict.state,
        detail,
        error_class: None,
        not_before: verdict.not_before,
        quarantined: verdict.quarantined,
        kind_rests_until: verdict.kind_rests_until,
        seen,
        wake: verdict.wake,
    }
}

pub(crate) fn ended(operation: &Operation, state: OperationState, detail: String, seen: Seen) -> Recording {
    Recording {
        operation: operation.id,
        sent: true,
        state,
        detail: Some(detail),
        error_class: None,
        not_before: None,
        quarantined: false,
        kind_rests_until: None,
        seen,
        wake: false,
    }
}
