//! Paths of changes: `attribute`, `attribute.part`, `attribute[filter]`, `attribute[filter].part`.

use crate::error::{ErrorKind, ScimError};
use crate::filter::Filter;
use crate::path::AttributePath;

/// The path of a change.
#[derive(Debug, Clone, PartialEq)]
pub struct PatchPath {
    /// The attribute, with its part where there is no filter.
    pub attribute: AttributePath,
    /// Which of its values.
    pub filter: Option<Filter>,
    /// The part of those.
    pub part: Option<String>,
}

impl PatchPath {
    /// Reads a path.
    ///
    /// # Errors
    /// `invalidPath`, or `invalidFilter` where what stands in brackets is no filter.
    pub fn parse(text: &str) -> Result<Self, ScimError> {
        let attribute = |text: &str| AttributePath::parse(text.trim(), ErrorKind::InvalidPath);
        let Some((before, rest)) = text.split_once('[') else {
            return Ok(Self { attribute: attribute(text)?, filter: None, part: None });
        };
        let end = closing(rest).ok_or_else(|| invalid("the path lacks a `]`"))?;
        let filter = Filter::parse(&rest[..end])?;
        let part = match rest[end + 1..].trim() {
            "" => None,
            behind => match behind.strip_prefix('.') {
                Some(part) if !part.is_empty() => Some(attribute(part)?.0),
                _ => return Err(invalid("behind the `]` of a path only `.part` may stand")),
            },
        };
        Ok(Self { attribute: attribute(before)?, filter: Some(filter), part })
    }
}

/// Where the bracket that was opened before the text is closed; one within quotes does not count.
fn closing(text: &str) -> Option<usize> {
    let (mut quoted, mut escaped) = (false, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            ']' if !quoted => return Some(at),
            _ => {}
        }
    }
    None
}

fn invalid(detail: &str) -> ScimError {
    ScimError::new(ErrorKind::InvalidPath, detail)
}
