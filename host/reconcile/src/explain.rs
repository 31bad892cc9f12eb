//! Explaining one identity: the plan's steps from what is known, or from what the targets show now, with what the store
//! remembers. Nothing is planned to be done here, and of the identity and its accounts nothing is recorded.

use crate::engine::{Engine, EngineError, in_target};
use crate::observe::Reader;
use crate::unknown::find;
use jiff::Timestamp;
use purser_connector::{Fault, ReadOnly, Session};
use purser_model::Attributes;
use purser_model::account::{Account, Situation};
use purser_model::case::{Case, CaseState};
use purser_model::id::{AccountId, IdentityId, TargetName};
use purser_model::manifest::{ClassKind, ObjectClass};
use purser_model::operation::Operation;
use purser_plan::{Candidate, Explanation, IdentitySnapshot};
use purser_store::{
    CandidateQuestion, CaseFilter, ClassOfTarget, Held, IdentityFilter, Observation, OperationFilter, PageRequest,
    Sighting, StoreError,
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use uuid::Uuid;

/// Ended operations that are shown.
const LAST_OPERATIONS: usize = 10;
const PAGE: u32 = 200;

/// Why one identity has what it has, and what the store remembers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct IdentityExplained {
    /// The plan's steps.
    #[serde(flatten)]
    pub explanation: Explanation,
    /// When its accounts were last in a listing.
    pub sightings: Vec<Sighting>,
    /// What the guard holds of its accounts until a person decides, or what a person rejected.
    pub held: Vec<Held>,
    /// Doubtful matches that a person decides on, or decided on.
    pub cases: Vec<Case>,
    /// Operations that have not ended, newest first.
    pub open_operations: Vec<Operation>,
    /// The last ones that ended, newest first.
    pub last_operations: Vec<Operation>,
    /// Targets that could not be asked, with the reason.
    pub not_read: BTreeMap<TargetName, String>,
}

impl Engine {
    /// The identity of this `source/key` or id.
    ///
    /// # Errors
    /// There is none.
    pub async fn find_identity(&self, reference: &str) -> Result<IdentityId, EngineError> {
        if let Some((source, key)) = reference.split_once('/')
            && let Ok(source) = source.parse()
        {
            let filter =
                IdentityFilter { source: Some(source), key: Some(key.to_owned()), ..IdentityFilter::default() };
            if let Some(found) = self.store.identities(filter, PageRequest::first(1)).await?.first() {
                return Ok(found.id);
            }
        }
        match reference.parse() {
            Ok(id) => Ok(self.store.identity(id).await?.id),
            Err(_) => Err(StoreError::NotFound { what: "identity", id: reference.to_owned() }.into()),
        }
    }

    /// Explains one identity from what is known, in all targets or in one.
    ///
    /// # Errors
    /// The identity is not known, the target is not declared, or the store fails.
    pub async fn explain(
        &self,
        identity: IdentityId,
        target: Option<&TargetName>,
    ) -> Result<IdentityExplained, EngineError> {
        let snapshot = self.known_snapshot(identity).await?;
        self.explain_snapshot(&snapshot, target, BTreeMap::new()).await
    }

    /// Explains one identity from what the targets show now. What they show is not recorded.
    ///
    /// # Errors
    /// As [`Engine::explain`]. A target that cannot be asked is named in the answer and left alone.
    pub async fn explain_afresh(
        &self,
        identity: IdentityId,
        target: Option<&TargetName>,
    ) -> Result<IdentityExplained, EngineError> {
        let mut snapshot = self.known_snapshot(identity).await?;
        let mut not_read = BTreeMap::new();
        for name in self.concerned(&snapshot, target)? {
            match self.look_into(&name, &mut snapshot).await {
                Ok(()) => {}
                Err(EngineError::Store(error)) => return Err(error.into()),
                Err(error) => {
                    distrust(&mut snapshot, &name);
                    not_read.insert(name, error.to_string());
                }
            }
        }
        self.explain_snapshot(&snapshot, target, not_read).await
    }

