//! From identities to plans and from plans to intents.

use crate::engine::{Engine, EngineError, in_target};
use crate::environment::Progress;
use crate::guard::{self, Sorted};
use crate::names::{Named, Reserved};
use crate::observe::Reader;
use crate::unread::must_be_read;
use jiff::Timestamp;
use purser_connector::Session;
use purser_model::account::Account;
use purser_model::id::{AccountId, IdentityId, TargetName};
use purser_model::identity::Identity;
use purser_model::plan::{Notice, PlanItem};
use purser_plan::{Candidate, CorrelationValue, IdentityPlan, IdentitySnapshot, TargetView};
use purser_store::{
    CandidateQuestion, ClassOfTarget, EnqueueRequest, EntitlementToCreate, FoundAccount, IdentityFilter, Outlook,
    PageRequest, ReferenceQuestion, Store, StoredSnapshot, Wake,
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use tracing::{Instrument, warn};

/// What planning found.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct PlanReport {
    /// What is to be done.
    pub items: Vec<PlanItem>,
    /// What was found and is left alone.
    pub notices: Vec<Notice>,
}

/// The plan of one identity.
pub(crate) struct Planned {
    pub(crate) identity: IdentityId,
    pub(crate) plan: IdentityPlan,
    /// The accounts that its accounts refer to.
    pub(crate) references: BTreeSet<(TargetName, String)>,
    /// The targets in which an account of it would have to be read first.
    unread: BTreeSet<TargetName>,
}

impl Planned {
    /// What is to be done, and what was found about later and about accounts that belong to nobody.
    pub(crate) fn into_items_and_outlook(self) -> (Vec<PlanItem>, Outlook) {
        let IdentityPlan { items, leaving, look_again_at, matches, unsettled, forgotten, .. } = self.plan;
        let (references, unread) = (self.references, self.unread);
        (items, Outlook { leaving, look_again_at, references, matches, unsettled, forgotten, unread })
    }
}

impl Engine {
    /// Plans every identity against what is known of the targets, and changes nothing.
    ///
    /// # Errors
    /// A target's connector cannot be opened, or the store fails.
    pub async fn plan_everyone(
        &self,
        targets: Option<&BTreeSet<TargetName>>,
        progress: &dyn Progress,
    ) -> Result<PlanReport, EngineError> {
        let views = self.views().await?;
        let mut report = PlanReport::default();
        let mut reserved = Reserved::default();
        let mut page = PageRequest::first(self.settings.plan_batch);
        loop {
            let identities = self.store.identities(IdentityFilter::default(), page).await?;
            let Some(last) = identities.last().map(|identity| identity.id) else { break };
            let ids = identities.iter().map(|identity| identity.id).collect();
            let held = self.store.held_of(identities.iter().map(|identity| identity.id).collect()).await?;
            for mut planned in self.plan_after(ids, &views, &mut reserved).await? {
                guard::without_held(&mut planned.plan, &held);
                report.items.extend(planned.plan.items);
                report.notices.extend(planned.plan.notices);
            }
            progress.advance("identities planned", identities.len() as u64);
            page.after = Some(last);
        }
        if let Some(targets) = targets {
            report.items.retain(|item| targets.contains(&item.target));
            report.notices.retain(|notice| notice.target.as_ref().is_none_or(|target| targets.contains(target)));
        }
        Ok(report)
    }

    /// What planning must know about the targets. One that was never reached is left out.
    pub(crate) async fn views(&self) -> Result<BTreeMap<TargetName, TargetView>, EngineError> {
        let (views, left_out) = self.views_and_left_out().await?;
        // The other targets go on; such a one is planned once it has shown what it holds.
        for (name, error) in &left_out {
            warn!(target = %name, %error, "the target is left out of the plan");
            self.leave_out(name);
        }
        Ok(views)
    }

    /// What planning must know about the targets, and why some of them cannot be planned.
    pub(crate) async fn views_and_left_out(
        &self,
    ) -> Result<(BTreeMap<TargetName, TargetView>, BTreeMap<TargetName, String>), EngineError> {
        let (mut views, mut left_out) = (BTreeMap::new(), BTreeMap::new());
        for name in self.target_names() {
            match self.view(&name).await {
                Ok(view) => {
                    views.insert(name, view);
                }
                Err(EngineError::Store(error)) => return Err(error.into()),
                Err(error) => {
                    left_out.insert(name, error.to_string());
                }
            }
        }
        Ok((views, left_out))
    }

    /// Plans these identities from one snapshot of the store.
    pub(crate) async fn plan_batch(
        &self,
        ids: Vec<IdentityId>,
        views: &BTreeMap<TargetName, TargetView>,
    ) -> Result<Vec<Planned>, EngineError> {
        self.plan_after(ids, views, &mut Reserved::default()).await
    }

