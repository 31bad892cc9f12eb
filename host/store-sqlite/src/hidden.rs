//! What is never shown in the audit log: attributes that a class marks as write-only or as secret slots, those whose name
//! says that they are secret, and everything of a class that is not known.

use crate::failure::Result;
use crate::rows::{from_json, json};
use crate::transaction::Transaction;
use purser_model::Attributes;
use purser_model::audit::HIDDEN;
use purser_model::edit::{AttributeAction, AttributeChange};
use purser_model::id::TargetName;
use purser_model::operation::Intent;
use purser_model::password::is_generated;
use rusqlite::{Connection, OptionalExtension};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Words that mark a name as secret, whatever a class says of it; compared with lower-case letters and digits only.
const SECRET_WORDS: [&str; 8] =
    ["password", "passwd", "passphrase", "passcode", "secret", "privatekey", "apikey", "accesstoken"];

/// Which attributes of a class are hidden.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Hidden {
    /// These, in lower case, and those whose name says so.
    Some(BTreeSet<String>),
    /// All: the class is not known.
    All,
}

/// Keeps which attributes of a target's classes are hidden.
pub(crate) fn keep(
    tx: &Transaction<'_>,
    target: &TargetName,
    classes: &BTreeMap<String, BTreeSet<String>>,
) -> Result<()> {
    for (class, hidden) in classes {
        tx.prepare_cached("INSERT OR REPLACE INTO audited_class (target, class, hidden) VALUES (?1, ?2, ?3)")?
            .execute((target.as_str(), class, json("class", hidden)?))?;
    }
    Ok(())
}

/// What is known to be hidden, by class.
pub(crate) fn kept(connection: &Connection, target: &TargetName) -> Result<BTreeMap<String, BTreeSet<String>>> {
    let mut query = connection.prepare_cached("SELECT class, hidden FROM audited_class WHERE target = ?1")?;
    let found = query.query_map([target.as_str()], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)))?;
    let mut classes = BTreeMap::new();
    for row in found {
        let (class, hidden) = row?;
        classes.insert(class, from_json("class", &hidden)?);
    }
    Ok(classes)
}

impl Hidden {
    /// What is hidden of an identity: only what its names say.
    pub(crate) fn of_identities() -> Self {
        Self::Some(BTreeSet::new())
    }

    /// What is hidden of a class of a target.
    pub(crate) fn of_class(connection: &Connection, target: &str, class: &str) -> Result<Self> {
        let hidden = connection
            .prepare_cached("SELECT hidden FROM audited_class WHERE target = ?1 AND class = ?2")?
            .query_row((target, class), |row| row.get::<_, String>(0))
            .optional()?;
        let Some(hidden) = hidden else { return Ok(Self::All) };
        let names: BTreeSet<String> = from_json("class", &hidden)?;
        Ok(Self::Some(names.into_iter().map(|name| name.to_lowercase()).collect()))
    }

    /// A value as it may be shown; what is not there is shown as not there.
    pub(crate) fn shown(&self, attribute: &str, value: Option<&Value>) -> Value {
        match value {
            None | Some(Value::Null) => Value::Null,
            Some(_) if self.hides(&attribute.to_lowercase()) => Value::String(HIDDEN.to_owned()),
            Some(value) => self.within(&attribute.to_lowercase(), value),
        }
    }

    /// Whether the attribute of this path is hidden, by itself or by what it is a part of.
    fn hides(&self, path: &str) -> bool {
        let Self::Some(names) = self else { return true };
        let is_part = |name: &String| path.strip_prefix(name.as_str()).is_some_and(|rest| rest.starts_with('.'));
        sounds_secret(path) || names.contains(path) || names.iter().any(is_part)
    }

    /// Hides what is secret inside a complex value.
    fn within(&self, path: &str, value: &Value) -> Value {
        match value {
            Value::Object(inner) => {
                let shown = inner.iter().map(|(name, value)| {
                    let path = format!("{path}.{}", name.to_lowercase());
                    let value = match self.hides(&path) {
                        true => Value::String(HIDDEN.to_owned()),
                        false => self.within(&path, value),
                    };
                    (name.clone(), value)
                });
                Value::Object(shown.collect())
            }
            Value::Array(values) => Value::Array(values.iter().map(|value| self.within(path, value)).collect()),
            plain => plain.clone(),
        }
    }

