//! `Retry-After` (RFC 9110 section 10.2.3): seconds or a date.

use std::time::{Duration, UNIX_EPOCH};

/// How long to wait, in milliseconds. `now_ms` is asked only where the header is a date; a date in the past gives 0.
pub fn parse(header: &str, now_ms: impl FnOnce() -> u64) -> Option<u64> {
    let header = header.trim();
    if let Ok(seconds) = header.parse::<f64>() {
        return (seconds.is_finite() && seconds >= 0.0).then(|| (seconds * 1000.0).ceil() as u64);
    }
    let until = httpdate::parse_http_date(header).ok()?;
    let now = UNIX_EPOCH + Duration::from_millis(now_ms());
    Some(until.duration_since(now).map_or(0, |wait| u64::try_from(wait.as_millis()).unwrap_or(u64::MAX)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT_08_49_37: u64 = 784_111_777_000;

    #[test]
    fn seconds_dates_and_nonsense() {
        assert_eq!(parse("120", || 0), Some(120_000));
        assert_eq!(parse(" 0.5 ", || 0), Some(500));
        assert_eq!(parse("Sun, 06 Nov 1994 08:49:47 GMT", || AT_08_49_37), Some(10_000));
        assert_eq!(parse("Sun, 06 Nov 1994 08:49:07 GMT", || AT_08_49_37), Some(0));
        assert_eq!(parse("soon", || 0), None);
        assert_eq!(parse("-1", || 0), None);
    }
}