    /// Plans these identities after others that were planned and not enqueued: no two get the same name.
    async fn plan_after(
        &self,
        ids: Vec<IdentityId>,
        views: &BTreeMap<TargetName, TargetView>,
        reserved: &mut Reserved,
    ) -> Result<Vec<Planned>, EngineError> {
        let now = self.clock.now();
        let snapshots = self.fresh_snapshots(ids).await?;
        let (named, references) = self.asked(snapshots, now).await?;
        let mut planned = Vec::with_capacity(named.len());
        for (mut named, references) in named.into_iter().zip(references) {
            reserved.tell(&mut named);
            let plan = self.rules.plan_identity(&named.snapshot, views, now);
            reserved.note(&plan);
            let unread = self.unread(&named.snapshot.accounts);
            planned.push(Planned { identity: named.snapshot.identity.id, plan, references, unread });
        }
        Ok(planned)
    }

    /// What these identities are planned from, as known: nothing is read from a target, and nothing is recorded.
    pub(crate) async fn known_snapshots(&self, ids: Vec<IdentityId>) -> Result<Vec<IdentitySnapshot>, EngineError> {
        let now = self.clock.now();
        Ok(self.completed(self.store.snapshots(ids).await?, now).await?.0)
    }

    /// What is stored, with all that these rules ask for beside it, and the accounts that are referred to.
    pub(crate) async fn completed(
        &self,
        snapshots: Vec<StoredSnapshot>,
        now: Timestamp,
    ) -> Result<(Vec<IdentitySnapshot>, Vec<BTreeSet<(TargetName, String)>>), EngineError> {
        let (named, references) = self.asked(snapshots, now).await?;
        Ok((named.into_iter().map(|named| named.snapshot).collect(), references))
    }

    /// The same, with the names that were asked for.
    async fn asked(
        &self,
        snapshots: Vec<StoredSnapshot>,
        now: Timestamp,
    ) -> Result<(Vec<Named>, Vec<BTreeSet<(TargetName, String)>>), EngineError> {
        let mut snapshots = self.with_candidates(snapshots, now).await?;
        let references = self.add_references(&mut snapshots, now).await?;
        Ok((self.with_taken(snapshots, now).await?, references))
    }

    /// Adds the accounts that others refer to, as far as they are there. Returns all that are referred to.
    async fn add_references(
        &self,
        snapshots: &mut [IdentitySnapshot],
        now: Timestamp,
    ) -> Result<Vec<BTreeSet<(TargetName, String)>>, EngineError> {
        let references: Vec<_> =
            snapshots.iter().map(|snapshot| self.rules.references(&snapshot.identity, now)).collect();
        let mut questions = Vec::new();
        for (target, identity) in references.iter().flatten() {
            let class = self.target(target)?.class.clone();
            questions.push(ReferenceQuestion { identity: identity.clone(), target: target.clone(), class });
        }
        if questions.is_empty() {
            return Ok(references);
        }
        let mut answers = self.store.referred(questions).await?.into_iter();
        for (snapshot, references) in snapshots.iter_mut().zip(&references) {
            for ((target, identity), account) in references.iter().zip(answers.by_ref()) {
                if let Some(account) = account {
                    snapshot.references.entry(target.clone()).or_default().insert(identity.clone(), account);
                }
            }
        }
        Ok(references)
    }

    /// Snapshots for planning: an account that a write changed is read again first.
    async fn fresh_snapshots(&self, ids: Vec<IdentityId>) -> Result<Vec<StoredSnapshot>, EngineError> {
        let snapshots = self.store.snapshots(ids.clone()).await?;
        let stale: Vec<Account> = snapshots
            .iter()
            .flat_map(|snapshot| &snapshot.accounts)
            .filter(|account| must_be_read(account))
            .cloned()
            .collect();
        if stale.is_empty() || self.looks_only {
            return Ok(snapshots);
        }
        for account in &stale {
            if self.rests(&account.target).await? {
                continue;
            }
            match self.read_again(account).await {
                Ok(()) => self.turn(&account.target).answered(),
                Err(error) => {
                    warn!(target = %account.target, account = %account.id, %error, "an account cannot be read again yet");
                    self.give_room_after(&account.target, &error);
                }
            }
        }
        // An account that could not be read stays in the snapshot: planning leaves its target alone, and without it would
        // create a second account. Whoever plans for good comes back to it: see [`Engine::coming_back`].
        Ok(self.store.snapshots(ids).await?)
    }

    /// Reads one account from its target and records what is there.
    pub(crate) async fn read_again(&self, account: &Account) -> Result<(), EngineError> {
        let Some(remote_id) = &account.remote_id else { return Ok(()) };
        let session = self.target_session(&account.target).await?;
        self.read_object(self.store.as_ref(), &account.target, session.as_ref(), &account.class, remote_id).await
    }