    async fn explain_snapshot(
        &self,
        snapshot: &IdentitySnapshot,
        target: Option<&TargetName>,
        not_read: BTreeMap<TargetName, String>,
    ) -> Result<IdentityExplained, EngineError> {
        let identity = snapshot.identity.id;
        let only = target.map(|name| self.target(name).map(|_| name)).transpose()?;
        let views = self.views().await?;
        let mut explanation = self.rules.explain_identity(snapshot, &views, self.clock.now());
        explanation.targets.retain(|explained| only.is_none_or(|only| explained.target == *only));
        let operations = self.operations_of(identity, only).await?;
        let (ended, open): (Vec<_>, Vec<_>) = operations.into_iter().partition(|operation| operation.state.is_final());
        Ok(IdentityExplained {
            explanation,
            sightings: self.store.sightings(identity).await?,
            held: self.held_of_identity(identity, only).await?,
            cases: self.cases_of(identity, only).await?,
            open_operations: open,
            last_operations: ended.into_iter().take(LAST_OPERATIONS).collect(),
            not_read,
        })
    }

    async fn held_of_identity(
        &self,
        identity: IdentityId,
        target: Option<&TargetName>,
    ) -> Result<Vec<Held>, EngineError> {
        let mut held = self.store.held_of(vec![identity]).await?;
        held.retain(|held| target.is_none_or(|only| held.item.target == *only));
        Ok(held)
    }

    /// Those that are not closed.
    async fn cases_of(&self, identity: IdentityId, target: Option<&TargetName>) -> Result<Vec<Case>, EngineError> {
        let filter = CaseFilter { target: target.cloned(), identity: Some(identity), ..CaseFilter::default() };
        let mut cases = self.store.cases(filter, PageRequest::first(PAGE)).await?;
        cases.retain(|case| case.state != CaseState::Closed);
        Ok(cases)
    }

    /// The newest operations of an identity, newest first.
    pub(crate) async fn operations_of(
        &self,
        identity: IdentityId,
        target: Option<&TargetName>,
    ) -> Result<Vec<Operation>, EngineError> {
        let filter =
            OperationFilter { identity: Some(identity), target: target.cloned(), ..OperationFilter::default() };
        Ok(self.store.operations(filter, PageRequest::first(PAGE)).await?)
    }

    async fn known_snapshot(&self, identity: IdentityId) -> Result<IdentitySnapshot, EngineError> {
        let snapshots = self.known_snapshots(vec![identity]).await?;
        let missing = || StoreError::NotFound { what: "identity", id: identity.to_string() };
        Ok(snapshots.into_iter().next().ok_or_else(missing)?)
    }

    /// The declared targets in which the identity has an account or should have one.
    pub(crate) fn concerned(
        &self,
        snapshot: &IdentitySnapshot,
        target: Option<&TargetName>,
    ) -> Result<BTreeSet<TargetName>, EngineError> {
        if let Some(name) = target {
            self.target(name)?;
        }
        let mut concerned = self.rules.targets_granted(&snapshot.identity, self.clock.now());
        concerned.extend(snapshot.accounts.iter().map(|account| account.target.clone()));
        concerned.retain(|name| self.target(name).is_ok() && target.is_none_or(|only| only == name));
        Ok(concerned)
    }

    /// Brings a snapshot to what a target shows now.
    async fn look_into(&self, name: &TargetName, snapshot: &mut IdentitySnapshot) -> Result<(), EngineError> {
        let session = ReadOnly(self.target_session(name).await?);
        let mut looked_for = true;
        for account in snapshot.accounts.iter_mut().filter(|account| account.target == *name) {
            let Some(remote_id) = account.remote_id.clone() else { continue };
            looked_for = false;
            match session.get(&account.class, &remote_id).await {
                Ok(object) => {
                    let observation = self.read_into(name, &account.class, object).await?;
                    overlay(account, observation);
                }
                Err(fault) if fault.is_not_found() => gone(account),
                Err(fault) => return Err(in_target(name, fault)),
            }
        }
        if looked_for {
            for candidate in self.look_for(name, &session, snapshot).await? {
                let known = snapshot.candidates.entry(name.clone()).or_default();
                known.retain(|one| one.account.remote_id != candidate.account.remote_id);
                known.push(candidate);
            }
        }
        Ok(())
    }

