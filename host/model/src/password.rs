//! Passwords of new accounts: made by a policy, and put on the wire as a secret slot.
//!
//! A plan and an operation hold [`generated`] in the place of the password. Only what sends the operation makes one, and
//! it is not kept.

use crate::Attributes;
use crate::secret::{Secret, Slots};
use serde_json::{Value, json};
use std::ops::RangeInclusive;
use zeroize::Zeroizing;

const MARK: &str = "$generated";
/// Shorter parts of names are in passwords by chance.
const SHORTEST_NAME: usize = 3;
/// A policy that leaves nearly nothing but names is followed as far as it can be.
const TRIES: usize = 1_000;

/// What passwords are made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasswordPolicy {
    /// The attribute that takes the password; none: the only one of the class that takes a secret.
    pub attribute: Option<String>,
    length: usize,
    sets: Vec<String>,
}

/// A policy that no password can follow, or only a weak one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WeakPolicy {
    /// The length is out of bounds.
    #[error("a generated password has {} to {} characters", PasswordPolicy::LENGTHS.start(), PasswordPolicy::LENGTHS.end())]
    Length,
    /// There is nothing to choose from.
    #[error("a password needs at least {} different characters to be made of", PasswordPolicy::FEWEST_CHARACTERS)]
    Characters,
    /// A character cannot be typed or sent everywhere.
    #[error("{0:?} is no printable ASCII character, and not every application takes others in a password")]
    Unprintable(char),
}

impl PasswordPolicy {
    /// How long a password can be.
    pub const LENGTHS: RangeInclusive<usize> = 12..=128;
    /// With fewer characters to choose from a password of the least length could be guessed.
    pub const FEWEST_CHARACTERS: usize = 20;
    /// The length where none is declared.
    pub const USUAL_LENGTH: usize = 20;

    /// Passwords of this length, with at least one character of each set.
    ///
    /// # Errors
    /// The policy would make weak passwords.
    pub fn new(attribute: Option<String>, length: usize, sets: Vec<String>) -> Result<Self, WeakPolicy> {
        if !Self::LENGTHS.contains(&length) {
            return Err(WeakPolicy::Length);
        }
        if let Some(odd) = sets.iter().flat_map(|set| set.chars()).find(|character| !character.is_ascii_graphic()) {
            return Err(WeakPolicy::Unprintable(odd));
        }
        let mut all: Vec<char> = sets.iter().flat_map(|set| set.chars()).collect();
        all.sort_unstable();
        all.dedup();
        if all.len() < Self::FEWEST_CHARACTERS || sets.iter().any(String::is_empty) {
            return Err(WeakPolicy::Characters);
        }
        Ok(Self { attribute, length, sets })
    }

    /// Makes a password that has none of the account's names in it. `below` gives a number below its argument, each with
    /// the same chance, and nobody must be able to foretell it.
    pub fn generate(&self, account: &Attributes, mut below: impl FnMut(usize) -> usize) -> Secret {
        let names = names_in(account);
        let all: Vec<u8> = self.sets.iter().flat_map(|set| set.bytes()).collect();
        let mut password = Zeroizing::new(String::with_capacity(self.length));
        for _ in 0..TRIES {
            password.clear();
            (0..self.length).for_each(|_| password.push(char::from(all[below(all.len())])));
            let complete = self.sets.iter().all(|set| password.chars().any(|character| set.contains(character)));
            if complete && !holds_one_of(&password, &names) {
                break;
            }
        }
        // The length is never zero.
        Secret::new(password.as_str()).unwrap_or_else(|_| unreachable!("a password has {} characters", self.length))
    }
}

/// What stands in attributes for a password that is made when they are sent.
pub fn generated() -> Value {
    json!({MARK: "password"})
}

/// Whether a value stands for such a password.
pub fn is_generated(value: &Value) -> bool {
    value.as_object().is_some_and(|members| members.len() == 1 && members.contains_key(MARK))
}

/// Whether any of the attributes is such a password.
pub fn awaits_password(attributes: &Attributes) -> bool {
    attributes.values().any(|value| is_generated(value) || value.as_object().is_some_and(awaits_password))
}

/// The attributes that are known: those without the passwords that are still to be made.
pub fn without_passwords(attributes: &Attributes) -> Attributes {
    let known = attributes.iter().filter(|(_, value)| !is_generated(value));
    let known = known.map(|(name, value)| {
        let value = match value {
            Value::Object(inner) => Value::Object(without_passwords(inner)),
            other => other.clone(),
        };
        (name.clone(), value)
    });
    known.collect()
}

