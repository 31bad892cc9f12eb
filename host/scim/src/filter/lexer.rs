//! The words of a filter.

use super::invalid;
use crate::error::ScimError;
use serde_json::Value;

/// One word.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    /// A name, an operator, `and`, `true` ...
    Word(String),
    /// A text or a number.
    Value(Value),
    /// `(`, `)`, `[` or `]`.
    Bracket(char),
}

/// Cuts a text into words.
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, ScimError> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let (token, length) = match first {
            '(' | ')' | '[' | ']' => (Token::Bracket(first), 1),
            '"' => quoted(rest)?,
            '-' | '0'..='9' => number(rest)?,
            _ => word(rest)?,
        };
        tokens.push(token);
        rest = rest[length..].trim_start();
    }
    Ok(tokens)
}

fn quoted(text: &str) -> Result<(Token, usize), ScimError> {
    let length = quoted_length(text).ok_or_else(|| invalid("a text in the filter has no closing quote"))?;
    let value: String = serde_json::from_str(&text[..length])
        .map_err(|_| invalid("a text in the filter is not quoted as JSON is: write \\\" and \\\\ within quotes"))?;
    Ok((Token::Value(value.into()), length))
}

/// The bytes of the quoted text at the beginning, its quotes included.
pub(crate) fn quoted_length(text: &str) -> Option<usize> {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return Some(at + 1),
            _ => {}
        }
    }
    None
}

fn number(text: &str) -> Result<(Token, usize), ScimError> {
    let is_part = |c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.' | 'e' | 'E');
    let length = text.find(|c| !is_part(c)).unwrap_or(text.len());
    let number = serde_json::from_str(&text[..length])
        .map_err(|_| invalid("a number in the filter is none; put a text in quotes"))?;
    Ok((Token::Value(Value::Number(number)), length))
}

fn word(text: &str) -> Result<(Token, usize), ScimError> {
    let ends = |c: char| c.is_whitespace() || matches!(c, '(' | ')' | '[' | ']' | '"');
    let length = text.find(ends).unwrap_or(text.len());
    let word = &text[..length];
    if word.chars().all(crate::path::is_path_character) {
        Ok((Token::Word(word.to_owned()), length))
    } else {
        Err(invalid("the filter has a character where none may be; put texts in double quotes"))
    }
}
