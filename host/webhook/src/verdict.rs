//! What follows from how a receiver answered: pure functions.

use jiff::Timestamp;
use purser_broker::http::{Error, Response};
use std::time::{Duration, SystemTime};

/// No receiver makes a host wait longer.
const LONGEST_PATIENCE: Duration = Duration::from_hours(24);

/// What became of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It was taken.
    Delivered,
    /// It was not.
    Failed {
        /// Why.
        reason: String,
        /// For how long the receiver wants to be left alone.
        patience: Option<Duration>,
    },
    /// The receiver says that it is gone for good.
    Gone {
        /// What it said.
        reason: String,
    },
}

/// Judges an answer, or why there is none.
pub(crate) fn judge(ended: Result<Response, Error>, now: Timestamp) -> Verdict {
    let response = match ended {
        Ok(response) => response,
        Err(error) => return Verdict::Failed { reason: error.to_string(), patience: None },
    };
    match response.status {
        200..=299 => Verdict::Delivered,
        410 => Verdict::Gone { reason: "the receiver answered 410: it wants to be told nothing more".to_owned() },
        status @ 300..=399 => {
            let reason =
                format!("the receiver answered {status}; redirects are not followed: declare the URL that it leads to");
            Verdict::Failed { reason, patience: None }
        }
        status => Verdict::Failed {
            reason: format!("the receiver answered {status}"),
            patience: patience(&response, now).filter(|_| matches!(status, 429 | 502..=504)),
        },
    }
}

/// `Retry-After` (RFC 9110 section 10.2.3): seconds or a date.
fn patience(response: &Response, now: Timestamp) -> Option<Duration> {
    let field = response.headers.iter().find(|field| field.name == "retry-after")?;
    let text = field.value.trim();
    let wait = match text.parse() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => {
            let until = httpdate::parse_http_date(text).ok()?;
            until.duration_since(SystemTime::from(now)).unwrap_or_default()
        }
    };
    Some(wait.min(LONGEST_PATIENCE))
}

/// When a delivery that failed so often is tried again; none after its last try. A little earlier or later than declared, so
/// that what failed together does not come back together: `share` is from 0 to 1.
pub(crate) fn next_wait(retry: &[Duration], attempts: u32, patience: Option<Duration>, share: f64) -> Option<Duration> {
    let declared = *retry.get(usize::try_from(attempts).ok()?.checked_sub(1)?)?;
    let wait = declared.mul_f64(0.9 + 0.2 * share.clamp(0.0, 1.0));
    Some(wait.max(patience.unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use purser_broker::http::Field;

    fn judged(status: u16, retry_after: Option<&str>) -> Verdict {
        let now = Timestamp::from_second(784_111_777).unwrap();
        let field = |value: &str| Field { name: "retry-after".into(), value: value.into() };
        judge(Ok(Response { status, headers: retry_after.map(field).into_iter().collect(), body: Vec::new() }), now)
    }

    fn patience_of(verdict: Verdict) -> Option<Duration> {
        match verdict {
            Verdict::Failed { patience, .. } => patience,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn only_2xx_is_a_delivery_and_410_is_for_good() {
        for status in [200, 202, 204, 299] {
            assert_eq!(judged(status, None), Verdict::Delivered);
        }
        assert!(matches!(judged(410, None), Verdict::Gone { .. }));
        for status in [199, 301, 307, 400, 401, 404, 429, 500, 503] {
            assert!(matches!(judged(status, None), Verdict::Failed { .. }), "{status}");
        }
    }

    #[test]
    fn a_receiver_that_is_busy_says_for_how_long() {
        for status in [429, 503] {
            assert_eq!(patience_of(judged(status, Some("7"))), Some(Duration::from_secs(7)));
        }
        let date = Some("Sun, 06 Nov 1994 08:50:37 GMT");
        assert_eq!(patience_of(judged(503, date)), Some(Duration::from_mins(1)));
        assert_eq!(patience_of(judged(503, Some("Sun, 06 Nov 1994 08:00:00 GMT"))), Some(Duration::ZERO));
        assert_eq!(patience_of(judged(429, Some("999999999"))), Some(LONGEST_PATIENCE));
        assert_eq!(patience_of(judged(429, Some("soon"))), None);
        assert_eq!(patience_of(judged(500, Some("7"))), None);
    }

    #[test]
    fn no_answer_is_a_failure_with_its_reason() {
        let verdict = judge(Err(Error::Unreachable("connection refused".into())), Timestamp::UNIX_EPOCH);
        assert_eq!(verdict, Verdict::Failed { reason: "connection refused".into(), patience: None });
    }

    #[test]
    fn tries_follow_the_declared_waits_and_end_with_them() {
        let retry = [Duration::from_secs(10), Duration::from_secs(100)];
        assert_eq!(next_wait(&retry, 1, None, 0.5), Some(Duration::from_secs(10)));
        assert_eq!(next_wait(&retry, 2, None, 0.0), Some(Duration::from_secs(90)));
        assert_eq!(next_wait(&retry, 2, None, 1.0), Some(Duration::from_secs(110)));
        assert_eq!(next_wait(&retry, 1, Some(Duration::from_mins(5)), 0.5), Some(Duration::from_mins(5)));
        assert_eq!(next_wait(&retry, 3, Some(Duration::from_mins(5)), 0.5), None);
        assert_eq!(next_wait(&[], 1, None, 0.5), None);
    }
}
