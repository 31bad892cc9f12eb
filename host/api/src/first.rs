//! The token of the first start: it signs in to the console once, or makes one token, and then opens nothing any more.

use crate::auth::Caller;
use crate::token;
use jiff::{SignedDuration, Timestamp};
use purser_model::access::{ApiRole, Reach};
use purser_model::object::Digest;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Who does not use it within this time looks for the host's own token.
const LIFE: SignedDuration = SignedDuration::from_hours(1);

/// A token that has not been used.
#[derive(Clone, Copy)]
pub(crate) struct Unused {
    digest: Digest,
    until: Timestamp,
}

/// It is in the memory of the host that made it and nowhere else: where that ends before it is used, there is none.
#[derive(Default)]
pub(crate) struct FirstToken(Mutex<Option<Unused>>);

impl FirstToken {
    /// Makes it, and gives its text.
    pub(crate) fn make(&self, now: Timestamp) -> String {
        let text = token::text();
        let until = now.checked_add(LIFE).unwrap_or(Timestamp::MAX);
        *self.kept() = Some(Unused { digest: Digest::of(&text), until });
        text
    }

    /// Whether it is shown. What is looked at is a digest: how long that takes says nothing about the token.
    pub(crate) fn is(&self, shown: &str, now: Timestamp) -> bool {
        self.kept().is_some_and(|unused| unused.digest == Digest::of(shown) && now < unused.until)
    }

    /// Uses it up, where it is shown.
    pub(crate) fn take(&self, shown: &str, now: Timestamp) -> Option<Unused> {
        let mut kept = self.kept();
        kept.take_if(|unused| unused.digest == Digest::of(shown) && now < unused.until)
    }

    /// What it was used for was not done.
    pub(crate) fn put_back(&self, unused: Unused) {
        *self.kept() = Some(unused);
    }

    fn kept(&self) -> MutexGuard<'_, Option<Unused>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Who uses it.
pub(crate) fn caller() -> Caller {
    Caller { name: token::first_name().into(), role: ApiRole::Admin, reach: Reach::Everything }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_used_once_within_an_hour_and_by_who_shows_it() {
        let at = |minute: i64| Timestamp::from_second(minute * 60).unwrap();
        let first = FirstToken::default();
        assert!(!first.is("", at(0)) && first.take("", at(0)).is_none(), "there is none yet");
        let text = first.make(at(0));
        assert!(text.starts_with("purser_") && first.is(&text, at(59)));
        assert!(first.take("purser_another", at(0)).is_none());
        assert!(!first.is(&text, at(60)) && first.take(&text, at(60)).is_none(), "too late");
        let used = first.take(&text, at(1)).unwrap();
        assert!(first.take(&text, at(1)).is_none(), "once");
        first.put_back(used);
        assert!(first.take(&text, at(2)).is_some());
    }
}
