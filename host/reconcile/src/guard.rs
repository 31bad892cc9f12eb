//! The guard: before anything is written it counts what would be taken away, and what is too much waits for a person.
//!
//! What is counted, by target: accounts that have lost something within 24 hours, are about to (in the queue), are held, or
//! would lose it by what is planned now. What a person approved is not counted. Where there are more wake-ups than are
//! planned at a time, all of them are planned once before the first of them is answered, and only counts are kept.

use crate::engine::{Engine, EngineError};
use crate::planning::Planned;
use crate::plans::Choice;
use jiff::{SignedDuration, Timestamp};
use purser_model::guard::{Guard, GuardLimit, Taking};
use purser_model::id::{AccountId, IdentityId, PlanId, TargetName};
use purser_model::object::Digest;
use purser_model::plan::{Notice, PlanItem};
use purser_plan::{IdentityPlan, Split, TargetView, split};
use purser_store::{Held, HeldItem, HeldState, TakingQuestion, Wake};
use std::collections::{BTreeMap, BTreeSet};

/// What happened longer ago does not count.
const WINDOW: SignedDuration = SignedDuration::from_hours(24);

/// What is taken, and where.
pub(crate) type Where = (TargetName, Taking);

/// What the guard holds, and why.
pub(crate) type Excesses = BTreeMap<Where, Excess>;

/// Too much would be taken away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Excess {
    taken: u64,
    there: u64,
    limit: GuardLimit,
}

impl Excess {
    fn reason(&self, (target, taking): &Where) -> String {
        let Self { taken, there, limit: GuardLimit { share, floor, count } } = self;
        format!(
            "{taken} of {there} accounts in {target} would {taking} within 24 hours; the guard lets {share} % of at least \
             {floor} pass, and no more than {count}"
        )
    }
}

/// What a look ahead over the wake-ups found. It holds for those up to a sequence number.
#[derive(Debug, Default)]
pub(crate) struct LookAhead {
    up_to: i64,
    excesses: Excesses,
}

/// What may be done, and what is held.
pub(crate) struct Sorted {
    pub(crate) items: Vec<PlanItem>,
    pub(crate) held: Vec<HeldItem>,
}

/// Divides the items of one identity: what takes something away is held where there is too much of it, and where it is
/// held already.
pub(crate) fn sort(items: Vec<PlanItem>, held_before: &BTreeSet<AccountId>, excesses: &Excesses) -> Sorted {
    let mut sorted = Sorted { items: Vec::new(), held: Vec::new() };
    for item in items {
        let Split { gives, takes } = split(item.clone());
        let Some((taking, account, takes)) = takes else {
            sorted.items.push(item);
            continue;
        };
        let place = (item.target.clone(), taking);
        let reason = match excesses.get(&place) {
            Some(excess) => excess.reason(&place),
            None if held_before.contains(&account) => "a person is to decide".to_owned(),
            None => {
                sorted.items.push(item);
                continue;
            }
        };
        sorted.items.extend(gives);
        sorted.held.push(HeldItem { account, item: takes, taking, reason });
    }
    sorted
}

/// The accounts that items take something from.
pub(crate) fn takings<'a>(items: impl IntoIterator<Item = &'a PlanItem>) -> BTreeMap<Where, Vec<AccountId>> {
    let mut takings: BTreeMap<Where, Vec<AccountId>> = BTreeMap::new();
    for item in items {
        if let (Some(taking), Some(account)) = (item.taking(), item.account) {
            takings.entry((item.target.clone(), taking)).or_default().push(account);
        }
    }
    takings
}

/// What is held already or was rejected is not planned again; the plan says so instead.
pub(crate) fn without_held(plan: &mut IdentityPlan, held: &[Held]) {
    let mut notices = Vec::new();
    let items = std::mem::take(&mut plan.items);
    for item in items {
        let known = held.iter().find(|held| item.taking().is_some() && Some(held.account) == item.account);
        let message = match known {
            Some(known) if known.state == HeldState::Pending => format!(
                "held since {:.0}: {}; decide with `purser held approve {}`, or `reject`",
                known.held_at, known.reason, known.account
            ),
            Some(known) if known.item.precondition == item.precondition => {
                "what would be taken away was rejected; nothing of it is done until the identity or the account changes"
                    .to_owned()
            }
            _ => {
                plan.items.push(item);
                continue;
            }
        };
        let target = Some(item.target.clone());
        notices.push(Notice { identity: item.identity, label: item.label.clone(), target, message });
        plan.items.extend(split(item).gives);
    }
    plan.notices.append(&mut notices);
}

impl Engine {
    /// Since when what was taken away counts.
    pub(crate) fn window(&self) -> Timestamp {
        self.clock.now().checked_sub(WINDOW).unwrap_or(Timestamp::MIN)
    }

    /// Which of these takings are too much.
    async fn excesses(&self, takings: BTreeMap<Where, Vec<AccountId>>) -> Result<Excesses, EngineError> {
        let mut excesses = Excesses::new();
        for (place, accounts) in takings {
            let weight = self.store.weigh_takings(self.question(&place, accounts)).await?;
            if let Some(excess) = self.judge(&place, weight.before + weight.added).await? {
                excesses.insert(place, excess);
            }
        }
        Ok(excesses)
    }

    fn question(&self, (target, taking): &Where, accounts: Vec<AccountId>) -> TakingQuestion {
        TakingQuestion { target: target.clone(), taking: *taking, accounts, since: self.window() }
    }

