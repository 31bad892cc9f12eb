//! `If-Match` and `If-None-Match`.

use super::problem::ScimProblem;
use super::views::entity_tag;
use axum::http::{HeaderMap, HeaderName, header};
use purser_scim_server::{ErrorKind, ScimError};

/// What a write demands of the version that it changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct IfMatch(Option<String>);

impl IfMatch {
    /// From the headers of a request.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        Self(text(headers, &header::IF_MATCH))
    }

    /// From an operation of a bulk request.
    pub(super) fn version(version: Option<&str>) -> Self {
        Self(version.map(str::to_owned))
    }

    /// Whether anything is demanded: then a write is not tried again with another version.
    pub(super) fn is_said(&self) -> bool {
        self.0.is_some()
    }

    /// Refuses a version that is not demanded.
    pub(super) fn check(&self, version: u64) -> Result<(), ScimProblem> {
        match &self.0 {
            Some(wanted) if !names(wanted, version) => {
                let detail = "the resource is of another version by now: read it again";
                Err(ScimError::new(ErrorKind::PreconditionFailed, detail).into())
            }
            _ => Ok(()),
        }
    }
}

/// Whether the client has this version already.
pub(super) fn is_known(headers: &HeaderMap, version: u64) -> bool {
    text(headers, &header::IF_NONE_MATCH).is_some_and(|known| names(&known, version))
}

fn text(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
}

/// Whether a list of entity tags names a version; a strong tag names it as well as a weak one.
fn names(tags: &str, version: u64) -> bool {
    let own = entity_tag(version);
    let strong = own.trim_start_matches("W/");
    tags.split(',').map(str::trim).any(|tag| tag == "*" || tag == own || tag == strong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_lists_weak_or_strong() {
        for tags in ["*", "W/\"3\"", "\"3\"", "W/\"1\", W/\"3\""] {
            assert!(names(tags, 3), "{tags}");
        }
        for tags in ["", "W/\"31\"", "3", "\"4\""] {
            assert!(!names(tags, 3), "{tags}");
        }
        assert!(IfMatch::version(None).check(3).is_ok());
        assert!(IfMatch::version(Some("W/\"2\"")).check(3).is_err());
    }
}
