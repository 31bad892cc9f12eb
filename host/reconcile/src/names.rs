//! Names that no two accounts of a target may have: what others have is asked for before an identity is planned, and what
//! it gets is told to those that are planned after it.

use crate::engine::{Engine, EngineError};
use crate::execute::Bench;
use crate::observe::values_at;
use jiff::Timestamp;
use purser_model::Attributes;
use purser_model::account::{Account, Situation};
use purser_model::id::{IdentityId, TargetName};
use purser_model::operation::Operation;
use purser_plan::{IdentityPlan, IdentitySnapshot};
use purser_store::TakenQuestion;
use std::collections::BTreeMap;

/// A snapshot, and the values that were asked for to complete it.
pub(crate) struct Named {
    pub(crate) snapshot: IdentitySnapshot,
    asked: Vec<TakenQuestion>,
}

/// By which attributes accounts of a target are found.
pub(crate) struct KeysOfAccounts {
    setting: String,
    declared: String,
    /// Whether they were others when the accounts were last read.
    pub(crate) changed: bool,
}

/// What identities planned before will get, by target, attribute and value.
#[derive(Debug, Default)]
pub(crate) struct Reserved(BTreeMap<(TargetName, String, String), IdentityId>);

impl Reserved {
    /// Tells a snapshot what was planned for others.
    pub(crate) fn tell(&self, named: &mut Named) {
        if self.0.is_empty() {
            return;
        }
        for question in &named.asked {
            for value in &question.values {
                let place = (question.target.clone(), question.attribute.to_lowercase(), value.to_lowercase());
                if self.0.get(&place).is_some_and(|owner| *owner != question.identity) {
                    let taken = named.snapshot.taken.entry(question.target.clone()).or_default();
                    taken.insert(&question.attribute, value);
                }
            }
        }
    }

    /// Notes what an identity will get.
    pub(crate) fn note(&mut self, plan: &IdentityPlan) {
        for item in &plan.items {
            for (attribute, value) in &item.claims {
                let place = (item.target.clone(), attribute.to_lowercase(), value.to_lowercase());
                self.0.insert(place, item.identity);
            }
        }
    }
}

impl Engine {
    /// Asks which of the values that identities may get are taken.
    pub(crate) async fn with_taken(
        &self,
        snapshots: Vec<IdentitySnapshot>,
        now: Timestamp,
    ) -> Result<Vec<Named>, EngineError> {
        let mut named = Vec::with_capacity(snapshots.len());
        for snapshot in snapshots {
            let asked = self.unique_questions(&snapshot, now)?;
            named.push(Named { snapshot, asked });
        }
        let questions: Vec<TakenQuestion> = named.iter().flat_map(|named| named.asked.clone()).collect();
        if questions.is_empty() {
            return Ok(named);
        }
        let mut answers = self.store.taken(questions).await?.into_iter();
        for Named { snapshot, asked } in &mut named {
            for (question, values) in asked.iter().zip(&mut answers) {
                let taken = snapshot.taken.entry(question.target.clone()).or_default();
                values.iter().for_each(|value| taken.insert(&question.attribute, value));
            }
        }
        Ok(named)
    }

    /// Accounts are found by the attributes that were declared when they were last read: where these changed, even an
    /// account that looks as it did is read again.
    pub(crate) async fn keys_of_accounts(&self, target: &TargetName) -> Result<KeysOfAccounts, EngineError> {
        let setting = format!("keys of {target}");
        let declared = self.rules.key_attributes(target).join(" ");
        let kept = self.store.setting(&setting).await?;
        let read_with = kept.unwrap_or_else(|| self.rules.correlation_attributes(target).join(" "));
        Ok(KeysOfAccounts { changed: read_with != declared, setting, declared })
    }

    /// Notes that every account was read with these.
    pub(crate) async fn keep_keys_of_accounts(&self, keys: KeysOfAccounts) -> Result<(), EngineError> {
        Ok(self.store.keep_setting(&keys.setting, &keys.declared, self.clock.now()).await?)
    }

    fn unique_questions(&self, snapshot: &IdentitySnapshot, now: Timestamp) -> Result<Vec<TakenQuestion>, EngineError> {
        if !self.rules.has_unique_attributes() {
            return Ok(Vec::new());
        }
        let identity = &snapshot.identity;
        let mut questions = Vec::new();
        for target in self.rules.targets_granted(identity, now) {
            let class = &self.target(&target)?.class;
            // One that may be adopted is not known to be the identity's yet: then every value is asked for.
            let is_there = |account: &&Account| {
                account.target == target && account.remote_id.is_some() && account.situation != Situation::Missing
            };
            let account = snapshot.accounts.iter().find(is_there);
            let values = self.rules.unique_values(identity, &target, account, now);
            questions.extend(values.into_iter().map(|values| TakenQuestion {
                target: target.clone(),
                class: account.map_or_else(|| class.clone(), |account| account.class.clone()),
                attribute: values.attribute,
                values: values.values,
                identity: identity.id,
            }));
        }
        Ok(questions)
    }

    /// Whether somebody else has a unique value that this operation was to write, as far as is known by now. Then the next
    /// plan gives another value, so that this ends: each refusal leaves one value fewer to try.
    pub(crate) async fn lost_a_name(
        &self,
        bench: &Bench,
        operation: &Operation,
        attributes: &Attributes,
    ) -> Result<bool, EngineError> {
        let Some(identity) = operation.identity else { return Ok(false) };
        let question = |attribute: String| TakenQuestion {
            target: bench.name.clone(),
            class: operation.class.clone(),
            values: values_at(attributes, &attribute),
            attribute,
            identity,
        };
        let questions: Vec<_> = self.rules.unique_attributes(&bench.name).into_iter().map(question).collect();
        if questions.is_empty() {
            return Ok(false);
        }
        Ok(self.store.taken(questions).await?.iter().any(|values| !values.is_empty()))
    }
}
