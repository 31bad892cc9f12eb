//! When a value in a target is the value that is desired.
//!
//! A target may write a value in its own way: another order, another case, another offset, members that it adds. None of
//! that is drift, and repairing it would never end.

use crate::attributes::{Described, member};
use purser_model::manifest::AttributeKind;
use serde_json::{Number, Value};
use std::str::FromStr;

/// How two texts compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Case {
    /// A difference in case is a difference.
    Exact,
    /// It is none.
    Folded,
}

/// Whether the actual value is what is desired, by the attribute's kind.
///
/// Lists compare as sets. A complex value is the desired one if every desired member is; a list of complex values if it is
/// as long and every desired one has a match of its own. Timestamps compare by instant, numbers by value.
pub(crate) fn same(desired: &Value, actual: &Value, described: &Described, case: Case) -> bool {
    match (desired, actual) {
        (Value::Array(desired), Value::Array(actual)) => same_lists(desired, actual, described.kind, case),
        (Value::Array(desired), one) if described.traits.multi_valued => {
            same_lists(desired, std::slice::from_ref(one), described.kind, case)
        }
        _ => same_single(desired, actual, described.kind, case),
    }
}

/// Whether one value of a list is the desired one.
pub(crate) fn same_value(desired: &Value, actual: &Value, described: &Described, case: Case) -> bool {
    same_single(desired, actual, described.kind, case)
}

fn same_lists(desired: &[Value], actual: &[Value], kind: Option<AttributeKind>, case: Case) -> bool {
    if desired.iter().chain(actual).all(|item| !item.is_object()) {
        let within = |items: &[Value], item: &Value| items.iter().any(|other| same_single(item, other, kind, case));
        return desired.iter().all(|item| within(actual, item)) && actual.iter().all(|item| within(desired, item));
    }
    desired.len() == actual.len()
        && each_has_its_match(desired, actual, |left, right| same_single(left, right, kind, case))
}

/// Whether every element on the left can be paired with one of its own on the right (augmenting paths).
fn each_has_its_match(left: &[Value], right: &[Value], fits: impl Fn(&Value, &Value) -> bool) -> bool {
    let edges: Vec<Vec<usize>> =
        left.iter().map(|item| (0..right.len()).filter(|&index| fits(item, &right[index])).collect()).collect();
    let mut taken_by = vec![None; right.len()];
    (0..left.len()).all(|item| pair(item, &edges, &mut taken_by, &mut vec![false; right.len()]))
}

fn pair(item: usize, edges: &[Vec<usize>], taken_by: &mut [Option<usize>], seen: &mut [bool]) -> bool {
    for &place in &edges[item] {
        if std::mem::replace(&mut seen[place], true) {
            continue;
        }
        let free = match taken_by[place] {
            None => true,
            Some(other) => pair(other, edges, taken_by, seen),
        };
        if free {
            taken_by[place] = Some(item);
            return true;
        }
    }
    false
}

fn same_single(desired: &Value, actual: &Value, kind: Option<AttributeKind>, case: Case) -> bool {
    match kind {
        Some(AttributeKind::Timestamp) => same_by(desired, actual, instant),
        Some(AttributeKind::Integer) => same_by(desired, actual, integer),
        Some(AttributeKind::Decimal) => same_by(desired, actual, decimal),
        Some(AttributeKind::Text | AttributeKind::Complex) | None => same_json(desired, actual, case),
        Some(_) => same_json(desired, actual, Case::Exact),
    }
}

/// Compares by what `read` makes of the values, and as they are written where it makes nothing.
fn same_by<T: PartialEq>(desired: &Value, actual: &Value, read: impl Fn(&Value) -> Option<T>) -> bool {
    match (read(desired), read(actual)) {
        (Some(desired), Some(actual)) => desired == actual,
        _ => desired == actual,
    }
}

fn same_json(desired: &Value, actual: &Value, case: Case) -> bool {
    match (desired, actual) {
        (Value::Object(desired), Value::Object(actual)) => {
            desired.iter().all(|(name, value)| member(actual, name).is_some_and(|other| same_json(value, other, case)))
        }
        (Value::Array(desired), Value::Array(actual)) => same_lists(desired, actual, None, case),
        (Value::String(desired), Value::String(actual)) => same_text(desired, actual, case),
        (Value::Number(desired), Value::Number(actual)) => same_number(desired, actual),
        _ => desired == actual,
    }
}

fn same_text(desired: &str, actual: &str, case: Case) -> bool {
    desired == actual || (case == Case::Folded && desired.to_lowercase() == actual.to_lowercase())
}

fn same_number(desired: &Number, actual: &Number) -> bool {
    desired == actual || (desired.is_f64() || actual.is_f64()) && desired.as_f64() == actual.as_f64()
}

fn instant(value: &Value) -> Option<jiff::Timestamp> {
    value.as_str()?.parse().ok()
}

fn integer(value: &Value) -> Option<i128> {
    match value {
        Value::Number(number) => number.as_i128().or_else(|| whole(number.as_f64()?)),
        Value::String(digits) => i128::from_str(digits).ok(),
        _ => None,
    }
}

/// The integer that a number without fraction stands for, within the 53 bits that JSON numbers carry.
fn whole(number: f64) -> Option<i128> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    (number.fract() == 0.0 && number.abs() <= EXACT).then(|| {
        #[expect(clippy::cast_possible_truncation, reason = "checked: no fraction, and within 53 bits")]
        let integer = number as i128;
        integer
    })
}

/// A decimal number as sign, digits before and digits after the point, without the zeros that say nothing.
fn decimal(value: &Value) -> Option<(bool, String, String)> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(&text)),
    };
    let (before, after) = digits.split_once('.').unwrap_or((digits, ""));
    let is_number =
        !(before.is_empty() && after.is_empty()) && before.chars().chain(after.chars()).all(|c| c.is_ascii_digit());
    let (before, after) = (before.trim_start_matches('0').to_owned(), after.trim_end_matches('0').to_owned());
    is_number.then_some((negative && !(before.is_empty() && after.is_empty()), before, after))
}

/// A derived value in the form that the contract gives its kind: a list for what is multi-valued, a number for an integer
/// of at most 53 bits, a text for a decimal. What does not fit stays as it is, and the target refuses it by name.
pub(crate) fn in_contract_form(value: Value, described: &Described) -> Value {
    match value {
        Value::Array(items) => {
            Value::Array(items.into_iter().map(|item| single_in_contract_form(item, described.kind)).collect())
        }
        single => {
            let single = single_in_contract_form(single, described.kind);
            if described.traits.multi_valued { Value::Array(vec![single]) } else { single }
        }
    }
}

fn single_in_contract_form(value: Value, kind: Option<AttributeKind>) -> Value {
    const LARGEST: i128 = (1 << 53) - 1;
    match (kind, &value) {
        (Some(AttributeKind::Integer), _) => match integer(&value) {
            Some(integer) if integer.abs() <= LARGEST => {
                i64::try_from(integer).map_or(value, |integer| Value::Number(integer.into()))
            }
            Some(integer) => Value::String(integer.to_string()),
            None => value,
        },
        (Some(AttributeKind::Decimal), Value::Number(number)) => Value::String(number.to_string()),
        _ => value,
    }
}

#[cfg(test)]
mod tests;
