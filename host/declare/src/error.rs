//! What is wrong with declarations, and where.

use std::fmt;
use std::path::PathBuf;

/// One mistake in the declarations. It prints as `crm.toml:12:9: target.crm.leaving: what is wrong and what to do`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeclarationError {
    /// The file, or the directory where the mistake is no file's.
    pub file: PathBuf,
    /// Where in the file; none where the file as a whole is meant.
    pub position: Option<Position>,
    /// The key as TOML writes it; empty where there is none.
    pub key: String,
    /// What is wrong and what to do.
    pub message: String,
}

/// A place in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// Counted from 1.
    pub line: usize,
    /// Counted from 1, in Unicode characters.
    pub column: usize,
}

impl Position {
    /// The position of a byte of a text.
    pub(crate) fn of(text: &str, offset: usize) -> Self {
        let before = text.get(..offset).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |end| end + 1);
        Self { line: before.matches('\n').count() + 1, column: before[line_start..].chars().count() + 1 }
    }
}

impl fmt::Display for DeclarationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.file.display())?;
        if let Some(Position { line, column }) = self.position {
            write!(f, "{line}:{column}:")?;
        }
        if !self.key.is_empty() {
            write!(f, " {}:", self.key)?;
        }
        write!(f, " {}", self.message)
    }
}

/// Every mistake that was found, ordered by file and place. It prints one per line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeclarationErrors(pub Vec<DeclarationError>);

impl fmt::Display for DeclarationErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.0.iter().enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            error.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for DeclarationErrors {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters() {
        assert_eq!(Position::of("a\nüb", 4), Position { line: 2, column: 2 });
        assert_eq!(Position::of("", 0), Position { line: 1, column: 1 });
    }
}
