//! Values that no two accounts of a target may have, such as user names: which of the possible ones an account gets.
//!
//! An expression with the variable `iteration` gives one possible value after the other: `''` first, then `'2'`, `'3'` and so
//! on. An account keeps the value that it has as long as it is a possible one, and the one that was written to it last. A
//! new value is the first that nobody has; all unique mappings of a target take it from the same iteration where they can,
//! so that user name and e-mail address fit together.

use crate::attributes::{lookup, member};
use crate::expression::{EvaluationError, Expression, text_value};
use crate::outcome::{TakenValues, UniqueValues};
use crate::rules::{MappingRule, TargetRules, searchable};
use crate::subject::Subject;
use purser_model::Attributes;
use purser_model::account::Account;
use purser_model::object::SecondaryId;
use serde_json::Value;
use std::collections::BTreeSet;

/// Most values that are tried for one attribute.
pub(crate) const MOST_ITERATIONS: usize = 20;

/// The variable that tells possible values apart.
pub(crate) const ITERATION: &str = "iteration";

/// What is known of the account that is to have the values.
#[derive(Clone, Copy)]
pub(crate) struct Holder<'a> {
    pub(crate) actual: &'a Attributes,
    pub(crate) secondary_ids: &'a [SecondaryId],
    pub(crate) pushed: &'a Attributes,
}

/// Why an attribute gets no value.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoValue {
    #[error(transparent)]
    Failed(#[from] EvaluationError),
    #[error("it is unique and gives a list or an object: give one text")]
    NotOneValue,
    #[error("its only possible value belongs to another account; use `iteration` to give more")]
    OnlyOneTaken,
    #[error("each of its {0} possible values belongs to another account")]
    Exhausted(usize),
}

/// What became of one unique mapping.
pub(crate) struct Chosen<'a> {
    pub(crate) rule: &'a MappingRule,
    /// None: the mapping gives no value.
    pub(crate) value: Result<Option<Value>, NoValue>,
}

/// Chooses a value for each of these mappings.
pub(crate) fn choose<'a>(
    mappings: impl Iterator<Item = &'a MappingRule>,
    subject: &Subject<'_>,
    holder: Option<Holder<'_>>,
    taken: &TakenValues,
) -> Vec<Chosen<'a>> {
    let mut kept_iterations = Vec::new();
    let mut open = Vec::new();
    let mut chosen = Vec::new();
    for rule in mappings {
        match Possible::of(rule, subject, holder.as_ref()) {
            Err(fault) => chosen.push(Chosen { rule, value: Err(fault) }),
            Ok(possible) => match possible.kept(holder.as_ref(), taken) {
                Some(iteration) => {
                    kept_iterations.push(iteration);
                    chosen.push(Chosen { rule, value: Ok(Some(possible.values[iteration].clone())) });
                }
                None if possible.values.is_empty() => chosen.push(Chosen { rule, value: Ok(None) }),
                None => open.push(possible),
            },
        }
    }
    let order = kept_iterations.into_iter().chain(0..MOST_ITERATIONS);
    let all_free = |iteration: &usize| open.iter().all(|possible| possible.is_free(*iteration, taken));
    let together = order.clone().find(all_free);
    for possible in open {
        let alone = || order.clone().find(|iteration| possible.is_free(*iteration, taken));
        let value = match together.or_else(alone) {
            Some(iteration) => Ok(Some(possible.at(iteration).clone())),
            None if possible.values.len() == 1 => Err(NoValue::OnlyOneTaken),
            None => Err(NoValue::Exhausted(possible.values.len())),
        };
        chosen.push(Chosen { rule: possible.rule, value });
    }
    chosen
}

