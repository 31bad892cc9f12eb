//! Trying a filter on a resource.

use super::Operator;
use super::bind::{BoundFilter, Node, Place};
use crate::value::{Comparable, fold, is_empty};
use serde_json::{Map, Value};
use std::cmp::Ordering;

impl BoundFilter {
    /// Whether a resource, as it is shown to its client, is such that the filter holds.
    pub fn matches(&self, resource: &Map<String, Value>) -> bool {
        self.0.holds(&Scope::Object(resource))
    }

    /// Whether one value of the attribute that the filter is bound to is such that it holds.
    pub(crate) fn matches_value(&self, value: &Value) -> bool {
        self.0.holds(&scope_of(value))
    }
}

/// What a filter is tried on.
enum Scope<'v> {
    Object(&'v Map<String, Value>),
    /// A simple value, addressed as `value`.
    Simple(&'v Value),
}

fn scope_of(value: &Value) -> Scope<'_> {
    match value {
        Value::Object(members) => Scope::Object(members),
        simple => Scope::Simple(simple),
    }
}

impl Node {
    fn holds(&self, scope: &Scope<'_>) -> bool {
        match self {
            Self::All(terms) => terms.iter().all(|term| term.holds(scope)),
            Self::Any(terms) => terms.iter().any(|term| term.holds(scope)),
            Self::Not(inner) => !inner.holds(scope),
            Self::Never => false,
            Self::Extension(id) => match scope {
                Scope::Object(members) => members.get(id).is_some_and(|value| !is_empty(value)),
                Scope::Simple(_) => false,
            },
            Self::Present(place) => place.values(scope).any(|value| !is_empty(value)),
            Self::Compare { place, operator, value, text } => {
                compares(place, scope, *operator, value.as_ref(), text.as_deref())
            }
            Self::Values { place, filter } => place.items(scope).iter().any(|item| filter.holds(&scope_of(item))),
        }
    }
}

impl Place {
    fn head<'v>(&self, scope: &Scope<'v>) -> Option<&'v Value> {
        match scope {
            Scope::Simple(value) => Some(value),
            Scope::Object(members) => match &self.extension {
                Some(id) => members.get(id)?.get(&self.attribute),
                None => members.get(&self.attribute),
            },
        }
    }

    /// The values of the attribute: one, several or none.
    fn items<'v>(&self, scope: &Scope<'v>) -> &'v [Value] {
        match self.head(scope) {
            None | Some(Value::Null) => &[],
            Some(Value::Array(items)) => items,
            Some(one) => std::slice::from_ref(one),
        }
    }

    /// The values of the part, or of the attribute where none is meant.
    fn values<'v>(&self, scope: &Scope<'v>) -> impl Iterator<Item = &'v Value> {
        const NULL: &Value = &Value::Null;
        self.items(scope).iter().map(|item| match &self.part {
            Some(part) => item.get(part).unwrap_or(NULL),
            None => item,
        })
    }
}

fn compares(
    place: &Place,
    scope: &Scope<'_>,
    operator: Operator,
    wanted: Option<&Comparable>,
    text: Option<&str>,
) -> bool {
    let mut values = place.values(scope).peekable();
    if values.peek().is_none() {
        // Nothing is equal to null.
        return (operator == Operator::Eq) == (wanted.is_none() && text.is_none())
            && matches!(operator, Operator::Eq | Operator::Ne);
    }
    let one = |value: &Value| match text {
        Some(text) => contains(value, place.leaf.case_exact, operator, text),
        None => holds_for(value, place, operator, wanted),
    };
    if operator == Operator::Ne { values.all(one) } else { values.any(one) }
}

fn holds_for(value: &Value, place: &Place, operator: Operator, wanted: Option<&Comparable>) -> bool {
    let Some(wanted) = wanted else { return value.is_null() == (operator == Operator::Eq) };
    let order = Comparable::of(value, &place.leaf).and_then(|value| value.order(wanted));
    match operator {
        Operator::Eq => order == Some(Ordering::Equal),
        Operator::Ne => order != Some(Ordering::Equal),
        Operator::Gt => order == Some(Ordering::Greater),
        Operator::Ge => matches!(order, Some(Ordering::Greater | Ordering::Equal)),
        Operator::Lt => order == Some(Ordering::Less),
        Operator::Le => matches!(order, Some(Ordering::Less | Ordering::Equal)),
        Operator::Co | Operator::Sw | Operator::Ew => false,
    }
}

fn contains(value: &Value, case_exact: bool, operator: Operator, text: &str) -> bool {
    let Some(value) = value.as_str() else { return false };
    let folded;
    let value = if case_exact {
        value
    } else {
        folded = fold(value);
        &folded
    };
    match operator {
        Operator::Sw => value.starts_with(text),
        Operator::Ew => value.ends_with(text),
        _ => value.contains(text),
    }
}
