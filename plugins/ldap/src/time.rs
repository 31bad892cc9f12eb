//! Times as directories write them, and as RFC 3339 does.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// Seconds from 1601-01-01 to 1970-01-01.
const EPOCHS_APART: i64 = 11_644_473_600;
const TICKS: i64 = 10_000_000;

/// Generalized time (RFC 4517 section 3.3.13) in UTC, as RFC 3339; none where it is written in another way.
pub fn from_generalized(text: &str) -> Option<String> {
    let digits = text.strip_suffix('Z')?;
    let seconds = digits.split(['.', ',']).next()?;
    let time = DateTime::strptime("%Y%m%d%H%M%S", seconds).ok()?;
    Some(time.to_zoned(TimeZone::UTC).ok()?.timestamp().to_string())
}

/// RFC 3339 as generalized time in UTC.
pub fn to_generalized(text: &str) -> Option<String> {
    let time: Timestamp = text.parse().ok()?;
    Some(time.strftime("%Y%m%d%H%M%SZ").to_string())
}

/// A file time as RFC 3339; none for never.
pub fn from_file_time(text: &str) -> Option<String> {
    let ticks: i64 = text.parse().ok()?;
    if ticks <= 0 || ticks == i64::MAX {
        return None;
    }
    let since_1970 = ticks.checked_sub(EPOCHS_APART * TICKS)?;
    let nanoseconds = i32::try_from(since_1970.rem_euclid(TICKS) * 100).ok()?;
    Some(Timestamp::new(since_1970.div_euclid(TICKS), nanoseconds).ok()?.to_string())
}

/// RFC 3339 as a file time.
pub fn to_file_time(text: &str) -> Option<String> {
    let time: Timestamp = text.parse().ok()?;
    let ticks = (time.as_second() + EPOCHS_APART) * TICKS + i64::from(time.subsec_nanosecond()) / 100;
    Some(ticks.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generalized_time_is_read_and_written() {
        assert_eq!(from_generalized("20261122200827Z").as_deref(), Some("2026-11-22T20:08:27Z"));
        assert_eq!(from_generalized("20261122200827.0Z").as_deref(), Some("2026-11-22T20:08:27Z"));
        assert_eq!(from_generalized("2026112220Z+1"), None);
        assert_eq!(to_generalized("2026-11-22T21:08:27+01:00").as_deref(), Some("20261122200827Z"));
    }

    #[test]
    fn file_time_counts_from_1601_and_knows_never() {
        assert_eq!(from_file_time("116444736000000000").as_deref(), Some("1970-01-01T00:00:00Z"));
        assert_eq!((from_file_time("0"), from_file_time("9223372036854775807")), (None, None));
        let written = to_file_time("2026-11-26T00:00:00Z").unwrap();
        assert_eq!(from_file_time(&written).as_deref(), Some("2026-11-26T00:00:00Z"));
    }
}
