//! The names of backups that a host keeps.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

const PREFIX: &str = "purser-";
const SUFFIX: &str = ".tar";
/// Longer ones no host gives.
const LONGEST: usize = 64;

/// The name of a backup in the folder of a host. It leads nowhere else.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(value_type = String, pattern = "^purser-[A-Za-z0-9][A-Za-z0-9.]{0,63}\\.tar$"))]
#[serde(try_from = "String", into = "String")]
pub struct BackupName(String);

/// A text is no name of a backup.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no name of a backup: `GET /v1/backups` tells those that are there")]
pub struct NotABackupName(String);

impl BackupName {
    /// The name of one that is made at this time. Later ones follow earlier ones.
    pub(crate) fn at(time: jiff::Timestamp) -> Self {
        Self(format!("{PREFIX}{}{SUFFIX}", time.strftime("%Y%m%dT%H%M%S%.6fZ")))
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for BackupName {
    type Err = NotABackupName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let stem = text.strip_prefix(PREFIX).and_then(|rest| rest.strip_suffix(SUFFIX)).unwrap_or_default();
        let is_plain = stem.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '.');
        if is_plain && stem.starts_with(|letter: char| letter.is_ascii_alphanumeric()) && stem.len() <= LONGEST {
            Ok(Self(text.to_owned()))
        } else {
            Err(NotABackupName(text.chars().take(100).collect()))
        }
    }
}

impl TryFrom<String> for BackupName {
    type Error = NotABackupName;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<BackupName> for String {
    fn from(name: BackupName) -> Self {
        name.0
    }
}

impl fmt::Display for BackupName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_leads_nowhere_else() {
        let made = BackupName::at(jiff::Timestamp::from_second(1_000).unwrap());
        assert_eq!(made.as_str().parse(), Ok(made.clone()));
        let long = format!("purser-{}.tar", "x".repeat(65));
        for bad in [
            "",
            "purser-.tar",
            "purser-../../secret-key",
            "../purser-1.tar",
            "purser-/../../x.tar",
            "purser-1.tar/..",
            "purser-..tar",
            "purser-1.tar\0",
            "purser-1\\2.tar",
            "purser-%2e.tar",
            ".purser-backup-x",
            "secret-key",
            &long,
        ] {
            assert!(bad.parse::<BackupName>().is_err(), "{bad}");
        }
    }
}