/// Makes the passwords that these attributes wait for; the attributes then refer to their slots.
pub fn attach_passwords(attributes: &mut Attributes, slots: &mut Slots, make: &mut dyn FnMut() -> Secret) {
    for value in attributes.values_mut() {
        if is_generated(value) {
            *value = json!({"$slot": slots.attach(make())});
        } else if let Value::Object(inner) = value {
            attach_passwords(inner, slots, make);
        }
    }
}

/// The parts of the texts in an account's attributes, in lower case.
fn names_in(account: &Attributes) -> Vec<String> {
    let mut names = Vec::new();
    account.values().for_each(|value| collect_names(value, &mut names));
    names
}

fn collect_names(value: &Value, names: &mut Vec<String>) {
    match value {
        Value::String(text) => {
            let parts = text.split(|character: char| !character.is_alphanumeric());
            names.extend(parts.filter(|part| part.len() >= SHORTEST_NAME).map(str::to_lowercase));
        }
        Value::Array(values) => values.iter().for_each(|value| collect_names(value, names)),
        Value::Object(members) => members.values().for_each(|value| collect_names(value, names)),
        _ => {}
    }
}

fn holds_one_of(password: &str, names: &[String]) -> bool {
    let lower = Zeroizing::new(password.to_lowercase());
    names.iter().any(|name| lower.contains(name.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::VecDeque;

    fn policy(length: usize, sets: &[&str]) -> Result<PasswordPolicy, WeakPolicy> {
        PasswordPolicy::new(None, length, sets.iter().map(|set| (*set).to_owned()).collect())
    }

    fn attributes(value: Value) -> Attributes {
        let Value::Object(attributes) = value else { panic!("no object") };
        attributes
    }

    #[test]
    fn weak_policies_are_refused() {
        let letters = "abcdefghijklmnopqrstuvwxyz";
        assert_eq!(policy(11, &[letters]), Err(WeakPolicy::Length));
        assert_eq!(policy(129, &[letters]), Err(WeakPolicy::Length));
        assert_eq!(policy(20, &[]), Err(WeakPolicy::Characters));
        assert_eq!(policy(20, &[letters, ""]), Err(WeakPolicy::Characters));
        assert_eq!(policy(20, &["abcabcabcabcabcabcabcabcabc"]), Err(WeakPolicy::Characters));
        assert_eq!(policy(20, &[letters, "-é"]), Err(WeakPolicy::Unprintable('é')));
    }

    #[test]
    fn a_password_with_a_name_in_it_is_not_taken() {
        let letters = "abcdefghijklmnopqrstuvwxyz";
        let twelve = |text: &str| text.bytes().map(|byte| usize::from(byte - b'a')).collect::<Vec<_>>();
        let mut drawn: VecDeque<usize> = [twelve("xxxbergxxxxx"), twelve("qwertzuiopas")].concat().into();
        let account = attributes(json!({"name": {"familyName": "von-Berg"}, "userName": "ab"}));
        let password = policy(12, &[letters]).unwrap().generate(&account, |_| drawn.pop_front().unwrap());
        assert_eq!(password.reveal(), "qwertzuiopas");
    }

    #[test]
    fn what_waits_for_a_password_gets_a_slot_each() {
        let mut account = attributes(json!({"userName": "anna", "password": generated(), "x": {"pin": generated()}}));
        assert!(awaits_password(&account));
        assert_eq!(without_passwords(&account), attributes(json!({"userName": "anna", "x": {}})));
        let (mut slots, mut made) = (Slots::default(), 0);
        attach_passwords(&mut account, &mut slots, &mut || {
            made += 1;
            Secret::new(format!("s{made}")).unwrap()
        });
        assert_eq!(
            account,
            attributes(json!({"userName": "anna", "password": {"$slot": 0}, "x": {"pin": {"$slot": 1}}}))
        );
        assert!(!awaits_password(&account));
        assert_eq!(slots.get(1).unwrap().reveal(), "s2");
    }

    proptest! {
        #[test]
        fn a_password_follows_its_policy(length in 12usize..40, seed: u64) {
            let sets = ["abcdefghijkmnopqrstuvwxyz", "ABCDEFGH", "23456789", "-_.!"];
            let mut state = seed;
            let password = policy(length, &sets).unwrap().generate(&attributes(json!({"userName": "abc"})), |most| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                usize::try_from(state >> 33).unwrap() % most
            });
            let text = password.reveal();
            prop_assert_eq!(text.len(), length);
            prop_assert!(text.chars().all(|character| sets.concat().contains(character)));
            for set in sets {
                prop_assert!(text.chars().any(|character| set.contains(character)), "{} has nothing of {}", text, set);
            }
            prop_assert!(!text.to_lowercase().contains("abc"));
        }
    }
}