    /// Accounts that the identity would recognise as its own, as the target shows them now.
    async fn look_for(
        &self,
        name: &TargetName,
        session: &dyn Session,
        snapshot: &IdentitySnapshot,
    ) -> Result<Vec<Candidate>, EngineError> {
        let known = snapshot.candidates.get(name).map_or(&[][..], Vec::as_slice);
        let questions = self.candidate_questions(&snapshot.identity, name, self.clock.now())?;
        let mut found: BTreeMap<String, Candidate> = BTreeMap::new();
        for object in self.recognisable(name, session, &snapshot.identity).await? {
            let class = self.target(name)?.class.clone();
            let key = ClassOfTarget { target: name.clone(), class: class.clone(), kind: ClassKind::Account };
            let recorded = self.store.digests(&key, vec![object.id.clone()]).await?;
            let candidate = known.iter().find(|one| one.account.remote_id.as_deref() == Some(&object.id)).cloned();
            let mut candidate = match candidate {
                Some(candidate) => candidate,
                // It is known and no candidate: it belongs to somebody.
                None if recorded.contains_key(&object.id) => continue,
                None => Candidate::new(unknown_account(name, &class), []),
            };
            let remote_id = object.id.clone();
            let observation = self.read_into(name, &class, object).await?;
            let matched = questions.iter().filter(|(_, question)| answers(&observation, question));
            candidate.rules = matched.map(|(rule, _)| *rule).collect();
            overlay(&mut candidate.account, observation);
            found.insert(remote_id, candidate);
        }
        Ok(found.into_values().collect())
    }

    /// The objects that a target shows for what the identity would recognise an account by.
    pub(crate) async fn recognisable(
        &self,
        name: &TargetName,
        session: &dyn Session,
        identity: &purser_model::identity::Identity,
    ) -> Result<Vec<purser_model::object::Object>, EngineError> {
        let mut found = Vec::new();
        for (_, question) in self.candidate_questions(identity, name, self.clock.now())? {
            let object = find(session, &question.class, &question.attribute, &question.value).await;
            found.extend(object.map_err(|fault| in_target(name, fault))?);
        }
        Ok(found)
    }

    /// Reads an object of an account's class.
    pub(crate) async fn read_into(
        &self,
        name: &TargetName,
        class: &str,
        object: purser_model::object::Object,
    ) -> Result<Observation, EngineError> {
        let classes: Arc<Vec<ObjectClass>> = self.classes(name).await?;
        let missing = || Fault::BrokenContract(format!("the target has no class `{class}` any more"));
        let class = classes.iter().find(|known| known.name == class).ok_or_else(missing);
        let class = class.map_err(|fault| in_target(name, fault))?;
        let reader = Reader::new(&self.rules, name, self.target(name)?, class, &classes);
        reader.read(object).map_err(|fault| in_target(name, fault))
    }
}

/// An account that nobody has recorded yet; it has no id of our own.
fn unknown_account(target: &TargetName, class: &str) -> Account {
    Account {
        id: AccountId(Uuid::nil()),
        target: target.clone(),
        class: class.to_owned(),
        remote_id: None,
        identity: None,
        situation: Situation::Unlinked,
        secondary_ids: Vec::new(),
        version: None,
        active: None,
        attributes: "{}".to_owned(),
        digest: None,
        pushed: Attributes::new(),
        held: BTreeSet::new(),
        leaving_since: None::<Timestamp>,
        gone_since: None,
        protected_because: None,
        deletion_cancelled: false,
    }
}

/// Whether an object has the value that is asked for; case is folded.
fn answers(observation: &Observation, question: &CandidateQuestion) -> bool {
    observation.keys.iter().any(|(attribute, value)| {
        attribute.eq_ignore_ascii_case(&question.attribute) && value.to_lowercase() == question.value.to_lowercase()
    })
}

/// The account as it was just seen.
fn overlay(account: &mut Account, observation: Observation) {
    let Observation { object, digest, held, protected_because, .. } = observation;
    account.protected_because = protected_because;
    account.remote_id = Some(object.id);
    account.secondary_ids = object.secondary_ids;
    account.version = object.version;
    account.active = object.active;
    account.attributes = object.attributes;
    account.digest = Some(digest);
    if account.situation == Situation::Missing {
        account.situation = Situation::Linked;
    }
    if let Some(held) = held {
        account.held.retain(|key| !held.classes.contains(&key.class));
        account.held.extend(held.entitlements);
    }
}

/// The account is not in the target.
fn gone(account: &mut Account) {
    account.situation = Situation::Missing;
    (account.remote_id, account.version, account.active, account.digest) = (None, None, None, None);
    account.attributes = "{}".to_owned();
    account.pushed.clear();
    account.held.clear();
}

/// What could not be read is not trusted.
fn distrust(snapshot: &mut IdentitySnapshot, name: &TargetName) {
    let accounts = snapshot.accounts.iter_mut().filter(|account| account.target == *name);
    accounts.for_each(|account| account.digest = None);
}
