//! The attributes that an account should have, by its mappings.

use crate::attributes::{Described, NotWritable, describe, insert, member};
use crate::compare::in_contract_form;
use crate::outcome::TakenValues;
use crate::references::{Referred, Resolved, resolve};
use crate::rules::{MappingRule, TargetRules};
use crate::subject::Subject;
use crate::unique::{self, Holder, NoValue};
use purser_model::Attributes;
use purser_model::configuration::{Mapping, NullPolicy, Strength};
use purser_model::manifest::ObjectClass;
use serde_json::Value;

/// What one mapping gives for one identity.
#[derive(Debug)]
pub(crate) struct DesiredAttribute<'a> {
    pub(crate) mapping: &'a Mapping,
    pub(crate) described: Described,
    /// None: the account should have no value.
    pub(crate) value: Option<Value>,
}

impl<'a> DesiredAttribute<'a> {
    /// As the mapping names it.
    pub(crate) fn name(&self) -> &'a str {
        &self.mapping.attribute
    }

    pub(crate) fn strength(&self) -> Strength {
        self.mapping.strength
    }
}

/// A mapping that cannot be evaluated for this identity.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("mapping `{attribute}` = \"{expression}\" fails: {cause}")]
pub(crate) struct MappingFault {
    pub(crate) attribute: String,
    expression: String,
    pub(crate) cause: String,
}

impl MappingFault {
    fn of(rule: &MappingRule, cause: &dyn std::fmt::Display) -> Self {
        Self {
            attribute: rule.declared.attribute.clone(),
            expression: rule.expression.text().to_owned(),
            cause: cause.to_string(),
        }
    }
}

/// A mapping that writes nothing, while the others hold.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("mapping `{attribute}` is left out: {cause}")]
pub(crate) struct MappingLeftOut {
    pub(crate) attribute: String,
    pub(crate) cause: String,
}

/// What is known of the account that the attributes are for.
#[derive(Clone, Copy)]
pub(crate) enum Account<'a> {
    /// It is to be created.
    New,
    /// It is there.
    There(Holder<'a>),
}

/// What is known of the accounts of others in the target.
#[derive(Clone, Copy)]
pub(crate) struct Others<'a> {
    /// Those that may be referred to.
    pub(crate) referred: &'a Referred,
    /// Values of unique attributes that they have.
    pub(crate) taken: &'a TakenValues,
}

/// The desired attributes of an account.
#[derive(Debug, Default)]
pub(crate) struct Desired<'a> {
    pub(crate) attributes: Vec<DesiredAttribute<'a>>,
    /// Mappings that write nothing; the others hold without them.
    pub(crate) left_out: Vec<MappingLeftOut>,
    /// References to accounts that are not there yet; the attribute stays as it is until then.
    pub(crate) late: Vec<LateReference<'a>>,
    /// What was written before and stays on record, since the mapping says nothing about it now.
    retained: Attributes,
}

/// A reference to accounts that are not there yet.
#[derive(Debug)]
pub(crate) struct LateReference<'a> {
    /// As the mapping names it.
    pub(crate) attribute: &'a str,
    /// The identities without an account, as `source/key`.
    pub(crate) identities: Vec<String>,
}

impl<'a> Desired<'a> {
    /// Evaluates every mapping of a target that says something about this account: what is written on create only says
    /// nothing about one that is there.
    ///
    /// # Errors
    /// Every mapping that fails; then nothing is known about the account as a whole.
    pub(crate) fn derive(
        subject: &Subject<'_>,
        rules: &'a TargetRules,
        class: &ObjectClass,
        account: Account<'_>,
        others: &Others<'_>,
    ) -> Result<Self, Vec<MappingFault>> {
        let mut deriving = Deriving { desired: Self::default(), faults: Vec::new(), account };
        let mut unique = Vec::new();
        for rule in &rules.mappings {
            match describe(class, &rule.declared.attribute) {
                Err(cause) => deriving.leave_out(rule, cause),
                Ok(described) if deriving.is_settled(rule, &described) => deriving.retain(rule),
                Ok(described) if rule.declared.unique && described.traits.multi_valued => {
                    deriving.faults.push(MappingFault::of(rule, &"it is unique, and the attribute is a list"));
                }
                Ok(described) if rule.declared.unique => unique.push((rule, described)),
                Ok(described) => match rule.expression.evaluate(&subject.scope) {
                    Ok(value) => deriving.refer(rule, described, value, subject, others.referred),
                    Err(error) => deriving.faults.push(MappingFault::of(rule, &error)),
                },
            }
        }
        deriving.choose(&unique, subject, others.taken);
        if deriving.faults.is_empty() { Ok(deriving.desired) } else { Err(deriving.faults) }
    }

