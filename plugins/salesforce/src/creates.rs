//! New users.

use crate::batches::{Answer, Placed};
use crate::org::Org;
use crate::records::{self, Written, code};
use crate::users;
use crate::{ids, soql};
use purser_sdk::http::Method;
use purser_sdk::serde_json::{Map, Value, json};
use purser_sdk::{CreateEdit, Error, ErrorClass, Outcome};
use std::collections::BTreeMap;

const ALIAS_LENGTH: usize = 8;
const NICKNAME_LENGTH: usize = 40;
/// Fields of the organisation that new users get as their own.
const FROM_ORGANISATION: [(&str, &str); 3] = [
    ("LanguageLocaleKey", "LanguageLocaleKey"),
    ("LocaleSidKey", "DefaultLocaleSidKey"),
    ("TimeZoneSidKey", "TimeZoneSidKey"),
];

/// Creates users; one answer for each. A nickname that is taken is made anew where no mapping says it.
pub fn create(org: &Org, edits: &[Placed<&CreateEdit>]) -> Vec<Answer> {
    let defaults = match defaults(org) {
        Ok(defaults) => defaults,
        Err(error) => return edits.iter().map(|_| Err(error.clone())).collect(),
    };
    let records: Vec<Value> = edits.iter().map(|edit| record(edit.work, &defaults)).collect();
    let mut written = records::write(org, Method::Post, &records);
    rename(org, edits, &records, &mut written);
    let made: Vec<String> = written.iter().filter_map(|written| written.as_ref().ok().cloned()).collect();
    let states = if made.is_empty() { Ok(BTreeMap::new()) } else { users::objects(org, &made) };
    let states = states.unwrap_or_else(|error| {
        org.host.warn(format!("users were created and could not be read afterwards: {error}"));
        BTreeMap::new()
    });
    let answers = written.into_iter().zip(edits).map(|(written, edit)| match written {
        Ok(id) => {
            let least = || purser_sdk::Object::new(id.clone(), edit.work.attributes.clone());
            Ok(Outcome::Done(Some(states.get(&id).cloned().unwrap_or_else(least))))
        }
        Err(refused) => Err(taken_by(org, text(&edit.work.attributes, "Username"), refused)),
    });
    answers.collect()
}

/// Says who has the name, where it is a user of this organisation.
pub fn taken_by(org: &Org, name: &str, refused: Error) -> Error {
    if code(&refused) != "DUPLICATE_USERNAME" || name.is_empty() {
        return refused;
    }
    match users::who_has(org, name) {
        Some(id) => Error { class: ErrorClass::AlreadyExists(Some(id)), ..refused },
        None => refused,
    }
}

fn text<'a>(attributes: &'a Map<String, Value>, name: &str) -> &'a str {
    attributes.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn defaults(org: &Org) -> Result<BTreeMap<String, String>, Error> {
    let mut defaults = org.config.defaults.clone();
    defaults.entry("EmailEncodingKey".to_owned()).or_insert_with(|| "UTF-8".to_owned());
    if FROM_ORGANISATION.iter().any(|(field, _)| !defaults.contains_key(*field)) {
        let found =
            org.query("SELECT LanguageLocaleKey, DefaultLocaleSidKey, TimeZoneSidKey FROM Organization LIMIT 1")?;
        for (field, of_organisation) in FROM_ORGANISATION {
            if let Some(value) = found.first().and_then(|row| row[of_organisation].as_str()) {
                defaults.entry(field.to_owned()).or_insert_with(|| value.to_owned());
            }
        }
    }
    if !defaults.contains_key("ProfileId") {
        let name = &org.config.profile;
        let found = org.query(&format!("SELECT Id FROM Profile WHERE Name = {} LIMIT 1", soql::text(name)))?;
        let id = found.first().and_then(|row| row["Id"].as_str()).ok_or_else(|| {
            Error::invalid_config(format!("there is no profile `{name}`: set `profile` to a name in Setup, Profiles"))
        })?;
        defaults.insert("ProfileId".to_owned(), ids::widen(id));
    }
    Ok(defaults)
}

fn record(edit: &CreateEdit, defaults: &BTreeMap<String, String>) -> Value {
    let mut record = edit.attributes.clone();
    for (field, value) in defaults {
        record.entry(field.clone()).or_insert_with(|| value.clone().into());
    }
    if text(&record, "Alias").is_empty() {
        let alias = alias(text(&record, "FirstName"), text(&record, "LastName"));
        record.insert("Alias".to_owned(), alias.into());
    }
    record.insert("IsActive".to_owned(), edit.active.unwrap_or(true).into());
    record.insert("attributes".to_owned(), json!({"type": "User"}));
    Value::Object(record)
}

/// The first letter of the given name and the beginning of the family name, as Setup proposes it.
fn alias(given: &str, family: &str) -> String {
    let letters = given.chars().filter(|letter| letter.is_alphanumeric()).take(1);
    let letters = letters.chain(family.chars().filter(|letter| letter.is_alphanumeric()));
    let alias: String = letters.take(ALIAS_LENGTH).flat_map(char::to_lowercase).take(ALIAS_LENGTH).collect();
    if alias.is_empty() { "user".to_owned() } else { alias }
}

/// Tries those again whose nickname is taken, with one that nobody has.
fn rename(org: &Org, edits: &[Placed<&CreateEdit>], records: &[Value], written: &mut [Written]) {
    let taken: Vec<usize> = (0..written.len())
        .filter(|place| {
            let refused = written[*place].as_ref().is_err_and(|refused| code(refused) == "DUPLICATE_COMM_NICKNAME");
            refused && !edits[*place].work.attributes.contains_key("CommunityNickname")
        })
        .collect();
    let renamed: Vec<Value> = taken
        .iter()
        .map(|place| {
            let mut record = records[*place].clone();
            let random: String = org.host.random_bytes(4).iter().map(|byte| format!("{byte:02x}")).collect();
            let name = record["Username"].as_str().and_then(|name| name.split('@').next()).unwrap_or_default();
            let kept: String = name.chars().take(NICKNAME_LENGTH - random.len() - 1).collect();
            record["CommunityNickname"] = format!("{kept}.{random}").into();
            record
        })
        .collect();
    for (place, again) in taken.into_iter().zip(records::write(org, Method::Post, &renamed)) {
        written[place] = again;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alias_has_eight_characters_at_most() {
        assert_eq!(alias("Anna", "O'Brien-Smith"), "aobriens");
        assert_eq!(alias("", "Li"), "li");
        assert_eq!(alias("", "--"), "user");
    }
}
