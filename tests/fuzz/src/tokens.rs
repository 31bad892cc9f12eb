//! Tokens that callers of the API show.

use jiff::Timestamp;
use purser_issuer::Issuers;
use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

/// A text as the token of an issuer: where none is declared, it opens nothing, and nobody is asked about it.
pub(crate) fn token(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let issuers = Issuers::default();
    let verified = pin!(issuers.verify(&text, Timestamp::UNIX_EPOCH));
    let verified = verified.poll(&mut Context::from_waker(Waker::noop()));
    assert!(matches!(verified, Poll::Ready(Err(_))), "a token of nobody opened something");
}
