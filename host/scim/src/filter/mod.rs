//! Filters: the full grammar of RFC 7644 3.4.2.2.
//!
//! A text is parsed ([`Filter::parse`]), bound to a type ([`Filter::bind`]), which refuses what cannot be compared, and then
//! tried on resources ([`BoundFilter::matches`]). A filter on an attribute with several values holds where any of them fits;
//! `ne` holds where none equals. What has no value equals null and nothing else.

mod bind;
mod evaluate;
mod lexer;
mod lookup;
mod parse;

pub use bind::{BoundFilter, UnknownAttributes};
pub use lookup::{Lookup, LookupKey};

use crate::error::{ErrorKind, ScimError};
use crate::path::AttributePath;
use serde_json::Value;

/// The longest text of a filter, in bytes.
pub const MAX_LENGTH: usize = 8192;
/// How deep parentheses, `not` and brackets may stand in each other.
pub const MAX_DEPTH: usize = 32;
/// The most comparisons in one filter.
pub const MAX_TERMS: usize = 256;

/// How a value is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// Equal.
    Eq,
    /// Not equal.
    Ne,
    /// Contains.
    Co,
    /// Starts with.
    Sw,
    /// Ends with.
    Ew,
    /// Greater.
    Gt,
    /// Greater or equal.
    Ge,
    /// Less.
    Lt,
    /// Less or equal.
    Le,
}

impl Operator {
    const ALL: [(&'static str, Self); 9] = [
        ("eq", Self::Eq),
        ("ne", Self::Ne),
        ("co", Self::Co),
        ("sw", Self::Sw),
        ("ew", Self::Ew),
        ("gt", Self::Gt),
        ("ge", Self::Ge),
        ("lt", Self::Lt),
        ("le", Self::Le),
    ];

    fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|(name, _)| name.eq_ignore_ascii_case(word)).map(|(_, operator)| operator)
    }

    /// As it is written.
    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(_, operator)| *operator == self).map_or("", |(name, _)| name)
    }
}

/// A filter as it was written.
#[derive(Debug, Clone, PartialEq)]
pub enum Filter {
    /// All of these hold.
    All(Vec<Self>),
    /// One of these holds.
    Any(Vec<Self>),
    /// This does not hold.
    Not(Box<Self>),
    /// A comparison.
    Compare {
        /// What is compared.
        path: AttributePath,
        /// How.
        operator: Operator,
        /// With what: a text, number, true, false or null.
        value: Value,
    },
    /// There is a value.
    Present(AttributePath),
    /// One of an attribute's values is such that a filter over its parts holds.
    Values {
        /// The attribute.
        path: AttributePath,
        /// The filter over its parts.
        filter: Box<Self>,
    },
}

impl Filter {
    /// Reads a filter.
    ///
    /// # Errors
    /// `invalidFilter`: it is not of the grammar, or longer, deeper or of more terms than allowed.
    pub fn parse(text: &str) -> Result<Self, ScimError> {
        parse::whole(text)
    }
}

fn invalid(detail: impl Into<String>) -> ScimError {
    ScimError::new(ErrorKind::InvalidFilter, detail)
}

#[cfg(test)]
mod tests;