    /// A text of a target about an operation, which may repeat what it was sent.
    pub(crate) fn without_secrets(&self, text: &str, intent: &Intent) -> String {
        let mut secrets = Vec::new();
        match intent {
            Intent::Create { attributes, .. } | Intent::CreateEntitlement { attributes, .. } => {
                self.collect_all(attributes, &mut secrets);
            }
            Intent::Update { changes } => changes.iter().for_each(|change| self.collect_change(change, &mut secrets)),
            _ => {}
        }
        // The longest first: a short one may be a part of it.
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        secrets.iter().fold(text.to_owned(), |text, secret| text.replace(secret.as_str(), HIDDEN))
    }

    fn collect_all(&self, attributes: &Attributes, secrets: &mut Vec<String>) {
        attributes.iter().for_each(|(name, value)| self.collect(&name.to_lowercase(), value, false, secrets));
    }

    fn collect_change(&self, change: &AttributeChange, secrets: &mut Vec<String>) {
        let path = change.attribute.to_lowercase();
        match &change.action {
            AttributeAction::Replace(value) => self.collect(&path, value, false, secrets),
            AttributeAction::Add(values) | AttributeAction::Remove(values) => {
                values.iter().for_each(|value| self.collect(&path, value, false, secrets));
            }
            AttributeAction::Clear => {}
        }
    }

    fn collect(&self, path: &str, value: &Value, secret: bool, secrets: &mut Vec<String>) {
        let secret = secret || self.hides_by_itself(path);
        match value {
            // A password that is still to be made: what stands in its place is no secret.
            marker if is_generated(marker) => {}
            Value::Object(inner) => inner.iter().for_each(|(name, value)| {
                self.collect(&format!("{path}.{}", name.to_lowercase()), value, secret, secrets);
            }),
            Value::Array(values) => values.iter().for_each(|value| self.collect(path, value, secret, secrets)),
            Value::String(text) if secret && !text.is_empty() => secrets.push(text.clone()),
            Value::Number(number) if secret => secrets.push(number.to_string()),
            _ => {}
        }
    }

    /// As [`Hidden::hides`], and of a class that is not known only what its names say: an error must stay readable.
    fn hides_by_itself(&self, path: &str) -> bool {
        match self {
            Self::All => sounds_secret(path),
            Self::Some(_) => self.hides(path),
        }
    }
}

fn sounds_secret(path: &str) -> bool {
    let plain: String = path.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_lowercase();
    SECRET_WORDS.iter().any(|word| plain.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn hidden(names: &[&str]) -> Hidden {
        Hidden::Some(names.iter().map(|name| (*name).to_owned()).collect())
    }

    #[test]
    fn what_a_class_marks_is_hidden_by_path_and_without_regard_to_case() {
        let hidden = hidden(&["pin", "device.unlock"]);
        assert_eq!(hidden.shown("PIN", Some(&json!("1234"))), json!(HIDDEN));
        assert_eq!(hidden.shown("pin.value", Some(&json!("1234"))), json!(HIDDEN));
        assert_eq!(hidden.shown("pinned", Some(&json!("yes"))), json!("yes"));
        assert_eq!(hidden.shown("pin", None), Value::Null);
        let devices = json!([{"Unlock": "1234", "name": "phone"}]);
        assert_eq!(hidden.shown("Device", Some(&devices)), json!([{"Unlock": HIDDEN, "name": "phone"}]));
    }

    #[test]
    fn names_that_say_secret_are_hidden_and_so_is_all_of_an_unknown_class() {
        let hidden = hidden(&[]);
        for name in ["password", "initialPassword", "api_key", "clientSecret", "urn:x:2.0:User.Pass-Phrase"] {
            assert_eq!(hidden.shown(name, Some(&json!("x"))), json!(HIDDEN), "{name}");
        }
        assert_eq!(hidden.shown("passport", Some(&json!("x"))), json!("x"));
        assert_eq!(Hidden::All.shown("mail", Some(&json!("x"))), json!(HIDDEN));
    }

    #[test]
    fn a_target_that_repeats_a_secret_does_not_give_it_away() {
        let intent = Intent::Create {
            attributes: json!({"userName": "anna", "pin": "9876", "password": "98765"}).as_object().unwrap().clone(),
            active: None,
        };
        let text = hidden(&["pin"]).without_secrets("`98765` is too weak for anna, and 9876 is taken", &intent);
        assert_eq!(text, "`(hidden)` is too weak for anna, and (hidden) is taken");
        let attributes = json!({"password": purser_model::password::generated()}).as_object().unwrap().clone();
        let intent = Intent::Create { attributes, active: None };
        let text = "the password is too short";
        assert_eq!(hidden(&["password"]).without_secrets(text, &intent), text, "the word is no secret");
    }
}
