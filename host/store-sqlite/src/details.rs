//! Old and new values, as the audit log shows them.

use crate::hidden::Hidden;
use purser_model::Attributes;
use purser_model::edit::{AttributeAction, AttributeChange};
use purser_model::operation::Intent;
use serde_json::{Map, Value, json};

/// What differs between two sets of attributes: by name, the value before and after.
pub(crate) fn difference(old: &Attributes, new: &Attributes, hidden: &Hidden) -> Map<String, Value> {
    let names: std::collections::BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    names
        .into_iter()
        .filter(|name| old.get(*name) != new.get(*name))
        .map(|name| {
            let shown = |side: &Attributes| hidden.shown(name, side.get(name));
            (name.clone(), json!({"old": shown(old), "new": shown(new)}))
        })
        .collect()
}

/// Attributes that a connector wrote; what is no JSON object has none.
pub(crate) fn parsed(attributes: &str) -> Attributes {
    serde_json::from_str(attributes).unwrap_or_default()
}

/// What an operation is to change: old values from the plan or from the account as last seen.
pub(crate) fn intended(intent: &Intent, old: &dyn Fn(&str) -> Option<Value>, hidden: &Hidden) -> Map<String, Value> {
    let mut details = Map::new();
    details.insert("kind".into(), intent.name().into());
    match intent {
        Intent::Create { attributes, active } => {
            details.insert("attributes".into(), difference(&Attributes::new(), attributes, hidden).into());
            if let Some(active) = active {
                details.insert("active".into(), json!({"old": null, "new": active}));
            }
        }
        Intent::CreateEntitlement { name, attributes } => {
            details.insert("entitlement".into(), name.as_str().into());
            details.insert("attributes".into(), difference(&Attributes::new(), attributes, hidden).into());
        }
        Intent::Update { changes } => {
            let changed = changes.iter().map(|change| {
                let before = old(&change.attribute);
                let after = after(change, before.as_ref());
                let shown = |value: Option<&Value>| hidden.shown(&change.attribute, value);
                (change.attribute.clone(), json!({"old": shown(before.as_ref()), "new": shown(after.as_ref())}))
            });
            details.insert("attributes".into(), Value::Object(changed.collect()));
        }
        Intent::Enable => {
            details.insert("active".into(), json!({"old": false, "new": true}));
        }
        Intent::Disable => {
            details.insert("active".into(), json!({"old": true, "new": false}));
        }
        Intent::Grant { entitlement } => {
            details.insert("entitlement".into(), entitlement.to_string().into());
            details.insert("held".into(), json!({"old": false, "new": true}));
        }
        Intent::Revoke { entitlement } => {
            details.insert("entitlement".into(), entitlement.to_string().into());
            details.insert("held".into(), json!({"old": true, "new": false}));
        }
        Intent::Delete => {}
    }
    details
}

/// The value of an attribute after a change.
fn after(change: &AttributeChange, before: Option<&Value>) -> Option<Value> {
    let former = || match before {
        Some(Value::Array(values)) => values.clone(),
        None | Some(Value::Null) => Vec::new(),
        Some(value) => vec![value.clone()],
    };
    match &change.action {
        AttributeAction::Replace(value) => Some(value.clone()),
        AttributeAction::Clear => None,
        AttributeAction::Add(values) => {
            let mut all = former();
            all.extend(values.iter().filter(|value| !former().contains(value)).cloned());
            Some(Value::Array(all))
        }
        AttributeAction::Remove(values) => {
            Some(Value::Array(former().into_iter().filter(|value| !values.contains(value)).collect()))
        }
    }
}

/// The value at a dotted path, without regard to case. A name may hold dots itself, as a SCIM schema does.
pub(crate) fn value_at<'a>(attributes: &'a Attributes, path: &str) -> Option<&'a Value> {
    let named =
        |name: &str| attributes.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value);
    named(path).or_else(|| {
        path.match_indices('.').find_map(|(dot, _)| value_at(named(&path[..dot])?.as_object()?, &path[dot + 1..]))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn attributes(value: Value) -> Attributes {
        let Value::Object(attributes) = value else { panic!("no object") };
        attributes
    }

    fn nothing() -> Hidden {
        Hidden::Some(BTreeSet::new())
    }

    #[test]
    fn only_what_differs_is_told_and_secrets_are_not() {
        let old = attributes(json!({"mail": "a@x", "title": "Dr", "same": 1, "password": "old"}));
        let new = attributes(json!({"mail": "b@x", "same": 1, "phone": "7", "password": "new"}));
        let told = difference(&old, &new, &nothing());
        assert_eq!(
            Value::Object(told),
            json!({
                "mail": {"old": "a@x", "new": "b@x"},
                "password": {"old": "(hidden)", "new": "(hidden)"},
                "phone": {"old": null, "new": "7"},
                "title": {"old": "Dr", "new": null},
            })
        );
    }

    #[test]
    fn an_update_tells_the_value_that_each_change_leads_to() {
        let change = |attribute: &str, action| AttributeChange { attribute: attribute.into(), action };
        let intent = Intent::Update {
            changes: vec![
                change("name.familyName", AttributeAction::Replace(json!("Berg"))),
                change("title", AttributeAction::Clear),
                change("phones", AttributeAction::Add(vec![json!("2"), json!("1")])),
                change("roles", AttributeAction::Remove(vec![json!("a")])),
            ],
        };
        let account = attributes(json!({"Name": {"FamilyName": "Tal"}, "title": "Dr", "phones": ["1"], "roles": "a"}));
        let told = intended(&intent, &|path| value_at(&account, path).cloned(), &nothing());
        assert_eq!(
            told["attributes"],
            json!({
                "name.familyName": {"old": "Tal", "new": "Berg"},
                "title": {"old": "Dr", "new": null},
                "phones": {"old": ["1"], "new": ["1", "2"]},
                "roles": {"old": "a", "new": []},
            })
        );
    }

    #[test]
    fn a_name_with_dots_is_found() {
        let object = attributes(json!({"urn:x:2.0:User": {"costCenter": 7}}));
        assert_eq!(value_at(&object, "urn:x:2.0:User.costcenter"), Some(&json!(7)));
        assert_eq!(value_at(&object, "urn:x.costCenter"), None);
    }
}
