//! Provisioning one identity at once: its accounts are read afresh, planned, and the plan is carried out, while everything
//! else stays where it is.

use crate::engine::{Engine, EngineError};
use crate::environment::Progress;
use crate::explain::IdentityExplained;
use crate::guard::{self, Excesses, Sorted};
use jiff::Timestamp;
use purser_connector::ReadOnly;
use purser_model::id::{IdentityId, TargetName};
use purser_model::operation::{Operation, OperationState};
use purser_store::{ClassOfTarget, EnqueueRequest, Enqueued, PlanStep, StaleItem};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tracing::warn;

/// A plan that met another world than it was made for is made anew so often.
const ROUNDS: u32 = 3;
/// Looks at the queue are at least this far apart.
const BETWEEN_LOOKS: Duration = Duration::from_millis(100);

/// What provisioning one identity did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ProvisionReport {
    /// Why, from what the targets showed before anything was done.
    pub explained: IdentityExplained,
    /// The operations that this wrote, in their order, as they stand now.
    pub operations: Vec<Operation>,
    /// Planned items that were not carried out, because the world had moved.
    pub stale: Vec<StaleItem>,
    /// Items put off, because an operation of the account is under way.
    pub put_off: u64,
    /// Targets that could not be worked with, and why.
    pub failed_targets: BTreeMap<TargetName, String>,
}

impl ProvisionReport {
    /// Whether everything that was planned is done.
    pub fn is_done(&self) -> bool {
        let is_done = |operation: &Operation| {
            matches!(operation.state, OperationState::Applied | OperationState::AlreadySo | OperationState::Superseded)
        };
        self.operations.iter().all(is_done)
            && self.stale.is_empty()
            && self.put_off == 0
            && self.failed_targets.is_empty()
    }
}

impl Engine {
    /// Provisions one identity in all targets or in one. Waits at most `patience` for retries to become due.
    ///
    /// # Errors
    /// The identity is not known, the target is not declared, or the store fails. Failing operations and targets are no error:
    /// the report names them.
    pub async fn provision(
        &self,
        identity: IdentityId,
        target: Option<&TargetName>,
        patience: Duration,
        progress: &dyn Progress,
    ) -> Result<ProvisionReport, EngineError> {
        let not_read = self.read_afresh(identity, target).await?;
        let mut explained = self.explain(identity, target).await?;
        explained.not_read = not_read;
        let begun = self.clock.now();
        if target.is_none() {
            // With a target it is a stored plan, which goes before what was cancelled there.
            self.store.forget_cancelled(identity).await?;
        }
        let mut report = ProvisionReport {
            explained,
            operations: Vec::new(),
            stale: Vec::new(),
            put_off: 0,
            failed_targets: BTreeMap::new(),
        };
        for _ in 0..ROUNDS {
            let enqueued = self.enqueue_identity(identity, target).await?;
            (report.stale, report.put_off) = (enqueued.stale, enqueued.put_off);
            self.drain_identity(identity, target, patience, &mut report, progress).await?;
            report.operations = self.operations_since(identity, target, begun).await?;
            let moved = report.operations.last().is_some_and(|operation| operation.state == OperationState::Superseded);
            if enqueued.operations == 0 || !moved {
                break;
            }
        }
        Ok(report)
    }

    /// Reads the accounts of an identity, and those that it would recognise as its own, and records what is there.
    async fn read_afresh(
        &self,
        identity: IdentityId,
        target: Option<&TargetName>,
    ) -> Result<BTreeMap<TargetName, String>, EngineError> {
        let snapshots = self.known_snapshots(vec![identity]).await?;
        let mut not_read = BTreeMap::new();
        for snapshot in &snapshots {
            for name in self.concerned(snapshot, target)? {
                let accounts: Vec<_> = snapshot
                    .accounts
                    .iter()
                    .filter(|account| account.target == name && account.remote_id.is_some())
                    .collect();
                let mut result = Ok(());
                for account in &accounts {
                    result = result.and(self.read_again(account).await);
                }
                if accounts.is_empty() {
                    result = self.record_recognisable(&name, &snapshot.identity).await;
                }
                match result {
                    Ok(()) => {}
                    Err(EngineError::Store(error)) => return Err(error.into()),
                    Err(error) => {
                        warn!(target = %name, %error, "the target cannot be read; what is known of it holds");
                        not_read.insert(name, error.to_string());
                    }
                }
            }
        }
        Ok(not_read)
    }