/// The values that must be known to be free or taken before this identity is planned: none for an attribute that keeps
/// its value.
pub(crate) fn questions(rules: &TargetRules, subject: &Subject<'_>, account: Option<&Account>) -> Vec<UniqueValues> {
    let attributes: Option<Attributes> = account.and_then(|account| serde_json::from_str(&account.attributes).ok());
    let holder = account.zip(attributes.as_ref()).map(|(account, actual)| Holder {
        actual,
        secondary_ids: &account.secondary_ids,
        pushed: &account.pushed,
    });
    let asked = rules.mappings.iter().filter(|rule| rule.is_unique_for(holder.is_none()));
    let question = |rule: &MappingRule| {
        let possible = Possible::of(rule, subject, holder.as_ref()).ok()?;
        let is_held = holder.as_ref().is_some_and(|holder| possible.held(holder).is_some());
        let values: BTreeSet<String> = possible.values.iter().filter_map(searchable).collect();
        (!is_held && !values.is_empty())
            .then(|| UniqueValues { attribute: rule.declared.attribute.clone(), values: values.into_iter().collect() })
    };
    asked.filter_map(question).collect()
}

/// The possible values of one mapping, by iteration. One that does not vary has only the first.
struct Possible<'a> {
    rule: &'a MappingRule,
    values: Vec<Value>,
}

impl<'a> Possible<'a> {
    /// Where the account has one of them, no further ones are looked for: it keeps it.
    fn of(rule: &'a MappingRule, subject: &Subject<'_>, holder: Option<&Holder<'_>>) -> Result<Self, NoValue> {
        let count = if rule.expression.uses(ITERATION) { MOST_ITERATIONS } else { 1 };
        let mut possible = Self { rule, values: Vec::with_capacity(count) };
        for iteration in 0..count {
            let Some(value) = evaluate(&rule.expression, subject, iteration)? else { break };
            if searchable(&value).is_none() {
                return Err(NoValue::NotOneValue);
            }
            possible.values.push(value);
            if holder.is_some_and(|holder| possible.held(holder).is_some()) {
                break;
            }
        }
        Ok(possible)
    }

    /// The value of an iteration; one that does not vary has the same in each.
    fn at(&self, iteration: usize) -> &Value {
        &self.values[iteration.min(self.values.len() - 1)]
    }

    fn is_free(&self, iteration: usize, taken: &TakenValues) -> bool {
        let exists = iteration < self.values.len() || self.values.len() == 1;
        exists && searchable(self.at(iteration)).is_some_and(|text| !taken.contains(self.attribute(), &text))
    }

    /// The iteration whose value the account has, or had written to it last.
    fn kept(&self, holder: Option<&Holder<'_>>, taken: &TakenValues) -> Option<usize> {
        let holder = holder?;
        let written = || {
            let pushed = member(holder.pushed, self.attribute()).and_then(searchable)?;
            self.position(&pushed).filter(|iteration| self.is_free(*iteration, taken))
        };
        self.held(holder).or_else(written)
    }

    /// The iteration whose value the account has.
    fn held(&self, holder: &Holder<'_>) -> Option<usize> {
        let name = self.attribute();
        let shown = lookup(holder.actual, name).and_then(searchable);
        let ids =
            holder.secondary_ids.iter().filter(|id| id.name.eq_ignore_ascii_case(name)).map(|id| id.value.clone());
        shown.into_iter().chain(ids).find_map(|value| self.position(&value))
    }

    fn position(&self, wanted: &str) -> Option<usize> {
        let wanted = wanted.to_lowercase();
        let is_it = |value: &Value| searchable(value).is_some_and(|text| text.to_lowercase() == wanted);
        self.values.iter().position(is_it)
    }

    fn attribute(&self) -> &str {
        &self.rule.declared.attribute
    }
}

fn evaluate(
    expression: &Expression,
    subject: &Subject<'_>,
    iteration: usize,
) -> Result<Option<Value>, EvaluationError> {
    let mut scope = subject.scope.new_inner_scope();
    let text = if iteration == 0 { String::new() } else { (iteration + 1).to_string() };
    scope.add_variable_as_val(ITERATION, text_value(text));
    expression.evaluate(&scope)
}
