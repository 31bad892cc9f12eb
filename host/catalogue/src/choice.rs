//! Which build a source or target takes of those that lie in the folder.

use purser_model::connectors::ConnectorReference;
use purser_model::upgrade::{Build, ConnectorUse};
use std::time::SystemTime;

/// A good file in the folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// What it is.
    pub build: Build,
    /// When it was changed.
    pub modified: SystemTime,
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Choice {
    /// What is in use goes on, also where its file is gone from the folder: its copy runs.
    Keep,
    /// This build is taken at once: it is the first, or the operator declared it.
    Take(Build),
    /// This build is newer than the one in use and may take over.
    Consider(Build),
    /// Nothing fits.
    Nothing,
}

/// Chooses for a source or target that is declared so and has run this so far.
///
/// A build that is older than the one in use never takes over by itself, and one that was rolled back is left: a person
/// pins or approves it. Of two builds of the same version the one in use stays as long as its file is there.
pub fn choose(reference: &ConnectorReference, used: Option<&ConnectorUse>, offers: &[Offer]) -> Choice {
    let fits = |build: &Build| {
        let named = build.name == reference.name;
        named
            && reference
                .digest
                .as_ref()
                .map_or_else(|| reference.version.matches(&build.version), |d| d.fits(&build.digest))
    };
    let used = used.filter(|used| fits(&used.current));
    let is_refused = |build: &Build| used.is_some_and(|used| used.refused.contains(&build.digest));
    let fitting = offers.iter().filter(|offer| fits(&offer.build) && !is_refused(&offer.build));
    let best = fitting.max_by(|left, right| {
        (&left.build.version, left.modified, &left.build.digest).cmp(&(
            &right.build.version,
            right.modified,
            &right.build.digest,
        ))
    });
    match (used, best) {
        (None, None) => Choice::Nothing,
        (None, Some(best)) => Choice::Take(best.build.clone()),
        (Some(_), None) => Choice::Keep,
        (Some(used), Some(best)) => {
            let (current, best) = (&used.current, &best.build);
            let lies_there = offers.iter().any(|offer| offer.build.digest == current.digest);
            let replaced = best.version == current.version && !lies_there;
            if best.digest != current.digest && (best.version > current.version || replaced) {
                Choice::Consider(best.clone())
            } else {
                Choice::Keep
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn build(version: &str, letter: &str) -> Build {
        Build { name: "scim".into(), version: version.parse().unwrap(), digest: letter.repeat(64) }
    }

    fn offer(version: &str, letter: &str) -> Offer {
        Offer { build: build(version, letter), modified: SystemTime::UNIX_EPOCH }
    }

    fn range(text: &str) -> ConnectorReference {
        ConnectorReference { version: text.parse().unwrap(), ..ConnectorReference::any("scim") }
    }

    #[test]
    fn the_newest_of_the_range_is_taken_first() {
        let offers = [offer("1.0.0", "a"), offer("1.2.0", "b"), offer("2.0.0", "c")];
        assert_eq!(choose(&range("^1"), None, &offers), Choice::Take(build("1.2.0", "b")));
        assert_eq!(choose(&range("^3"), None, &offers), Choice::Nothing);
        assert_eq!(choose(&ConnectorReference::any("other"), None, &offers), Choice::Nothing);
    }

    #[test]
    fn a_newer_build_is_considered_and_an_older_one_is_not() {
        let used = ConnectorUse::begin("target crm", build("1.1.0", "a"));
        let chosen = |offers: &[Offer]| choose(&range("^1"), Some(&used), offers);
        assert_eq!(chosen(&[offer("1.1.0", "a"), offer("1.2.0", "b")]), Choice::Consider(build("1.2.0", "b")));
        assert_eq!(chosen(&[offer("1.0.0", "b")]), Choice::Keep, "its file was replaced by an older one");
        assert_eq!(chosen(&[]), Choice::Keep, "its file was removed");
        assert_eq!(chosen(&[offer("1.1.0", "b")]), Choice::Consider(build("1.1.0", "b")), "its file was built again");
        let later = Offer { modified: SystemTime::UNIX_EPOCH + Duration::from_secs(1), ..offer("1.1.0", "b") };
        assert_eq!(chosen(&[offer("1.1.0", "a"), later]), Choice::Keep, "its file lies there still");
    }

    #[test]
    fn what_was_rolled_back_is_left_until_something_newer_comes() {
        let mut used = ConnectorUse::begin("target crm", build("1.1.0", "a"));
        used.refused.insert("b".repeat(64));
        assert_eq!(choose(&range("^1"), Some(&used), &[offer("1.2.0", "b")]), Choice::Keep);
        let newer = [offer("1.2.0", "b"), offer("1.2.1", "c")];
        assert_eq!(choose(&range("^1"), Some(&used), &newer), Choice::Consider(build("1.2.1", "c")));
    }

    #[test]
    fn what_the_operator_declares_is_taken_at_once() {
        let mut used = ConnectorUse::begin("target crm", build("1.1.0", "a"));
        used.refused.insert("b".repeat(64));
        let offers = [offer("1.1.0", "a"), offer("1.2.0", "b")];
        let pinned = ConnectorReference { digest: "b".repeat(12).parse().ok(), ..ConnectorReference::any("scim") };
        assert_eq!(choose(&pinned, Some(&used), &offers), Choice::Take(build("1.2.0", "b")));
        assert_eq!(choose(&range("^1.2"), Some(&used), &offers), Choice::Take(build("1.2.0", "b")));
        let other = ConnectorReference { digest: "c".repeat(12).parse().ok(), ..ConnectorReference::any("scim") };
        assert_eq!(choose(&other, Some(&used), &offers), Choice::Nothing);
    }
}