    async fn record_recognisable(
        &self,
        name: &TargetName,
        identity: &purser_model::identity::Identity,
    ) -> Result<(), EngineError> {
        let session = ReadOnly(self.target_session(name).await?);
        for object in self.recognisable(name, &session, identity).await? {
            let class = self.target(name)?.class.clone();
            let key = ClassOfTarget {
                target: name.clone(),
                class: class.clone(),
                kind: purser_model::manifest::ClassKind::Account,
            };
            let observation = self.read_into(name, &class, object).await?;
            self.store.record_observation(&key, observation, self.clock.now()).await?;
        }
        Ok(())
    }

    /// Plans one identity and writes the intents. With a target, only those there, as a stored plan of their own, so that what
    /// waits in other targets stays.
    async fn enqueue_identity(
        &self,
        identity: IdentityId,
        target: Option<&TargetName>,
    ) -> Result<Enqueued, EngineError> {
        let mut views = self.views().await?;
        views.retain(|name, _| target.is_none_or(|only| only == name));
        self.enqueue_missing_entitlements(&views).await?;
        let views = self.views().await?;
        let Some(planned) = self.plan_batch(vec![identity], &views).await?.pop() else {
            return Ok(Enqueued::default());
        };
        let (mut items, outlook) = planned.into_items_and_outlook();
        let now = self.clock.now();
        // What takes too much away is held, whoever asks for it.
        let _counting = self.guarding.lock().await;
        if let Some(only) = target {
            items.retain(|item| item.target == *only);
        }
        let guarded = self.guard_items(items.iter(), Excesses::new()).await?;
        let Sorted { items, held } = guard::sort(items, &guarded.held_before, &guarded.excesses);
        let request = match target {
            None => EnqueueRequest {
                identity,
                wake: None,
                plan: None,
                items,
                held,
                approved: false,
                outlook: Some(self.coming_back(identity, outlook)),
            },
            Some(_) => {
                if items.is_empty() && held.is_empty() {
                    return Ok(Enqueued::default());
                }
                // It needs no seal: nobody else applies it.
                let plan = self.store.begin_plan(now).await?;
                let mut steps: Vec<PlanStep> = items.into_iter().map(PlanStep::from).collect();
                steps.extend(held.into_iter().map(PlanStep::from));
                let kept = steps.iter().map(|step| step.item.clone()).collect();
                self.store.add_plan_items(plan, kept).await?;
                return Ok(self.store.apply_plan_items(plan, (1..).zip(steps).collect(), now).await?);
            }
        };
        Ok(self.store.enqueue(vec![request], now).await?)
    }

    /// Carries out what waits for an identity, until nothing does or the patience is over.
    async fn drain_identity(
        &self,
        identity: IdentityId,
        target: Option<&TargetName>,
        patience: Duration,
        report: &mut ProvisionReport,
        progress: &dyn Progress,
    ) -> Result<(), EngineError> {
        let mut waited = Duration::ZERO;
        loop {
            let open = self.operations_of(identity, target).await?;
            let open: Vec<&Operation> = open.iter().filter(|operation| !operation.state.is_final()).collect();
            let mut left_until = None;
            let names: BTreeSet<&TargetName> = open.iter().map(|operation| &operation.target).collect();
            for name in names.into_iter().filter(|name| self.target(name).is_ok()) {
                match self.drain_of(name, identity, progress).await {
                    Ok(drained) => left_until = left_until.max(drained.paused_until),
                    Err(EngineError::Store(error)) => return Err(error.into()),
                    Err(error) => {
                        report.failed_targets.insert(name.clone(), error.to_string());
                    }
                }
            }
            let Some(next) = self.next_try(identity, target, report).await? else { return Ok(()) };
            // A target that asked for patience, or whose window is closed, is not worth asking before.
            let next = left_until.map_or(next, |until| next.max(until));
            let until = Duration::try_from(next.duration_since(self.clock.now())).unwrap_or_default();
            let wait = until.max(BETWEEN_LOOKS);
            waited += wait;
            if waited > patience {
                return Ok(());
            }
            tokio::time::sleep(wait).await;
        }
    }

    /// When the next operation of the identity can be tried, in targets that can be worked with.
    async fn next_try(
        &self,
        identity: IdentityId,
        target: Option<&TargetName>,
        report: &ProvisionReport,
    ) -> Result<Option<Timestamp>, EngineError> {
        let operations = self.operations_of(identity, target).await?;
        let open = operations
            .iter()
            .filter(|operation| !operation.state.is_final() && !report.failed_targets.contains_key(&operation.target));
        Ok(open.map(|operation| operation.not_before).min())
    }

    /// The operations written since then, in their order.
    async fn operations_since(
        &self,
        identity: IdentityId,
        target: Option<&TargetName>,
        begun: Timestamp,
    ) -> Result<Vec<Operation>, EngineError> {
        let mut operations = self.operations_of(identity, target).await?;
        operations.retain(|operation| operation.created_at >= begun);
        operations.reverse();
        Ok(operations)
    }
}
