//! Files that somebody sends: how many, how they are called.

use crate::ports::DeclarationFile;
use crate::problem::Problem;
use std::collections::BTreeSet;

/// More are more than anybody looks through.
pub(super) const MOST: usize = 200;
const LONGEST_NAME: usize = 100;

/// Checks the names of files.
///
/// # Errors
/// There is none or there are too many, one has no plain name that ends in `.toml`, or two have the same.
pub(super) fn check(files: &[DeclarationFile]) -> Result<(), Problem> {
    if files.is_empty() || files.len() > MOST {
        let detail = format!("`files` has {}: send from 1 to {MOST}, and all that are to be in force", files.len());
        return Err(Problem::bad_parameter(detail));
    }
    let mut names = BTreeSet::new();
    for DeclarationFile { name, .. } in files {
        if !is_plain(name) {
            let shown: String = name.chars().take(LONGEST_NAME).collect();
            return Err(Problem::bad_parameter(format!(
                "`{shown}` is no name of a file of declarations: use a-z, A-Z, 0-9, `-`, `_` and `.`, beginning with a letter or \
                 digit, and `.toml` at the end"
            )));
        }
        if !names.insert(name) {
            return Err(Problem::bad_parameter(format!("two files are called `{name}`")));
        }
    }
    Ok(())
}

fn is_plain(name: &str) -> bool {
    let stem = name.strip_suffix(".toml").unwrap_or_default();
    let begins_well = stem.starts_with(|letter: char| letter.is_ascii_alphanumeric());
    let is_plain = stem.chars().all(|letter| letter.is_ascii_alphanumeric() || "-_.".contains(letter));
    begins_well && is_plain && name.len() <= LONGEST_NAME
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(names: &[&str]) -> Vec<DeclarationFile> {
        names.iter().map(|name| DeclarationFile { name: (*name).to_owned(), text: String::new() }).collect()
    }

    #[test]
    fn files_have_plain_names_each_its_own() {
        assert!(check(&files(&["hr.toml", "10-crm_a.toml"])).is_ok());
        let long = format!("{}.toml", "x".repeat(96));
        for bad in ["", ".toml", "hr", ".hr.toml", "../hr.toml", "a/b.toml", "hr.toml\0", &long] {
            assert!(check(&files(&[bad])).is_err(), "{bad}");
        }
        assert!(check(&files(&[])).is_err());
        assert!(check(&files(&["hr.toml", "hr.toml"])).is_err());
        let many: Vec<_> = (0..=MOST).map(|number| format!("{number}.toml")).collect();
        assert!(check(&files(&many.iter().map(String::as_str).collect::<Vec<_>>())).is_err());
    }
}
