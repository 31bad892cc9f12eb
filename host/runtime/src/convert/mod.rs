//! Between the contract's types and those of the model. Every match names every case, so that a new one does not compile.

mod from_guest;
mod manifest;
mod to_guest;

pub(crate) use from_guest::{change_page, finding, object, outcomes, page};
pub(crate) use manifest::{classes, manifest};
pub(crate) use to_guest::{check_level, request, search_request};

/// A text of the guest that should be JSON and is not; it names the place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place} is not {expected}: {reason}")]
pub(crate) struct BrokenText {
    pub(crate) place: String,
    pub(crate) expected: &'static str,
    pub(crate) reason: String,
}

/// Parses a JSON text of the guest.
pub(crate) fn json(text: &str, place: impl FnOnce() -> String) -> Result<serde_json::Value, BrokenText> {
    serde_json::from_str(text).map_err(|error| BrokenText {
        place: place(),
        expected: "JSON",
        reason: error.to_string(),
    })
}
