//! What is wrong in a file, and where.

use purser_sdk::{Error, ErrorClass};

/// A column, for messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Which one, from 1, where that is known: a cell of a CSV row, a character of a JSON line.
    pub number: Option<usize>,
    /// Its name where there is one.
    pub name: Option<String>,
}

impl Column {
    /// A column by its number, with its name where there is one.
    pub fn new(number: usize, name: Option<String>) -> Self {
        Self { number: Some(number), name }
    }

    /// A column that is known by name only.
    pub fn named(name: String) -> Self {
        Self { number: None, name: Some(name) }
    }
}

/// Something in a file that cannot be read.
///
/// As an error it is `invalid-value` with the column's name, so that a run stops and says where: reading the same bytes
/// again would not help. The native code says what kind of problem it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// A stable short code, such as `duplicate-key`.
    pub code: &'static str,
    /// The line, from 1.
    pub line: u64,
    /// The column.
    pub column: Option<Column>,
    /// What is wrong and what to do.
    pub text: String,
}

impl Problem {
    /// A problem of a whole line.
    pub fn in_line(code: &'static str, line: u64, text: impl Into<String>) -> Self {
        Self { code, line, column: None, text: text.into() }
    }

    /// A problem in a column of a line.
    pub fn in_column(code: &'static str, line: u64, column: Column, text: impl Into<String>) -> Self {
        Self { code, line, column: Some(column), text: text.into() }
    }

    /// The problem as an error that names the file.
    pub fn into_error(self, file: &str) -> Error {
        let Self { code, line, column, text } = self;
        let Column { number, name } = column.unwrap_or(Column { number: None, name: None });
        let place = match (number, &name) {
            (None, None) => String::new(),
            (Some(number), None) => format!(", column {number}"),
            (None, Some(name)) => format!(", `{name}`"),
            (Some(number), Some(name)) => format!(", column {number} (`{name}`)"),
        };
        let message = format!("{file}: line {line}{place}: {text}");
        Error::new(ErrorClass::InvalidValue(name), message).with_native_code(code)
    }
}
