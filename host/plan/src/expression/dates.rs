//! Functions on dates, which are texts such as `2026-11-25`. The days of time zones come with the program, so that the same
//! expression gives the same everywhere.

use jiff::civil::Date;
use jiff::fmt::strtime;
use jiff::tz::TimeZoneDatabase;
use jiff::{Span, Timestamp};
use std::sync::LazyLock;

static ZONES: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

/// Longest format of a date in bytes.
const LONGEST_FORMAT: usize = 100;

/// Why a function gives nothing for its arguments.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum DateFault {
    #[error("`{0}` is no date such as `2026-11-25`")]
    NoDate(String),
    #[error("`{0}` is no time such as `2026-11-25T08:00:00Z`")]
    NoTime(String),
    #[error("`{0}` is no time zone such as `Europe/Berlin`")]
    NoZone(String),
    #[error("{0} from `{1}` is no date of the years -9999 to 9999")]
    OutOfRange(String, Date),
    #[error("`{format}` is no format such as `%d.%m.%Y`: {cause}")]
    NoFormat { format: String, cause: String },
}

/// A date so many days later, or earlier where the number is negative.
pub(super) fn add_days(text: &str, days: i64) -> Result<String, DateFault> {
    let date = date(text)?;
    later(date, Span::new().try_days(days), || format!("{days} days"))
}

/// A date so many months later: the same day, or the last of the month where it has no such day (`2026-01-31` and one
/// month is `2026-02-28`).
pub(super) fn add_months(text: &str, months: i64) -> Result<String, DateFault> {
    let date = date(text)?;
    later(date, Span::new().try_months(months), || format!("{months} months"))
}

fn later(date: Date, span: Result<Span, jiff::Error>, distance: impl Fn() -> String) -> Result<String, DateFault> {
    let moved = span.and_then(|span| date.checked_add(span));
    moved.map(|date| date.to_string()).map_err(|_| DateFault::OutOfRange(distance(), date))
}

/// How many days lie from the first to the second; negative where the second is earlier.
pub(super) fn days_between(from: &str, to: &str) -> Result<i64, DateFault> {
    let (from, to) = (date(from)?, date(to)?);
    Ok((to - from).get_days().into())
}

/// The date of a time in a time zone.
pub(super) fn date_of(time: &str, zone: &str) -> Result<String, DateFault> {
    let moment: Timestamp = time.parse().map_err(|_| DateFault::NoTime(shown(time)))?;
    let zone = ZONES.get(zone).map_err(|_| DateFault::NoZone(shown(zone)))?;
    Ok(moment.to_zoned(zone).date().to_string())
}

/// A date as a format of `strftime` says.
pub(super) fn format_date(text: &str, format: &str) -> Result<String, DateFault> {
    let date = date(text)?;
    let fault = |cause: String| DateFault::NoFormat { format: shown(format), cause };
    if format.len() > LONGEST_FORMAT {
        return Err(fault(format!("it is longer than {LONGEST_FORMAT} bytes")));
    }
    strtime::format(format, date).map_err(|error| fault(error.to_string()))
}

/// Only a date: a time has another day elsewhere, so that its zone must be said with `dateOf`.
fn date(text: &str) -> Result<Date, DateFault> {
    let is_date_alone = !text.contains(['T', 't', ' ']);
    text.parse().ok().filter(|_| is_date_alone).ok_or_else(|| DateFault::NoDate(shown(text)))
}

/// Enough of a text to recognise it.
fn shown(text: &str) -> String {
    const ENOUGH: usize = 40;
    match text.char_indices().nth(ENOUGH) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_months_are_counted_over_ends_of_months_and_leap_years() {
        for (text, days, expected) in [
            ("2026-11-25", 0, "2026-11-25"),
            ("2026-12-31", 1, "2027-01-01"),
            ("2028-02-28", 1, "2028-02-29"),
            ("2026-03-01", -1, "2026-02-28"),
            ("2026-03-28", 2, "2026-03-30"),
        ] {
            assert_eq!(add_days(text, days).as_deref(), Ok(expected));
        }
        for (text, months, expected) in [
            ("2026-01-31", 1, "2026-02-28"),
            ("2027-12-31", 2, "2028-02-29"),
            ("2026-03-31", -1, "2026-02-28"),
            ("2026-11-25", 12, "2027-11-25"),
        ] {
            assert_eq!(add_months(text, months).as_deref(), Ok(expected));
        }
        assert_eq!(days_between("2026-11-25", "2026-12-25"), Ok(30));
        assert_eq!(days_between("2028-03-01", "2028-02-28"), Ok(-2));
        assert_eq!(days_between("-009999-01-01", "9999-12-31"), Ok(7_304_483));
    }

    #[test]
    fn what_is_out_of_range_or_no_date_is_said() {
        let said = |result: Result<String, DateFault>| result.expect_err("must fail").to_string();
        assert_eq!(said(add_days("9999-12-31", 1)), "1 days from `9999-12-31` is no date of the years -9999 to 9999");
        for far in [i64::MAX, i64::MIN] {
            assert!(add_days("2026-11-25", far).is_err() && add_months("2026-11-25", far).is_err());
        }
        for text in
            ["", "25.11.2026", "2026-02-30", "2026-11-25T08:00:00Z", "2026-11-25 08:00", "today", "２０２６-11-25"]
        {
            assert_eq!(said(add_days(text, 1)), format!("`{text}` is no date such as `2026-11-25`"));
        }
        assert!(said(add_days(&"9".repeat(1_000_000), 1)).len() < 100);
    }

    #[test]
    fn the_date_of_a_time_hangs_on_the_zone() {
        assert_eq!(date_of("2026-11-25T23:30:00Z", "UTC").as_deref(), Ok("2026-11-25"));
        assert_eq!(date_of("2026-11-25T23:30:00Z", "Europe/Berlin").as_deref(), Ok("2026-11-26"));
        assert_eq!(date_of("2026-11-25T23:30:00+01:00", "America/New_York").as_deref(), Ok("2026-11-25"));
        assert_eq!(date_of("2026-11-25", "UTC"), Err(DateFault::NoTime("2026-11-25".into())));
        assert_eq!(date_of("2026-11-25T23:30:00Z", "Europe/Nowhere"), Err(DateFault::NoZone("Europe/Nowhere".into())));
    }

    #[test]
    fn dates_are_written_as_the_format_says() {
        assert_eq!(format_date("2026-01-05", "%d.%m.%Y").as_deref(), Ok("05.01.2026"));
        assert_eq!(format_date("2026-01-05", "%-d %b %y %%").as_deref(), Ok("5 Jan 26 %"));
        assert_eq!(format_date("2026-01-05", "").as_deref(), Ok(""));
        for format in ["%H:%M", "%", "%!", "%Z"] {
            let said = format_date("2026-01-05", format).expect_err(format).to_string();
            assert!(said.starts_with(&format!("`{format}` is no format such as `%d.%m.%Y`: ")), "{said}");
        }
        assert!(format_date("2026-01-05", &"%d".repeat(1000)).is_err());
    }
}
