//! Stored plans: kept under a seal, decided by people, applied exactly.

use crate::engine::{Engine, EngineError};
use crate::environment::Progress;
use crate::guard::{self, Sorted};
use crate::worker::ApplyReport;
use jiff::Timestamp;
use purser_model::id::{AccountId, PlanId, TargetName};
use purser_model::later;
use purser_model::object::Digest;
use purser_model::plan::{ItemState, PlanItem, PlanLine, PlanSummary};
use purser_model::seal::{ItemsDigest, PlanKey, PlanSeal, PlanTerms};
use purser_store::{Decided, Decision, HeldDecided, KeptItem, PlanStep, StaleItem, Store, StoreError};
use std::collections::BTreeSet;
use std::time::Duration;

/// How long a plan can be applied, where nothing else is said.
pub const PLAN_LIFE: Duration = Duration::from_hours(24);

/// How a plan is applied.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ApplyOptions {
    /// Only items that a person approved; without it all that nobody rejected.
    pub approved_only: bool,
    /// Also where the declarations have changed since; each item's precondition still holds.
    pub other_declarations: bool,
    /// Where the plan takes more away than the guard lets pass: do it, if that concerns at most so many accounts.
    pub takings_allowed: Option<u64>,
    /// The plan was made only to be applied at once, as a host does by itself: nobody is asked to approve it.
    pub at_once: bool,
}

/// Which items of a plan are applied.
#[derive(Debug, Clone, Default)]
pub(crate) struct Choice {
    options: ApplyOptions,
    /// The targets in which only what another person than the requester approved is applied.
    apart: BTreeSet<TargetName>,
    requested_by: Option<String>,
}

impl Choice {
    fn wants(&self, line: &PlanLine) -> bool {
        match line.state {
            ItemState::Approved => !self.apart.contains(&line.item.target) || self.is_anothers(line),
            ItemState::Open => !self.options.approved_only && !self.apart.contains(&line.item.target),
            ItemState::Rejected | ItemState::Applied | ItemState::Stale | ItemState::Held => false,
        }
    }

    fn is_anothers(&self, line: &PlanLine) -> bool {
        line.decided_by.is_some() && self.requested_by.is_some() && line.decided_by != self.requested_by
    }
}

/// Why a stored plan is not applied. Nothing of it was done then.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanRefused {
    /// It was applied before.
    #[error("plan {0} was applied before; make a new one with `purser plan`")]
    AlreadyApplied(PlanId),
    /// It has no seal.
    #[error(
        "plan {0} has no seal: its making was interrupted, or an older Purser made it; make a new one with `purser plan`"
    )]
    NotSealed(PlanId),
    /// Its seal does not fit.
    #[error(
        "plan {0} is not as this host made it: somebody changed it in the store, or the host's key is another; nothing \
         was done; find out who writes to the store, and make a new plan with `purser plan`"
    )]
    Changed(PlanId),
    /// Its time is over.
    #[error("plan {plan} expired at {at:.0}; nothing was done; make a new one with `purser plan`")]
    Expired {
        /// The plan.
        plan: PlanId,
        /// When.
        at: Timestamp,
    },
    /// The declarations are other ones now.
    #[error(
        "the declarations have changed since plan {0} was made; nothing was done; make a new plan with `purser plan`, or \
         apply this one all the same with `--stale-ok`: its items were checked against the former declarations"
    )]
    OtherDeclarations(PlanId),
    /// It follows from declarations that were only tried.
    #[error(
        "plan {0} follows from declarations that were only tried; nothing was done; put them in place, then apply the plan"
    )]
    Tried(PlanId),
    /// No item is left.
    #[error("plan {plan} has no item to apply: {why}")]
    NothingToApply {
        /// The plan.
        plan: PlanId,
        /// What its items are, and what to do.
        why: String,
    },
}

impl Engine {
    /// Keeps items as a plan that the author of the engine's store asked for: see [`Engine::keep_plan_of`].
    ///
    /// # Errors
    /// The store fails.
    pub async fn keep_plan(
        &self,
        items: &[PlanItem],
        key: &PlanKey,
        life: Duration,
    ) -> Result<PlanSummary, EngineError> {
        self.keep_plan_of(self.store.as_ref(), items, key, life).await
    }