    /// Reads one object by its primary id and records that it is like this, or gone.
    pub(crate) async fn read_object(
        &self,
        store: &dyn Store,
        name: &TargetName,
        session: &dyn Session,
        class: &str,
        remote_id: &str,
    ) -> Result<(), EngineError> {
        let classes = self.classes(name).await?;
        let Some(class) = classes.iter().find(|known| known.name == class) else { return Ok(()) };
        let key = ClassOfTarget { target: name.clone(), class: class.name.clone(), kind: class.kind };
        match session.get(&class.name, remote_id).await {
            Ok(object) => {
                let reader = Reader::new(&self.rules, name, self.target(name)?, class, &classes);
                let observation = reader.read(object).map_err(|fault| in_target(name, fault))?;
                store.record_observation(&key, observation, self.clock.now()).await?;
            }
            Err(fault) if fault.is_not_found() => {
                if let Some(until) = self.may_be_hidden(&key, class, remote_id).await? {
                    return Err(EngineError::NotShownYet { target: name.clone(), id: remote_id.to_owned(), until });
                }
                store.record_gone(&key, vec![remote_id.to_owned()], self.clock.now()).await?;
            }
            Err(fault) => return Err(in_target(name, fault)),
        }
        Ok(())
    }

    /// What to ask for the accounts of a target that an identity would recognise as its own, in order of trust, each with
    /// the place of its correlation rule.
    pub(crate) fn candidate_questions(
        &self,
        identity: &Identity,
        target: &TargetName,
        now: Timestamp,
    ) -> Result<Vec<(usize, CandidateQuestion)>, EngineError> {
        let class = &self.target(target)?.class;
        let question = |CorrelationValue { rule, attribute, value }| {
            (rule, CandidateQuestion { target: target.clone(), class: class.clone(), attribute, value })
        };
        Ok(self.rules.correlation_values(identity, target, now).into_iter().map(question).collect())
    }

    /// Looks for accounts that nobody linked, in every target where an identity has none: also where it should have none,
    /// so that an account that somebody would recognise never counts as one that belongs to nobody.
    async fn with_candidates(
        &self,
        snapshots: Vec<StoredSnapshot>,
        now: Timestamp,
    ) -> Result<Vec<IdentitySnapshot>, EngineError> {
        let mut askers = Vec::new();
        let mut asked = Vec::new();
        for (index, snapshot) in snapshots.iter().enumerate() {
            let granted = self.rules.targets_granted(&snapshot.identity, now);
            for target in self.rules.configuration().targets.keys() {
                let has_one = |account: &Account| account.target == *target && account.remote_id.is_some();
                if snapshot.accounts.iter().any(has_one) {
                    continue;
                }
                let questions = self.candidate_questions(&snapshot.identity, target, now)?;
                if !questions.is_empty() {
                    let (rules, questions) = questions.into_iter().unzip();
                    let granted = granted.contains(target);
                    askers.push(Asker {
                        index,
                        identity: snapshot.identity.id,
                        target: target.clone(),
                        rules,
                        granted,
                    });
                    asked.push(questions);
                }
            }
        }
        let answers = if asked.is_empty() { Vec::new() } else { self.store.candidates(asked).await? };
        let found: Vec<(Asker, Vec<Candidate>)> = askers
            .into_iter()
            .zip(answers)
            .map(|(asker, found)| {
                let candidates = found.into_iter().map(|one| candidate(&asker.rules, one)).collect();
                (asker, candidates)
            })
            .collect();
        Ok(self.merge(snapshots, found))
    }

    /// Puts what was found into the snapshots. What identities of the same batch claim counts as of now.
    fn merge(&self, snapshots: Vec<StoredSnapshot>, found: Vec<(Asker, Vec<Candidate>)>) -> Vec<IdentitySnapshot> {
        let batch: BTreeSet<IdentityId> = snapshots.iter().map(|snapshot| snapshot.identity.id).collect();
        let mut claims: BTreeMap<AccountId, BTreeSet<IdentityId>> = BTreeMap::new();
        for (asker, candidates) in found.iter().filter(|(asker, _)| asker.granted) {
            for candidate in candidates.iter().filter(|one| self.rules.is_definite(&asker.target, &one.rules)) {
                claims.entry(candidate.account.id).or_default().insert(asker.identity);
            }
        }
        let mut merged: Vec<IdentitySnapshot> = snapshots.into_iter().map(without_candidates).collect();
        for (asker, mut candidates) in found.into_iter().filter(|(_, candidates)| !candidates.is_empty()) {
            for candidate in &mut candidates {
                candidate.claimed_by.retain(|claimant| !batch.contains(claimant));
                candidate.claimed_by.extend(claims.get(&candidate.account.id).into_iter().flatten());
            }
            merged[asker.index].candidates.insert(asker.target, candidates);
        }
        merged
    }

