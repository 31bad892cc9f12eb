//! Mistakes in declarations, as the API shows them: files by their names, whatever folder they lie in.

use purser_api::DeclarationMistake;
use purser_declare::DeclarationErrors;
use std::path::Path;

/// The mistakes, in their order.
pub fn shown(errors: DeclarationErrors, place: &Path) -> Vec<DeclarationMistake> {
    let number = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
    let one = |error: purser_declare::DeclarationError| DeclarationMistake {
        file: error.file.strip_prefix(place).unwrap_or(&error.file).display().to_string(),
        line: error.position.map(|position| number(position.line)),
        column: error.position.map(|position| number(position.column)),
        key: error.key,
        message: error.message,
    };
    errors.0.into_iter().map(one).collect()
}