    /// Keeps items as a plan under this host's seal, a batch at a time. Whoever `requester` writes for asked for it.
    ///
    /// # Errors
    /// The store fails. What was kept so far is never applied then, since it has no seal.
    pub async fn keep_plan_of(
        &self,
        requester: &dyn Store,
        items: &[PlanItem],
        key: &PlanKey,
        life: Duration,
    ) -> Result<PlanSummary, EngineError> {
        let now = self.clock.now();
        let terms = PlanTerms {
            expires_at: later(now, life),
            configuration: self.rules.configuration().digest(),
            what_if: self.looks_only,
        };
        let plan = requester.begin_plan(now).await?;
        let mut digest = ItemsDigest::default();
        let mut positions = 1..;
        for batch in items.chunks(self.settings.plan_batch.max(1) as usize) {
            let kept = requester.add_plan_items(plan, batch.to_vec()).await?;
            positions.by_ref().zip(&kept).for_each(|(position, item)| digest.add(position, item));
        }
        Ok(requester.seal_plan(plan, key.seal(plan, terms, digest), self.clock.now()).await?)
    }

    /// Approves or rejects items of a plan, as whoever `decider` writes for: see [`Store::decide_plan_items`].
    ///
    /// # Errors
    /// As there.
    pub async fn decide_plan(
        &self,
        decider: &dyn Store,
        plan: PlanId,
        positions: Option<BTreeSet<u64>>,
        decision: Decision,
    ) -> Result<Decided, StoreError> {
        let apart = self.rules.configuration().approved_by_others();
        decider.decide_plan_items(plan, positions, decision, apart, self.clock.now()).await
    }

    /// Decides on what the guard holds, as whoever `decider` writes for: see [`Store::decide_held`].
    ///
    /// # Errors
    /// As there.
    pub async fn decide_held(
        &self,
        decider: &dyn Store,
        accounts: Vec<AccountId>,
        decision: Decision,
    ) -> Result<HeldDecided, StoreError> {
        let apart = self.rules.configuration().approved_by_others();
        decider.decide_held(accounts, decision, apart, self.clock.now()).await
    }

    /// Applies a stored plan: exactly its items, and answers no wake-up. One whose precondition no longer holds is skipped
    /// and named. After a crash the plan can be applied again: what is in the queue already is not written twice.
    ///
    /// # Errors
    /// [`PlanRefused`], before anything is done; or the store fails.
    pub async fn apply(
        &self,
        plan: PlanId,
        key: &PlanKey,
        options: ApplyOptions,
        progress: &dyn Progress,
    ) -> Result<ApplyReport, EngineError> {
        self.nothing_is_awaited()?;
        let summary = self.store.plan(plan).await?;
        let choice = self.choice(&summary, options);
        let digests = self.verify(&summary, key, &choice).await?;
        let views = self.views().await?;
        self.enqueue_missing_entitlements(&views).await?;
        let (stale, guard) = self.enqueue_plan(plan, &digests, &choice).await?;
        let mut report = self.work_off_queue(progress).await?;
        (report.stale, report.guard) = (stale, guard);
        Ok(report)
    }

    fn choice(&self, plan: &PlanSummary, options: ApplyOptions) -> Choice {
        let apart = self.rules.configuration().approved_by_others();
        let apart = if options.at_once { BTreeSet::new() } else { apart };
        Choice { options, apart, requested_by: plan.requested_by.clone() }
    }

    /// Writes the intents of a stored plan. The guard counts the plan as a whole before the first of them; what is too
    /// much is held, unless the operator allows it by its number.
    async fn enqueue_plan(
        &self,
        plan: PlanId,
        digests: &[Digest],
        choice: &Choice,
    ) -> Result<(Vec<StaleItem>, Vec<String>), EngineError> {
        let _counting = self.guarding.lock().await;
        let (mut excesses, accounts) = self.guard_plan(plan, digests, choice).await?;
        let allowed = choice.options.takings_allowed;
        let waved_through = !excesses.is_empty() && allowed.is_some_and(|allowed| accounts <= allowed);
        // Whoever applies a plan may have asked for it: where another person approves, what is too much is held all the same.
        let is_approved = |target: &TargetName| waved_through && !choice.apart.contains(target);
        excesses.retain(|(target, _), _| !is_approved(target));
        let (mut stale, nothing) = (Vec::new(), BTreeSet::new());
        let mut after = 0;
        while let Some((last, wanted)) = self.wanted_after(plan, after, digests, choice).await? {
            after = last;
            let asked = wanted.iter().map(|(_, item)| item).filter(|item| !is_approved(&item.target));
            let held_before = self.held_before(asked).await?;
            let step = |(position, item): (u64, PlanItem)| {
                let approved = is_approved(&item.target);
                let before = if approved { &nothing } else { &held_before };
                let Sorted { items: passes, held } = guard::sort(vec![item.clone()], before, &excesses);
                (position, PlanStep { item, passes, held, approved })
            };
            let steps = wanted.into_iter().map(step).collect();
            stale.extend(self.store.apply_plan_items(plan, steps, self.clock.now()).await?.stale);
        }
        Ok((stale, guard::reasons(&excesses).collect()))
    }

