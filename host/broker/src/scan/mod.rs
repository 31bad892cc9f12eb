//! Keeps secrets out of what a guest is given: an answer that repeats one has it removed.
//!
//! An application that echoes a password, or puts a token into an error text, would otherwise hand it to the connector.
//! [`Forms`] knows how a secret looks as it is, in JSON, percent-encoded, in hexadecimal and in base64 at any alignment;
//! [`remove`] puts a fixed text in the place of each occurrence.
//!
//! A secret of fewer than [`SHORTEST`] bytes is not looked for: texts of that length occur by chance, and taking them out
//! would falsify answers. Whoever uses such a secret has no secret.

mod forms;

use memchr::memmem::Finder;
use purser_model::secret::Secret;
use std::borrow::Cow;
use std::ops::Range;

/// What stands where a secret stood.
pub const REMOVED: &str = "[secret removed]";

/// Secrets with fewer bytes are not looked for.
pub const SHORTEST: usize = 6;

/// How secrets may look in an answer, prepared to be looked for.
#[derive(Default)]
pub struct Forms(Vec<Finder<'static>>);

impl Forms {
    /// The forms of these secrets.
    pub fn of<'a>(secrets: impl IntoIterator<Item = &'a Secret>) -> Self {
        let long = secrets.into_iter().map(Secret::reveal).filter(|secret| secret.len() >= SHORTEST);
        let mut forms: Vec<_> = long.flat_map(forms::of).filter(|form| form.len() >= SHORTEST).collect();
        forms.sort_by(|one, other| one.as_slice().cmp(other.as_slice()));
        forms.dedup();
        Self(forms.iter().map(|form| Finder::new(form.as_slice()).into_owned()).collect())
    }

    /// Where forms stand; they may overlap.
    fn places<'b>(&'b self, bytes: &'b [u8]) -> impl Iterator<Item = Range<usize>> + use<'b> {
        self.0.iter().flat_map(|form| occurrences(bytes, form))
    }
}

/// The bytes with every form of these replaced by [`REMOVED`]; borrowed where there is none.
pub fn remove<'a>(forms: &[&Forms], bytes: &'a [u8]) -> Cow<'a, [u8]> {
    let found = merged(forms.iter().flat_map(|forms| forms.places(bytes)).collect());
    if found.is_empty() {
        return Cow::Borrowed(bytes);
    }
    let mut clean = Vec::with_capacity(bytes.len());
    let mut from = 0;
    for place in found {
        clean.extend_from_slice(&bytes[from..place.start]);
        clean.extend_from_slice(REMOVED.as_bytes());
        from = place.end;
    }
    clean.extend_from_slice(&bytes[from..]);
    Cow::Owned(clean)
}

/// These places in order; those that overlap or touch are one.
fn merged(mut places: Vec<Range<usize>>) -> Vec<Range<usize>> {
    places.sort_by_key(|place| place.start);
    let mut merged: Vec<Range<usize>> = Vec::new();
    for place in places {
        match merged.last_mut() {
            Some(last) if place.start <= last.end => last.end = last.end.max(place.end),
            _ => merged.push(place),
        }
    }
    merged
}

impl std::fmt::Debug for Forms {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Forms({})", self.0.len())
    }
}

/// Every occurrence, those that overlap each other too: of a secret that repeats itself no end must be left.
fn occurrences(bytes: &[u8], form: &Finder<'_>) -> Vec<Range<usize>> {
    let length = form.needle().len();
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(place) = form.find(&bytes[from..]) {
        found.push(from + place..from + place + length);
        from += place + 1;
    }
    found
}

#[cfg(test)]
mod tests;
