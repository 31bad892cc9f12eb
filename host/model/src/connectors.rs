//! What an operator declares about connectors: which files are trusted, which builds are taken, and what a call may use.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// The most memory in bytes that a call may be given.
pub const MOST_MEMORY: u64 = 1 << 30;
/// The most elements that a table of a connector may be given.
pub const MOST_TABLE_ELEMENTS: u64 = 20_000;

/// The most core instances that a component may be given.
pub const MOST_INSTANCES: u64 = 64;
/// The most objects on one page.
pub const MOST_PAGE_OBJECTS: u64 = 100_000;

/// Which connectors a source or target takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectorReference {
    /// The manifest's name.
    pub name: String,
    /// The versions accepted.
    pub version: semver::VersionReq,
    /// The one build that is accepted; none takes any.
    pub digest: Option<DigestPrefix>,
}

impl ConnectorReference {
    /// Every version of the connector of this name.
    pub fn any(name: impl Into<String>) -> Self {
        Self { name: name.into(), version: semver::VersionReq::STAR, digest: None }
    }
}

impl fmt::Display for ConnectorReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.digest {
            Some(digest) => write!(f, "{}@blake3:{digest}", self.name),
            None => write!(f, "{}@{}", self.name, self.version),
        }
    }
}

/// The beginning of a digest in hexadecimal, long enough that nobody makes another file with it by accident.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DigestPrefix(String);

/// A text is no beginning of a digest.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no digest: write 12 to 64 of the digits 0-9 and a-f that `purser connector list` shows")]
pub struct NotADigest(String);

impl DigestPrefix {
    /// The fewest digits.
    pub const SHORTEST: usize = 12;
    /// The digits of a whole digest.
    pub const WHOLE: usize = 64;

    /// Whether a digest in hexadecimal begins with it.
    pub fn fits(&self, digest: &str) -> bool {
        digest.starts_with(&self.0)
    }
}

impl FromStr for DigestPrefix {
    type Err = NotADigest;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_digit = |c: u8| c.is_ascii_digit() || (b'a'..=b'f').contains(&c);
        let fits = (Self::SHORTEST..=Self::WHOLE).contains(&text.len()) && text.bytes().all(is_digit);
        if fits { Ok(Self(text.to_owned())) } else { Err(NotADigest(text.to_owned())) }
    }
}

impl fmt::Display for DigestPrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What holds for every file that is dropped in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ConnectorRules {
    /// What is done about files without a good signature.
    pub signatures: SignaturePolicy,
    /// Keys of publishers in minisign's form, by the name that the operator gives them.
    pub publishers: BTreeMap<String, String>,
    /// What compiling one file may use; what is not declared has the runtime's default.
    pub compiling: CompilingLimits,
    /// Which copies are kept although nobody needs them.
    pub keeping: KeepingRules,
}

/// Which copies of connectors are kept although no source or target runs, tries, ran before or pins them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeepingRules {
    /// So many of the newest ones ...
    pub copies: u64,
    /// ... and those that somebody needed within this time.
    pub age: Duration,
}

impl Default for KeepingRules {
    fn default() -> Self {
        Self { copies: 10, age: Duration::from_secs(30 * 24 * 60 * 60) }
    }
}

/// What is done about a file that no known publisher signed, or whose signature is bad.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SignaturePolicy {
    /// It is refused.
    Require,
    /// It is taken, and said so.
    Warn,
    /// It is taken. A signature that is there and does not fit the file is refused all the same.
    #[default]
    Allow,
}

/// What compiling one file may use.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CompilingLimits {
    /// Bytes of address space.
    pub memory: Option<u64>,
    /// Processor time.
    pub cpu: Option<Duration>,
    /// Time from start to end.
    pub wall: Option<Duration>,
}

/// How a newer build takes over from the one in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum UpgradePolicy {
    /// At the next call, unless it asks for more than the one in use does.
    #[default]
    Direct,
    /// It reads beside the one in use first, then writes for a share of the accounts, then for all.
    Staged(StagedRules),
}

/// The numbers of a staged upgrade.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StagedRules {
    /// Objects that both builds must have read alike before the newer one writes.
    pub compare: u64,
    /// Percent of the accounts that it writes first.
    pub share: u8,
    /// Operations that it must have carried out before it writes for all.
    pub operations: u64,
    /// Percent of its calls or operations that may fail, where the one in use does not fail as well.
    pub errors: u8,
}

impl Default for StagedRules {
    fn default() -> Self {
        Self { compare: 100, share: 10, operations: 20, errors: 10 }
    }
}

/// What one call may use; what is not declared has the runtime's default.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct InstanceLimits {
    /// Bytes of linear memory.
    pub memory: Option<u64>,
    /// Elements of one table.
    pub table: Option<u64>,
    /// Core instances, memories and tables, each.
    pub instances: Option<u64>,
    /// Time in which the connector computes.
    pub cpu: Option<Duration>,
    /// Time from the beginning to the end of a call.
    pub wall: Option<Duration>,
    /// Calls into the host.
    pub host_calls: Option<u64>,
    /// Bytes over the network, both ways.
    pub traffic: Option<u64>,
    /// Lines of log.
    pub log_lines: Option<u32>,
    /// Bytes of log.
    pub log_bytes: Option<u64>,
    /// Bytes that are handed over in one answer or one call into the host.
    pub output: Option<u64>,
    /// Objects that are asked for at once.
    pub page: Option<u32>,
    /// Bytes of one object's attributes.
    pub value: Option<u64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_named_by_twelve_digits_at_least() {
        let whole = "0123456789abcdef".repeat(4);
        let prefix: DigestPrefix = whole[..12].parse().unwrap();
        assert!(prefix.fits(&whole) && !prefix.fits(&whole[1..]));
        assert!(whole.parse::<DigestPrefix>().is_ok());
        for bad in ["", "0123456789a", "0123456789ABC", "0123456789xyz", &"0".repeat(65)] {
            assert!(bad.parse::<DigestPrefix>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_reference_is_shown_as_it_is_written() {
        let any = ConnectorReference::any("scim");
        assert_eq!(any.to_string(), "scim@*");
        let build = ConnectorReference { digest: "0123456789ab".parse().ok(), ..any };
        assert_eq!(build.to_string(), "scim@blake3:0123456789ab");
    }
}
