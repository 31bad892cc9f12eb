//! The attributes that an account should have, by its mappings.

use crate::attributes::{Described, NotWritable, describe, insert, member};
use crate::compare::in_contract_form;
use crate::references::{Referred, Resolved, resolve};
use crate::rules::TargetRules;
use crate::subject::Subject;
use purser_model::Attributes;
use purser_model::configuration::Strength;
use purser_model::manifest::ObjectClass;
use serde_json::Value;

/// What one mapping gives for one identity.
#[derive(Debug)]
pub(crate) struct DesiredAttribute<'a> {
    /// As the mapping names it.
    pub(crate) name: &'a str,
    pub(crate) strength: Strength,
    pub(crate) described: Described,
    /// None: the account should have no value.
    pub(crate) value: Option<Value>,
}

/// A mapping that cannot be evaluated for this identity.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("mapping `{attribute}` = \"{expression}\" fails: {cause}")]
pub(crate) struct MappingFault {
    pub(crate) attribute: String,
    expression: String,
    pub(crate) cause: String,
}

/// A mapping that this class cannot take.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("mapping `{attribute}` is left out: {cause}")]
pub(crate) struct MappingLeftOut {
    pub(crate) attribute: String,
    pub(crate) cause: NotWritable,
}

/// The desired attributes of an account.
#[derive(Debug, Default)]
pub(crate) struct Desired<'a> {
    pub(crate) attributes: Vec<DesiredAttribute<'a>>,
    /// Mappings that the class cannot take; the others hold without them.
    pub(crate) left_out: Vec<MappingLeftOut>,
    /// References to accounts that are not there yet; the attribute stays as it is until then.
    pub(crate) late: Vec<LateReference<'a>>,
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
    /// Evaluates every mapping of a target.
    ///
    /// # Errors
    /// Every mapping that fails; then nothing is known about the account as a whole.
    pub(crate) fn derive(
        subject: &Subject<'_>,
        rules: &'a TargetRules,
        class: &ObjectClass,
        referred: &Referred,
    ) -> Result<Self, Vec<MappingFault>> {
        let mut desired = Self::default();
        let mut faults = Vec::new();
        for mapping in &rules.mappings {
            let name = &mapping.attribute;
            match (describe(class, name), mapping.expression.evaluate(&subject.scope)) {
                (Err(cause), _) => desired.left_out.push(MappingLeftOut { attribute: name.clone(), cause }),
                (Ok(_), Err(error)) => faults.push(MappingFault {
                    attribute: name.clone(),
                    expression: mapping.expression.text().to_owned(),
                    cause: error.to_string(),
                }),
                (Ok(described), Ok(value)) => {
                    let value = match mapping.refers_by.as_ref().map(|by| resolve(subject, value.clone(), by, referred))
                    {
                        None => value,
                        Some(Resolved::Value(value)) => value,
                        Some(Resolved::Late(identities)) => {
                            desired.late.push(LateReference { attribute: name, identities });
                            continue;
                        }
                    };
                    let value = value.map(|value| in_contract_form(value, &described));
                    desired.attributes.push(DesiredAttribute { name, strength: mapping.strength, described, value });
                }
            }
        }
        if faults.is_empty() { Ok(desired) } else { Err(faults) }
    }

    /// The attributes of a new account: whatever has a value, complex attributes nested.
    pub(crate) fn for_create(&self) -> Attributes {
        let mut attributes = Attributes::new();
        for attribute in &self.attributes {
            if let Some(value) = &attribute.value {
                insert(&mut attributes, attribute.name, value.clone());
            }
        }
        attributes
    }

    /// The values that are kept with the account once they are written: those of strong and normal mappings, by the name
    /// that the mapping gives.
    pub(crate) fn pushed(&self) -> Attributes {
        let kept = self.attributes.iter().filter(|attribute| attribute.strength != Strength::Weak);
        kept.filter_map(|attribute| Some((attribute.name.to_owned(), attribute.value.clone()?))).collect()
    }

    /// The same for an account that is there: what a late reference wrote before stays known.
    pub(crate) fn pushed_over(&self, before: &Attributes) -> Attributes {
        let late =
            self.late.iter().filter_map(|late| Some((late.attribute.to_owned(), member(before, late.attribute)?)));
        late.map(|(name, value)| (name, value.clone())).chain(self.pushed()).collect()
    }
}
