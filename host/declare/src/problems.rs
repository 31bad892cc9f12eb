//! Collects what is wrong, so that every mistake is reported and not only the first.

use crate::DeclarationText;
use crate::error::{DeclarationError, DeclarationErrors, Position};

/// A place in one of the files.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    /// Which file, by its index.
    pub(crate) file: usize,
    /// The byte in it.
    pub(crate) offset: usize,
    /// The key, as TOML writes it.
    pub(crate) key: String,
}

/// The mistakes found so far.
#[derive(Debug, Default)]
pub(crate) struct Problems {
    found: Vec<(Place, String)>,
}

impl Problems {
    /// Notes a mistake.
    pub(crate) fn report(&mut self, place: &Place, message: impl Into<String>) {
        self.found.push((place.clone(), message.into()));
    }

    /// Whether nothing is wrong.
    pub(crate) fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// The errors, ordered by file and place.
    pub(crate) fn into_errors(mut self, files: &[DeclarationText]) -> DeclarationErrors {
        self.found.sort_by_key(|(place, _)| (place.file, place.offset));
        let located = |(place, message): (Place, String)| {
            let file = &files[place.file];
            DeclarationError {
                file: file.path.clone(),
                position: Some(Position::of(&file.text, place.offset)),
                key: place.key,
                message,
            }
        };
        DeclarationErrors(self.found.into_iter().map(located).collect())
    }
}

impl Place {
    /// `file:line:column`, to point at from elsewhere.
    pub(crate) fn describe(&self, files: &[DeclarationText]) -> String {
        let file = &files[self.file];
        let Position { line, column } = Position::of(&file.text, self.offset);
        format!("{}:{line}:{column}", file.path.display())
    }

    /// The place of a member, which begins at this byte.
    pub(crate) fn member(&self, key: &str, offset: usize) -> Self {
        let bare = !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
        let key = if bare { key.to_owned() } else { format!("{key:?}") };
        let key = if self.key.is_empty() { key } else { format!("{}.{key}", self.key) };
        Self { file: self.file, offset, key }
    }

    /// The place of an element of a list.
    pub(crate) fn element(&self, index: usize, offset: usize) -> Self {
        Self { file: self.file, offset, key: format!("{}[{index}]", self.key) }
    }
}
