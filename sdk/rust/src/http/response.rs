//! What an answer means.

use crate::error::{Error, ErrorClass, ThrottleScope};
use crate::host::Host;
use crate::http::{Answer, retry_after};
use serde::de::DeserializeOwned;

/// How much of an answer's text goes into an error message, in characters.
const QUOTED: usize = 300;

/// An answer, with the request it belongs to.
#[derive(Debug)]
pub struct Response {
    answer: Answer,
    what: String,
    reading: bool,
    host: Host,
}

impl Response {
    pub(crate) fn new(answer: Answer, what: String, reading: bool, host: Host) -> Self {
        Self { answer, what, reading, host }
    }

    /// The status code.
    pub fn status(&self) -> u16 {
        self.answer.status
    }

    /// Whether the status is 2xx.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.answer.status)
    }

    /// The first header of this name, compared without regard to case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.answer.header(name)
    }

    /// The body.
    pub fn body(&self) -> &[u8] {
        &self.answer.body
    }

    /// How long the target asks to wait (`Retry-After`), in milliseconds.
    pub fn retry_after_ms(&self) -> Option<u64> {
        retry_after::parse(self.header("retry-after")?, || self.host.now_ms())
    }

    /// Reads the body as JSON.
    ///
    /// # Errors
    /// The body is no such JSON: `unavailable` for a reading request, since gateways answer with pages of their own when
    /// the target is away; `outcome-unknown` for a writing one.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Error> {
        let mut deserializer = serde_json::Deserializer::from_slice(&self.answer.body);
        serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
            let message =
                format!("{} answered {} with a body that is not what it should be: {error}", self.what, self.status());
            if self.reading { Error::unavailable(None, message) } else { Error::outcome_unknown(message) }
        })
    }

    /// The error that a status other than 2xx stands for, by RFC 9110 and RFC 6585.
    ///
    /// A writing request that ended in 408, 500, 502 or 504 is `outcome-unknown`: it may have been carried out. 400 and
    /// 422 are `invalid-value`, 409 is `already-exists`; a connector that knows the target's codes says more.
    pub fn error(&self) -> Error {
        let message = format!("{} answered {}{}", self.what, self.status(), self.quote());
        let wait = self.retry_after_ms();
        match self.status() {
            300..=399 => {
                Error::invalid_config(format!("{message}; set the endpoint's URL to the place it redirects to"))
            }
            401 => Error::authentication_failed(format!("{message}; renew the endpoint's credential")),
            402 | 507 => Error::quota_exhausted(message),
            403 if wait.is_some() => Error::rate_limited(wait, ThrottleScope::Target, message),
            403 => Error::permission_denied(message),
            404 | 410 => Error::new(ErrorClass::NotFound, message),
            405 | 501 => Error::unsupported(message),
            409 => Error::already_exists(None, message),
            412 => Error::version_conflict(message),
            429 => Error::rate_limited(wait, ThrottleScope::Target, message),
            503 => Error::unavailable(wait, message),
            400 | 406..=407 | 411 | 413..=428 | 430..=499 => Error::new(ErrorClass::InvalidValue(None), message),
            _ if self.reading => Error::unavailable(wait, message),
            _ => Error::outcome_unknown(message),
        }
    }

    /// The beginning of the body where it is text that a person can read.
    fn quote(&self) -> String {
        let Ok(text) = std::str::from_utf8(&self.answer.body) else { return String::new() };
        let line: String = text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(QUOTED).collect();
        if line.is_empty() { line } else { format!(": {line}") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Stub;

    fn error(reading: bool, answer: Answer) -> ErrorClass {
        let stub = Stub::new();
        stub.set_clock_ms(0);
        Response::new(answer, "POST /Users".into(), reading, stub.host()).error().class
    }

    #[test]
    fn a_status_tells_the_class() {
        let of = |status| error(false, Answer::new(status));
        assert_eq!(of(301), ErrorClass::InvalidConfig);
        assert_eq!(of(400), ErrorClass::InvalidValue(None));
        assert_eq!(of(401), ErrorClass::AuthenticationFailed);
        assert_eq!(of(403), ErrorClass::PermissionDenied(None));
        assert_eq!(of(404), ErrorClass::NotFound);
        assert_eq!(of(409), ErrorClass::AlreadyExists(None));
        assert_eq!(of(412), ErrorClass::VersionConflict);
        assert_eq!(of(422), ErrorClass::InvalidValue(None));
        assert_eq!(of(501), ErrorClass::Unsupported);
        assert_eq!(of(503), ErrorClass::Unavailable { after_ms: None });
    }

    #[test]
    fn a_write_that_broke_in_the_target_is_unknown_and_a_read_is_not() {
        for status in [408, 500, 502, 504, 599] {
            assert_eq!(error(false, Answer::new(status)), ErrorClass::OutcomeUnknown, "{status}");
            assert_eq!(error(true, Answer::new(status)), ErrorClass::Unavailable { after_ms: None }, "{status}");
        }
    }

    #[test]
    fn the_target_s_own_wait_is_kept() {
        let later = |status| Answer::new(status).with_header("Retry-After", "Thu, 01 Jan 1970 00:00:30 GMT");
        let limited = ErrorClass::RateLimited { after_ms: Some(30_000), scope: ThrottleScope::Target };
        assert_eq!(error(false, later(429)), limited);
        assert_eq!(error(false, later(403)), limited);
        assert_eq!(error(true, later(503)), ErrorClass::Unavailable { after_ms: Some(30_000) });
    }

    #[test]
    fn garbage_is_unknown_for_writes_and_tried_again_for_reads() {
        let of = |reading| {
            let answer = Answer::new(201).with_body("<html>");
            let response = Response::new(answer, "POST /Users".into(), reading, Stub::new().host());
            response.json::<serde_json::Value>().unwrap_err().class
        };
        assert_eq!(of(false), ErrorClass::OutcomeUnknown);
        assert_eq!(of(true), ErrorClass::Unavailable { after_ms: None });
    }
}