    async fn judge(&self, (target, taking): &Where, taken: u64) -> Result<Option<Excess>, EngineError> {
        let declared = self.rules.configuration().targets.get(target);
        let limit = declared.map_or_else(Guard::default, |target| target.guard).limit(*taking);
        // However many there are: from the floor on it is no too great share of them.
        let is_little = u128::from(taken) * 100 <= u128::from(limit.share) * u128::from(limit.floor);
        if taken == 0 || (taken <= limit.count && is_little) {
            return Ok(None);
        }
        let enough = limit.enough_for(taken).max(limit.floor);
        let there = self.store.count_usable(target, self.window(), enough).await?;
        if !limit.is_exceeded(taken, there) {
            return Ok(None);
        }
        let there = self.store.count_usable(target, self.window(), u64::MAX).await?;
        Ok(Some(Excess { taken, there: there.max(taken), limit }))
    }

    /// Plans everybody who has been woken, batch by batch, and keeps only how much would be taken away.
    async fn look_ahead(&self, first: i64, views: &BTreeMap<TargetName, TargetView>) -> Result<LookAhead, EngineError> {
        let Some(up_to) = self.store.newest_wake().await? else { return Ok(LookAhead::default()) };
        let mut added: BTreeMap<Where, u64> = BTreeMap::new();
        let mut after = first - 1;
        loop {
            let wakes = self.store.wakes_of_holders(after, up_to, self.settings.plan_batch).await?;
            let Some(last) = wakes.last() else { break };
            after = last.sequence;
            let planned = self.plan_batch(wakes.iter().map(|wake| wake.identity).collect(), views).await?;
            self.add_takings(&mut added, planned.iter().flat_map(|planned| &planned.plan.items)).await?;
        }
        Ok(LookAhead { up_to, excesses: self.excesses_of(&added).await? })
    }

    /// Counts what items take beside what was counted before.
    async fn add_takings(
        &self,
        added: &mut BTreeMap<Where, u64>,
        items: impl IntoIterator<Item = &PlanItem>,
    ) -> Result<(), EngineError> {
        for (place, accounts) in takings(items) {
            let weight = self.store.weigh_takings(self.question(&place, accounts)).await?;
            *added.entry(place).or_default() += weight.added;
        }
        Ok(())
    }

    /// Which of these numbers of accounts, beside those that lose something already, are too much.
    async fn excesses_of(&self, added: &BTreeMap<Where, u64>) -> Result<Excesses, EngineError> {
        let mut excesses = Excesses::new();
        for (place, added) in added {
            let before = self.store.weigh_takings(self.question(place, Vec::new())).await?.before;
            if let Some(excess) = self.judge(place, before + added).await? {
                excesses.insert(place.clone(), excess);
            }
        }
        Ok(excesses)
    }

    /// What the guard holds of a batch of woken identities. `known` is what an earlier batch of the same wave has found.
    pub(crate) async fn guard_wakes(
        &self,
        wakes: &[Wake],
        planned: &[Planned],
        known: &mut LookAhead,
        views: &BTreeMap<TargetName, TargetView>,
    ) -> Result<Guarded, EngineError> {
        let (first, last) = match (wakes.first(), wakes.last()) {
            (Some(first), Some(last)) => (first.sequence, last.sequence),
            _ => return Ok(Guarded::default()),
        };
        let more_may_wait = wakes.len() >= self.settings.plan_batch as usize;
        if more_may_wait && known.up_to < last {
            *known = self.look_ahead(first, views).await?;
        }
        let ahead = if first <= known.up_to { known.excesses.clone() } else { Excesses::new() };
        self.guard_items(planned.iter().flat_map(|planned| &planned.plan.items), ahead).await
    }

    /// What the guard holds of these items, beside what is known to be too much.
    pub(crate) async fn guard_items(
        &self,
        items: impl Iterator<Item = &PlanItem> + Clone,
        known: Excesses,
    ) -> Result<Guarded, EngineError> {
        let takings = takings(items.clone());
        if takings.is_empty() {
            return Ok(Guarded::default());
        }
        let mut excesses = self.excesses(takings).await?;
        excesses.extend(known);
        Ok(Guarded { held_before: self.held_before(items).await?, excesses })
    }

    /// The accounts for which something is held, or was rejected, among those that items take something from.
    pub(crate) async fn held_before<'a>(
        &self,
        items: impl IntoIterator<Item = &'a PlanItem>,
    ) -> Result<BTreeSet<AccountId>, EngineError> {
        let taking = items.into_iter().filter(|item| item.taking().is_some());
        let identities: BTreeSet<IdentityId> = taking.map(|item| item.identity).collect();
        let held = self.store.held_of(identities.into_iter().collect()).await?;
        Ok(held.into_iter().map(|held| held.account).collect())
    }

    /// Which takings of a stored plan are too much, as a whole, and from how many accounts they take something.
    pub(crate) async fn guard_plan(
        &self,
        plan: PlanId,
        digests: &[Digest],
        choice: &Choice,
    ) -> Result<(Excesses, u64), EngineError> {
        let mut added: BTreeMap<Where, u64> = BTreeMap::new();
        let mut after = 0;
        while let Some((last, wanted)) = self.wanted_after(plan, after, digests, choice).await? {
            after = last;
            self.add_takings(&mut added, wanted.iter().map(|(_, item)| item)).await?;
        }
        let excesses = self.excesses_of(&added).await?;
        let accounts = excesses.keys().map(|place| added[place]).sum();
        Ok((excesses, accounts))
    }
}

/// What the guard says about a batch.
#[derive(Debug, Default)]
pub(crate) struct Guarded {
    pub(crate) held_before: BTreeSet<AccountId>,
    pub(crate) excesses: Excesses,
}

/// Why something is held, for people.
pub(crate) fn reasons(excesses: &Excesses) -> impl Iterator<Item = String> {
    excesses.iter().map(|(place, excess)| excess.reason(place))
}
