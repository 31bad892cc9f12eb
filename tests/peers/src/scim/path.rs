//! Attribute paths: `name.familyName`, `emails[type eq "work"].value`, each with a schema's URN before it or not.

use super::filter::{Filter, Reading};
use super::schema::{Attribute, Kind, Schemas};

/// The name of an attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    /// The extension's URN; none for the core schema.
    pub extension: Option<String>,
    /// The attribute; none for the whole extension.
    pub attribute: Option<String>,
    /// Its part.
    pub part: Option<String>,
}

/// The path of one operation of a PATCH.
#[derive(Debug, Clone)]
pub struct Path {
    /// The attribute.
    pub name: Name,
    /// Which values of it.
    pub selection: Option<Filter>,
}

impl Name {
    /// Reads a name of a resource type.
    pub fn read(schemas: &Schemas, kind: &Kind, text: &str) -> Self {
        let (urn, rest) = split_urn(schemas, kind, text);
        let extension = urn.filter(|urn| !urn.eq_ignore_ascii_case(&kind.core)).map(str::to_owned);
        let (attribute, part) = match rest.split_once('.') {
            Some((attribute, part)) => (attribute, Some(part.to_owned())),
            None => (rest, None),
        };
        Self { extension, attribute: Some(attribute.to_owned()).filter(|name| !name.is_empty()), part }
    }

    /// What the schemas say of the attribute and of its part.
    ///
    /// # Errors
    /// They know no such name; the text says which.
    pub fn described<'a>(
        &self,
        schemas: &'a Schemas,
        kind: &Kind,
    ) -> Result<(&'a Attribute, Option<&'a Attribute>), String> {
        let unknown = || format!("{} has no attribute {self}", kind.name);
        let attribute = self.attribute.as_deref().ok_or_else(unknown)?;
        let found = schemas.attribute(kind, self.extension.as_deref(), attribute).ok_or_else(unknown)?;
        match &self.part {
            None => Ok((found, None)),
            Some(part) => Ok((found, Some(found.part(part).ok_or_else(unknown)?))),
        }
    }
}

impl std::fmt::Display for Name {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let parts = [self.extension.as_deref(), self.attribute.as_deref()].into_iter().flatten();
        formatter.write_str(&parts.collect::<Vec<_>>().join(":"))?;
        match &self.part {
            Some(part) => write!(formatter, ".{part}"),
            None => Ok(()),
        }
    }
}

/// The URN that a name begins with, as the schemas spell it, and the rest.
fn split_urn<'a, 's>(schemas: &'s Schemas, kind: &'s Kind, text: &'a str) -> (Option<&'s str>, &'a str) {
    for urn in schemas.urns(kind) {
        let (Some(start), Some(rest)) = (text.get(..urn.len()), text.get(urn.len()..)) else { continue };
        if start.eq_ignore_ascii_case(urn) && (rest.is_empty() || rest.starts_with(':')) {
            return (Some(urn), rest.trim_start_matches(':'));
        }
    }
    (None, text)
}

impl Path {
    /// Reads the path of an operation.
    ///
    /// # Errors
    /// It does not fit the grammar; the text says how.
    pub fn read(schemas: &Schemas, kind: &Kind, text: &str) -> Result<Self, String> {
        let Some((before, rest)) = text.split_once('[') else {
            return Ok(Self { name: Name::read(schemas, kind, text), selection: None });
        };
        let (inner, after) = rest.rsplit_once(']').ok_or_else(|| format!("`{text}` lacks `]`"))?;
        let mut name = Name::read(schemas, kind, before);
        let selection = Some(Reading::within(inner).filter()?);
        match after.strip_prefix('.') {
            Some(part) if !part.is_empty() => name.part = Some(part.to_owned()),
            None if after.is_empty() => {}
            _ => return Err(format!("`{after}` after `]` is no part")),
        }
        Ok(Self { name, selection })
    }
}
