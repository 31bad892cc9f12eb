//! Times as answers and SOQL write them.

use chrono::{DateTime, SecondsFormat, Utc};

/// Now, as an answer writes it.
pub(super) fn now() -> String {
    write(Utc::now())
}

/// A time as an answer writes it: `2026-01-01T00:00:00.000+0000`.
pub(super) fn write(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Millis, true).replace('Z', "+0000")
}

/// Reads what answers and SOQL write, with or without milliseconds.
pub(super) fn parse(text: &str) -> Option<DateTime<Utc>> {
    let offset = text.strip_suffix("+0000").map(|text| format!("{text}Z"));
    DateTime::parse_from_rfc3339(offset.as_deref().unwrap_or(text)).ok().map(|time| time.to_utc())
}