    /// Answers the oldest wake-ups: plans the identities and writes the intents. Returns how many were answered.
    ///
    /// What would take too much away is held instead (see [`crate::guard`]).
    pub(crate) async fn answer_wakes(&self, progress: &dyn Progress) -> Result<u64, EngineError> {
        // Two that count at the same time would each see only half.
        let mut known = self.guarding.lock().await;
        self.store.wake_due(self.clock.now()).await?;
        if self.store.newest_wake().await?.is_none() {
            return Ok(0);
        }
        // Before the wake-ups are read, since a target that tells its classes for the first time wakes who has no account there.
        let views = self.views().await?;
        let wakes = self.store.wakes(self.settings.plan_batch).await?;
        let planning = tracing::info_span!("plan", identities = wakes.len());
        self.answer_these(wakes, &views, &mut known, progress).instrument(planning).await
    }

    async fn answer_these(
        &self,
        wakes: Vec<Wake>,
        views: &BTreeMap<TargetName, TargetView>,
        known: &mut guard::LookAhead,
        progress: &dyn Progress,
    ) -> Result<u64, EngineError> {
        self.enqueue_missing_entitlements(views).await?;
        let mut by_identity: BTreeMap<IdentityId, Wake> = wakes.iter().map(|wake| (wake.identity, *wake)).collect();
        let ids = wakes.iter().map(|wake| wake.identity).collect();
        let mut requests = Vec::with_capacity(wakes.len());
        let planned = self.plan_batch(ids, views).await?;
        let guarded = self.guard_wakes(&wakes, &planned, known, views).await?;
        for reason in guard::reasons(&guarded.excesses) {
            warn!("held for approval: {reason}");
        }
        for planned in planned {
            for notice in &planned.plan.notices {
                let place = notice.target.as_ref().map(TargetName::as_str);
                // What a notice says quotes values, which are not for the log.
                warn!(identity = %notice.identity, target = place, "something is left alone; `purser explain` with this id says why");
            }
            let wake = by_identity.remove(&planned.identity);
            let identity = planned.identity;
            let (items, outlook) = planned.into_items_and_outlook();
            let outlook = self.coming_back(identity, outlook);
            let Sorted { items, held } = guard::sort(items, &guarded.held_before, &guarded.excesses);
            let outlook = Some(outlook);
            requests.push(EnqueueRequest { identity, wake, plan: None, items, held, approved: false, outlook });
        }
        // A wake-up of an identity that is not there has nothing to say.
        requests.extend(by_identity.into_values().map(|wake| EnqueueRequest {
            identity: wake.identity,
            wake: Some(wake),
            plan: None,
            items: Vec::new(),
            held: Vec::new(),
            approved: false,
            outlook: None,
        }));
        progress.advance("identities planned", requests.len() as u64);
        self.store.enqueue(requests, self.clock.now()).await?;
        Ok(wakes.len() as u64)
    }

    /// Writes the intents to create what is declared with `create = true` and is not there.
    pub(crate) async fn enqueue_missing_entitlements(
        &self,
        views: &BTreeMap<TargetName, TargetView>,
    ) -> Result<(), EngineError> {
        for (target, view) in views {
            let declared = &self.target(target)?.entitlements;
            let wanted: Vec<EntitlementToCreate> = self
                .rules
                .plan_entitlements(target, view)
                .into_iter()
                .filter_map(|(name, operation)| {
                    let class = declared.get(&name)?.class.clone();
                    Some(EntitlementToCreate { class, name, operation })
                })
                .collect();
            if !wanted.is_empty() {
                self.store.enqueue_entitlements(target, wanted, self.clock.now()).await?;
            }
        }
        Ok(())
    }
}

/// Who asks for accounts in a target.
struct Asker {
    /// Where its snapshot stands.
    index: usize,
    identity: IdentityId,
    target: TargetName,
    /// The correlation rule of each question.
    rules: Vec<usize>,
    /// Whether it should have an account there.
    granted: bool,
}

fn candidate(rules: &[usize], found: FoundAccount) -> Candidate {
    let matched = found.answers.iter().filter_map(|place| rules.get(*place)).copied();
    Candidate { claimed_by: found.claimed_by, taken_from: found.taken_from, ..Candidate::new(found.account, matched) }
}

fn without_candidates(snapshot: StoredSnapshot) -> IdentitySnapshot {
    let StoredSnapshot { identity, accounts, decisions } = snapshot;
    IdentitySnapshot {
        identity,
        accounts,
        candidates: BTreeMap::new(),
        references: BTreeMap::new(),
        taken: BTreeMap::new(),
        decisions,
    }
}
