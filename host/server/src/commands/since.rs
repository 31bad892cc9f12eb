//! What `audit`, `log` and `events` are asked with: times, and identities by name.

use anyhow::{Context, bail};
use jiff::{SignedDuration, Timestamp};
use purser_model::id::IdentityId;
use purser_store::{IdentityFilter, PageRequest, Store};
use std::str::FromStr;

/// A moment: a time, or how long ago.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// This time.
    At(Timestamp),
    /// So long ago.
    Ago(SignedDuration),
}

/// A text is no moment.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is no moment: say how long ago (`30m`, `2h`, `7d`) or when (`2026-01-31T08:00:00Z`)")]
pub struct NotAMoment(String);

impl FromStr for Moment {
    type Err = NotAMoment;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Ok(at) = text.parse() {
            return Ok(Self::At(at));
        }
        let wrong = || NotAMoment(text.to_owned());
        let (number, seconds) = [("m", 60), ("h", 3_600), ("d", 86_400)]
            .into_iter()
            .find_map(|(unit, seconds)| Some((text.strip_suffix(unit)?, seconds)))
            .ok_or_else(wrong)?;
        let number: u32 = number.parse().map_err(|_| wrong())?;
        Ok(Self::Ago(SignedDuration::from_secs(i64::from(number) * seconds)))
    }
}

impl Moment {
    /// The time that is meant.
    pub fn before(self, now: Timestamp) -> anyhow::Result<Timestamp> {
        match self {
            Self::At(at) => Ok(at),
            Self::Ago(duration) => now.checked_sub(duration).context("that is before all time"),
        }
    }
}

/// Finds an identity by its id or as `source/key`.
///
/// # Errors
/// There is none.
pub async fn find_identity(store: &dyn Store, reference: &str) -> anyhow::Result<IdentityId> {
    if let Ok(id) = reference.parse() {
        return Ok(id);
    }
    let Some((source, key)) = reference.split_once('/') else {
        bail!("`{reference}` names no identity: give its id, or `SOURCE/KEY` such as `hr/1001`");
    };
    let filter =
        IdentityFilter { source: Some(source.parse()?), key: Some(key.to_owned()), ..IdentityFilter::default() };
    let found = store.identities(filter, PageRequest::first(1)).await?;
    found.first().map(|identity| identity.id).with_context(|| format!("no identity `{reference}` is known"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_times_or_how_long_ago() {
        let now = Timestamp::from_second(1_000_000).unwrap();
        let ago = |text: &str| text.parse::<Moment>().unwrap().before(now).unwrap().as_second();
        assert_eq!((ago("30m"), ago("2h"), ago("7d")), (998_200, 992_800, 395_200));
        assert_eq!(ago("1970-01-01T00:00:07Z"), 7);
        for wrong in ["", "h", "2", "-2h", "2w", "yesterday"] {
            assert!(wrong.parse::<Moment>().is_err(), "{wrong}");
        }
    }
}
