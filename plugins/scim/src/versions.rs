//! Versions that this call's own writes replaced: two edits of one object in a batch are planned against one version.

use std::collections::BTreeMap;

/// The versions of each object written, by path.
#[derive(Default)]
pub struct Versions(BTreeMap<String, History>);

struct History {
    replaced: Vec<String>,
    latest: String,
}

impl Versions {
    /// Records that a write of ours turned version `before` into `after`.
    pub fn note(&mut self, path: &str, before: &str, after: &str) {
        let history = self.0.entry(path.to_owned());
        let history = history.or_insert_with(|| History { replaced: Vec::new(), latest: String::new() });
        history.replaced.push(before.to_owned());
        history.latest = after.to_owned();
    }

    /// The version that stands for `version` now: itself, unless we replaced it.
    pub fn now(&self, path: &str, version: &str) -> String {
        let history = self.0.get(path).filter(|history| history.replaced.iter().any(|replaced| replaced == version));
        history.map_or(version, |history| history.latest.as_str()).to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_versions_that_we_replaced_are_carried_forward() {
        let mut versions = Versions::default();
        versions.note("/Users/1", "a", "b");
        versions.note("/Users/1", "b", "c");
        assert_eq!(versions.now("/Users/1", "a"), "c");
        assert_eq!(versions.now("/Users/1", "x"), "x");
        assert_eq!(versions.now("/Users/2", "a"), "a");
    }
}
