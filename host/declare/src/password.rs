//! `[target.NAME.password]`: how the passwords of new accounts are made.

use crate::problems::Problems;
use crate::section::Section;
use purser_model::password::PasswordPolicy;

const LETTERS: &str = "abcdefghijklmnopqrstuvwxyz";
const DIGITS: &str = "0123456789";
/// Symbols that shells, forms and most password rules of directories take.
const SYMBOLS: &str = "-_.!#%+=";
/// Characters that people take for one another when they read them.
const LOOKALIKES: [char; 5] = ['l', 'I', 'O', '0', '1'];

/// A set of characters that a password has at least one of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Lower,
    Upper,
    Digit,
    Symbol,
}

const KINDS: &[(&str, Kind)] =
    &[("lower", Kind::Lower), ("upper", Kind::Upper), ("digit", Kind::Digit), ("symbol", Kind::Symbol)];

/// Reads `{ length = 20, characters = ["lower", "digit"], symbols = "-_", lookalikes = true, attribute = "password" }`.
pub(crate) fn read(section: &mut Section<'_>, problems: &mut Problems) -> Option<PasswordPolicy> {
    let node = section.optional("password")?;
    let mut section = node.section(problems)?;
    let attribute = section.optional("attribute").and_then(|node| node.filled_text(problems));
    let length = section.optional("length").and_then(|node| node.integer(problems));
    let symbols = section.optional("symbols").and_then(|node| node.filled_text(problems));
    let lookalikes = section.optional("lookalikes").and_then(|node| node.flag(problems)).unwrap_or(false);
    let kinds = kinds(&mut section, problems);
    section.finish(problems);
    let set = |kind: &Kind| {
        let characters = match kind {
            Kind::Lower => LETTERS.to_owned(),
            Kind::Upper => LETTERS.to_uppercase(),
            Kind::Digit => DIGITS.to_owned(),
            Kind::Symbol => symbols.clone().unwrap_or_else(|| SYMBOLS.to_owned()),
        };
        characters.chars().filter(|character| lookalikes || !LOOKALIKES.contains(character)).collect::<String>()
    };
    let length = length.map_or(PasswordPolicy::USUAL_LENGTH, |length| usize::try_from(length).unwrap_or(usize::MAX));
    match PasswordPolicy::new(attribute, length, kinds.iter().map(set).collect()) {
        Ok(policy) => Some(policy),
        Err(weak) => {
            problems.report(&node.place, weak.to_string());
            None
        }
    }
}

fn kinds(section: &mut Section<'_>, problems: &mut Problems) -> Vec<Kind> {
    let named = section.texts("characters", problems);
    if named.is_empty() {
        return KINDS.iter().map(|(_, kind)| *kind).collect();
    }
    let mut kinds = Vec::new();
    for (name, place) in named {
        match KINDS.iter().find(|(known, _)| *known == name) {
            Some((_, kind)) if !kinds.contains(kind) => kinds.push(*kind),
            Some(_) => problems.report(&place, format!("`{name}` stands here twice")),
            None => {
                let known: Vec<_> = KINDS.iter().map(|(known, _)| format!("`{known}`")).collect();
                problems.report(&place, format!("`{name}` is none of {}", known.join(", ")));
            }
        }
    }
    kinds
}
