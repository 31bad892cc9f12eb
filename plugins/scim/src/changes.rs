//! A change feed made of `meta.lastModified`, for servers that filter by it.
//!
//! It shows what was made or changed, and never what was deleted: full reconciliation finds that. Repeats are allowed by
//! the contract, so that every doubt is decided for reading an object again.

use crate::class::Class;
use crate::document::{member, text_field};
use crate::listing::{self, Next, Position, Query};
use crate::resource::to_object;
use crate::server::Server;
use purser_sdk::serde_json::Value;
use purser_sdk::{Attributes, Change, ChangePage, ChangeTail, Condition, Error, Operator, cursor};
use serde::{Deserialize, Serialize};

const PAGE_SIZE: u32 = 200;
/// How far the server's clock may be behind ours, in milliseconds.
const CLOCK_DIFFERENCE_MS: u64 = 5 * 60 * 1000;

/// Where the feed goes on.
#[derive(Serialize, Deserialize)]
struct Feed {
    /// Objects changed at or after this are still to be read.
    since: String,
    /// The latest change seen in this pass.
    latest: String,
    /// Where the list of this pass goes on; none starts a pass.
    position: Option<Position>,
}

/// One page of the feed.
///
/// # Errors
/// `unsupported` unless the configuration says that the server filters by `meta.lastModified`; `unavailable` when the
/// list changed so much while it was read that something may be missing.
pub fn changes(server: &Server, class: Class, at: Option<&str>) -> Result<ChangePage, Error> {
    if !server.config.supports_lastmodified {
        return Err(Error::unsupported(
            "there is no change feed: set `supports_lastmodified` where the server filters by `meta.lastModified`, \
             else reconcile in full",
        ));
    }
    let Some(at) = at else {
        let since = rfc3339(server.host.now_ms().saturating_sub(CLOCK_DIFFERENCE_MS));
        let feed = Feed { latest: since.clone(), since, position: None };
        return Ok(ChangePage { changes: Vec::new(), tail: ChangeTail::Current(cursor::encode(&feed)?) });
    };
    let mut feed: Feed = cursor::decode(at)?;
    let position = match feed.position.take() {
        Some(position) => position,
        None => Position::start(server)?,
    };
    let changed = Condition {
        attribute: "meta.lastModified".into(),
        operator: Operator::AtOrAfter,
        value: feed.since.clone().into(),
    };
    let page = listing::fetch(server, class, &Query::new(&[changed], &[]), position, PAGE_SIZE)?;
    for resource in &page.resources {
        if let Some(modified) = last_modified(resource).filter(|modified| *modified > feed.latest.as_str()) {
            feed.latest = modified.to_owned();
        }
    }
    let objects = page
        .resources
        .into_iter()
        .map(|resource| to_object(&server.config, class, resource, None).map(Change::Present));
    let changes = objects.collect::<Result<_, _>>()?;
    let tail = match page.next {
        Next::More(position) => ChangeTail::More(cursor::encode(&Feed { position: Some(position), ..feed })?),
        Next::Complete => {
            let next = Feed { since: feed.latest.clone(), latest: feed.latest, position: None };
            ChangeTail::Current(cursor::encode(&next)?)
        }
        Next::Truncated(reason) => return Err(Error::unavailable(None, reason)),
    };
    Ok(ChangePage { changes, tail })
}

fn last_modified(resource: &Attributes) -> Option<&str> {
    let meta: &Value = member(resource, "meta")?;
    text_field(meta, "lastModified")
}

/// A time as RFC 3339 writes it in UTC, to the second. The days are turned into a date by the algorithm
/// `civil_from_days` that the C++ standard's calendar is based on: years start in March, so that leap days end them.
fn rfc3339(ms: u64) -> String {
    let seconds = ms / 1000;
    let (days, second_of_day) = (seconds / 86_400, seconds % 86_400);
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    let (hour, minute, second) = (second_of_day / 3600, second_of_day / 60 % 60, second_of_day % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_right_around_leap_days() {
        assert_eq!(rfc3339(0), "1970-01-01T00:00:00Z");
        assert_eq!(rfc3339(1_767_225_600_000), "2026-01-01T00:00:00Z");
        assert_eq!(rfc3339(951_782_399_000), "2000-02-28T23:59:59Z");
        assert_eq!(rfc3339(951_782_400_000), "2000-02-29T00:00:00Z");
        assert_eq!(rfc3339(1_709_251_199_999), "2024-02-29T23:59:59Z");
    }
}
