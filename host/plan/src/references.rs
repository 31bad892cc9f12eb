//! References from one account to another: a manager, an assistant.
//!
//! A mapping names an identity; what is written is an id of the account that this identity has in the same target. An
//! account that is not there yet makes the attribute late: it is left as it is, and written once the account is there.

use crate::rules::TargetRules;
use crate::subject::Subject;
use purser_model::account::Account;
use purser_model::configuration::ReferenceId;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The accounts in one target that may be referred to, by `source/key` of the identities that have them.
pub(crate) type Referred = BTreeMap<String, Account>;

/// What a reference came to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Resolved {
    /// The value to write.
    Value(Option<Value>),
    /// These identities have no account to refer to yet.
    Late(Vec<String>),
}

/// The identities that the mappings of a target name, as `source/key`.
pub(crate) fn named(subject: &Subject<'_>, rules: &TargetRules) -> BTreeSet<String> {
    let references = rules.mappings.iter().filter(|mapping| mapping.declared.refers_by.is_some());
    let values = references.filter_map(|mapping| mapping.expression.evaluate(&subject.scope).ok().flatten());
    values.flat_map(|value| names(subject, &value)).collect()
}

/// The ids that stand for the identities which a value names.
pub(crate) fn resolve(subject: &Subject<'_>, value: Option<Value>, by: &ReferenceId, referred: &Referred) -> Resolved {
    let Some(value) = value else { return Resolved::Value(None) };
    let mut ids = Vec::new();
    let mut late = Vec::new();
    for name in names(subject, &value) {
        match referred.get(&name).and_then(|account| id_of(account, by)) {
            Some(id) => ids.push(Value::String(id)),
            None => late.push(name),
        }
    }
    match (late.is_empty(), value.is_array()) {
        (false, _) => Resolved::Late(late),
        (true, true) => Resolved::Value(Some(Value::Array(ids))),
        (true, false) => Resolved::Value(ids.pop()),
    }
}

fn id_of(account: &Account, by: &ReferenceId) -> Option<String> {
    match by {
        ReferenceId::Primary => account.remote_id.clone(),
        ReferenceId::Secondary(name) => {
            let found = account.secondary_ids.iter().find(|id| id.name.eq_ignore_ascii_case(name));
            found.map(|id| id.value.clone())
        }
    }
}

/// A key without a source belongs to the source of the identity that names it.
fn names(subject: &Subject<'_>, value: &Value) -> Vec<String> {
    let texts: Vec<String> = match value {
        Value::Array(items) => items.iter().filter_map(text).collect(),
        single => text(single).into_iter().collect(),
    };
    let source = subject.reference.split_once('/').map_or("", |(source, _)| source);
    texts.into_iter().map(|text| if text.contains('/') { text } else { format!("{source}/{text}") }).collect()
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}