    /// The next batch of a plan's items that are to be applied, with the position of the last one that was looked at.
    pub(crate) async fn wanted_after(
        &self,
        plan: PlanId,
        after: u64,
        digests: &[Digest],
        choice: &Choice,
    ) -> Result<Option<(u64, Vec<(u64, PlanItem)>)>, EngineError> {
        let batch = self.store.plan_items(plan, after, self.settings.plan_batch).await?;
        let Some(last) = batch.last().map(|kept| kept.line.position) else { return Ok(None) };
        Ok(Some((last, wanted(plan, batch, digests, choice)?)))
    }

    /// Checks a plan against its seal, its expiry and the declarations. Gives the digests of its items, in their order: the
    /// store is read again while they are applied, and must still say the same.
    async fn verify(&self, summary: &PlanSummary, key: &PlanKey, choice: &Choice) -> Result<Vec<Digest>, EngineError> {
        let plan = summary.id;
        if summary.applied_at.is_some() {
            return Err(PlanRefused::AlreadyApplied(plan).into());
        }
        let Some(seal) = &summary.seal else { return Err(PlanRefused::NotSealed(plan).into()) };
        let (digests, wanted) = self.item_digests(plan, choice).await?;
        let mut found = ItemsDigest::default();
        (1..).zip(&digests).for_each(|(position, digest)| found.add(position, digest));
        if !key.has_signed(plan, seal) || found.finish() != seal.digest {
            return Err(PlanRefused::Changed(plan).into());
        }
        self.still_holds(plan, seal, choice.options)?;
        if wanted { Ok(digests) } else { Err(nothing_to_apply(summary, choice).into()) }
    }

    fn still_holds(&self, plan: PlanId, seal: &PlanSeal, options: ApplyOptions) -> Result<(), PlanRefused> {
        let at = seal.terms.expires_at;
        if at <= self.clock.now() {
            return Err(PlanRefused::Expired { plan, at });
        }
        match self.rules.configuration().digest() == seal.terms.configuration {
            true => Ok(()),
            false if seal.terms.what_if => Err(PlanRefused::Tried(plan)),
            false if options.other_declarations => Ok(()),
            false => Err(PlanRefused::OtherDeclarations(plan)),
        }
    }

    /// The digests of all items in their order, and whether one of them is to be applied.
    async fn item_digests(&self, plan: PlanId, choice: &Choice) -> Result<(Vec<Digest>, bool), EngineError> {
        let (mut digests, mut wanted) = (Vec::new(), false);
        loop {
            let after = digests.len() as u64;
            let batch = self.store.plan_items(plan, after, self.settings.plan_batch).await?;
            if batch.is_empty() {
                return Ok((digests, wanted));
            }
            // A gap in the positions means that a row is gone.
            if (after + 1..).zip(&batch).any(|(position, kept)| kept.line.position != position) {
                return Err(PlanRefused::Changed(plan).into());
            }
            wanted |= batch.iter().any(|kept| choice.wants(&kept.line));
            digests.extend(batch.iter().map(|kept| kept.digest));
        }
    }
}

/// The items of a batch that are to be applied.
///
/// # Errors
/// The store says another thing than when the plan was verified.
fn wanted(
    plan: PlanId,
    batch: Vec<KeptItem>,
    digests: &[Digest],
    choice: &Choice,
) -> Result<Vec<(u64, PlanItem)>, PlanRefused> {
    let mut wanted = Vec::new();
    for KeptItem { line, digest } in batch {
        let index = usize::try_from(line.position).unwrap_or(usize::MAX).checked_sub(1);
        if index.and_then(|index| digests.get(index)) != Some(&digest) {
            return Err(PlanRefused::Changed(plan));
        }
        if choice.wants(&line) {
            wanted.push((line.position, line.item));
        }
    }
    Ok(wanted)
}

fn nothing_to_apply(summary: &PlanSummary, choice: &Choice) -> PlanRefused {
    let parts: Vec<String> = summary.states.iter().map(|(state, count)| format!("{count} {state}")).collect();
    let is_open = summary.states.contains_key(&ItemState::Open) || summary.states.contains_key(&ItemState::Approved);
    let advice = match (choice.apart.is_empty(), is_open) {
        (_, false) => "make a new plan with `purser plan`",
        (true, true) => "approve some with `purser plan approve`",
        (false, true) => {
            "somebody else than who asked for it approves some, with `purser plan approve` or `POST /v1/plans/{id}/decision`"
        }
    };
    PlanRefused::NothingToApply { plan: summary.id, why: format!("{}; {advice}", parts.join(", ")) }
}