    /// The attributes of a new account: whatever has a value, complex attributes nested.
    pub(crate) fn for_create(&self) -> Attributes {
        let mut attributes = Attributes::new();
        for attribute in &self.attributes {
            if let Some(value) = &attribute.value {
                insert(&mut attributes, attribute.name(), value.clone());
            }
        }
        attributes
    }

    /// The values that are kept with the account once they are written: those of strong and normal mappings, by the name
    /// that the mapping gives.
    pub(crate) fn pushed(&self) -> Attributes {
        let kept = self.attributes.iter().filter(|attribute| attribute.strength() != Strength::Weak);
        let given = kept.filter_map(|attribute| Some((attribute.name().to_owned(), attribute.value.clone()?)));
        self.retained.clone().into_iter().chain(given).collect()
    }
}

struct Deriving<'a, 'h> {
    desired: Desired<'a>,
    faults: Vec<MappingFault>,
    account: Account<'h>,
}

impl<'a> Deriving<'a, '_> {
    /// Whether nothing is to be done whatever the mapping gives.
    fn is_settled(&self, rule: &MappingRule, described: &Described) -> bool {
        let there = matches!(self.account, Account::There(_));
        there && (rule.declared.create_only || (rule.declared.unique && described.traits.immutable))
    }

    fn leave_out(&mut self, rule: &MappingRule, cause: NotWritable) {
        self.leave_out_because(rule, cause.to_string());
    }

    fn leave_out_because(&mut self, rule: &MappingRule, cause: String) {
        self.desired.left_out.push(MappingLeftOut { attribute: rule.declared.attribute.clone(), cause });
    }

    /// Gives the value, or what it refers to.
    fn refer(
        &mut self,
        rule: &'a MappingRule,
        described: Described,
        value: Option<Value>,
        subject: &Subject<'_>,
        referred: &Referred,
    ) {
        let Some(by) = &rule.declared.refers_by else { return self.give(rule, described, value) };
        match resolve(subject, value, by, referred) {
            Resolved::Value(value) => self.give(rule, described, value),
            Resolved::Late(identities) => {
                self.desired.late.push(LateReference { attribute: &rule.declared.attribute, identities });
                self.retain(rule);
            }
        }
    }

    fn give(&mut self, rule: &'a MappingRule, described: Described, value: Option<Value>) {
        if value.is_none() && rule.declared.null == NullPolicy::Keep {
            return self.retain(rule);
        }
        let value = value.map(|value| in_contract_form(value, &described));
        self.desired.attributes.push(DesiredAttribute { mapping: &rule.declared, described, value });
    }

    fn retain(&mut self, rule: &MappingRule) {
        let Account::There(holder) = self.account else { return };
        let name = &rule.declared.attribute;
        if let Some(value) = member(holder.pushed, name) {
            self.desired.retained.insert(name.clone(), value.clone());
        }
    }

    /// An account that is there goes on without the new value where none is free; a new one does not come into being.
    fn choose(&mut self, mappings: &[(&'a MappingRule, Described)], subject: &Subject<'_>, taken: &TakenValues) {
        let holder = match self.account {
            Account::New => None,
            Account::There(holder) => Some(holder),
        };
        for chosen in unique::choose(mappings.iter().map(|(rule, _)| *rule), subject, holder, taken) {
            let rule = chosen.rule;
            match chosen.value {
                Ok(value) => {
                    let described = mappings.iter().find(|(known, _)| std::ptr::eq(*known, rule));
                    let Some((_, described)) = described else { continue };
                    self.give(rule, *described, value);
                }
                Err(cause @ (NoValue::Exhausted(_) | NoValue::OnlyOneTaken)) if holder.is_some() => {
                    self.leave_out_because(rule, cause.to_string());
                    self.retain(rule);
                }
                Err(cause) => self.faults.push(MappingFault::of(rule, &cause)),
            }
        }
    }
}
