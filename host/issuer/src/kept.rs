//! Something that an issuer published, kept for a while.

use crate::fetching::NotFetched;
use jiff::{SignedDuration, Timestamp};
use std::future::Future;
use std::sync::{Arc, PoisonError, RwLock};
use tokio::sync::Mutex;

/// It is fetched again after so long, so that a key that was withdrawn is not believed for ever.
const FRESH: SignedDuration = SignedDuration::from_mins(15);
/// Where the issuer does not answer, it is believed for so long.
const BELIEVED: SignedDuration = SignedDuration::from_hours(6);
/// Tokens that name unknown keys make the host ask no more often than this; an issuer that does not answer is left alone as long.
const BETWEEN_FETCHES: SignedDuration = SignedDuration::from_secs(10);

/// Something that is fetched when it is needed.
#[derive(Debug)]
pub(crate) struct Kept<T> {
    known: RwLock<Known<T>>,
    /// Held while it is fetched.
    fetching: Mutex<()>,
}

#[derive(Debug)]
struct Known<T> {
    value: Option<Arc<T>>,
    fetched: Option<Timestamp>,
    /// When it was last tried, and why in vain.
    tried: Option<(Timestamp, Option<NotFetched>)>,
}

/// What is known without asking.
enum Standing<T> {
    /// This will do.
    Known(Arc<T>),
    /// The issuer was asked just now, in vain.
    Failed(NotFetched),
    /// It must be asked.
    Ask,
}

impl<T> Default for Kept<T> {
    fn default() -> Self {
        Self { known: RwLock::default(), fetching: Mutex::default() }
    }
}

impl<T> Default for Known<T> {
    fn default() -> Self {
        Self { value: None, fetched: None, tried: None }
    }
}

impl<T> Known<T> {
    fn younger(&self, than: SignedDuration, now: Timestamp) -> Option<Arc<T>> {
        let is_younger = self.fetched.is_some_and(|fetched| now.duration_since(fetched).abs() < than);
        self.value.clone().filter(|_| is_younger)
    }

    fn standing(&self, suffices: impl Fn(&T) -> bool, now: Timestamp) -> Standing<T> {
        if let Some(fresh) = self.younger(FRESH, now).filter(|fresh| suffices(fresh)) {
            return Standing::Known(fresh);
        }
        let Some((tried, why)) = &self.tried else { return Standing::Ask };
        if now.duration_since(*tried).abs() >= BETWEEN_FETCHES {
            return Standing::Ask;
        }
        match (self.younger(BELIEVED, now), why) {
            (Some(believed), _) => Standing::Known(believed),
            (None, Some(why)) => Standing::Failed(why.clone()),
            (None, None) => Standing::Ask,
        }
    }

    /// What is believed still, while somebody else asks for something newer.
    fn meanwhile(&self, suffices: impl Fn(&T) -> bool, now: Timestamp) -> Option<Arc<T>> {
        self.younger(BELIEVED, now).filter(|believed| suffices(believed))
    }
}

impl<T> Kept<T> {
    /// What is kept, where it suffices and is fresh; else what `ask` answers. Where that was asked just now, or answers in vain, what is
    /// kept is given although it does not suffice.
    pub(crate) async fn get(
        &self,
        suffices: impl Fn(&T) -> bool,
        now: Timestamp,
        ask: impl Future<Output = Result<T, NotFetched>>,
    ) -> Result<Arc<T>, NotFetched> {
        if let Some(known) = self.known(&suffices, now) {
            return known;
        }
        let _fetching = match self.fetching.try_lock() {
            Ok(fetching) => fetching,
            Err(_) => match self.read(|known| known.meanwhile(&suffices, now)) {
                Some(believed) => return Ok(believed),
                None => self.fetching.lock().await,
            },
        };
        // Somebody else may have fetched it meanwhile.
        match self.known(&suffices, now) {
            Some(known) => known,
            None => self.fetch(now, ask).await,
        }
    }

    async fn fetch(
        &self,
        now: Timestamp,
        ask: impl Future<Output = Result<T, NotFetched>>,
    ) -> Result<Arc<T>, NotFetched> {
        // Whoever goes away before the answer comes has tried too.
        self.change(|known| known.tried = Some((now, Some(NotFetched::BrokenOff))));
        match ask.await {
            Ok(value) => {
                let value = Arc::new(value);
                let known = Known { value: Some(value.clone()), fetched: Some(now), tried: Some((now, None)) };
                self.change(|kept| *kept = known);
                Ok(value)
            }
            Err(error) => {
                self.change(|known| known.tried = Some((now, Some(error.clone()))));
                self.read(|known| known.younger(BELIEVED, now)).ok_or(error)
            }
        }
    }

    fn known(&self, suffices: impl Fn(&T) -> bool, now: Timestamp) -> Option<Result<Arc<T>, NotFetched>> {
        match self.read(|known| known.standing(suffices, now)) {
            Standing::Known(value) => Some(Ok(value)),
            Standing::Failed(why) => Some(Err(why)),
            Standing::Ask => None,
        }
    }

    fn read<R>(&self, look: impl FnOnce(&Known<T>) -> R) -> R {
        look(&self.known.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn change(&self, change: impl FnOnce(&mut Known<T>)) {
        change(&mut self.known.write().unwrap_or_else(PoisonError::into_inner));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    fn second(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn gone() -> NotFetched {
        NotFetched::Status { url: "x".to_owned(), status: 500 }
    }

    /// One that keeps a key, and whose issuer answers or not.
    struct Story {
        kept: Kept<&'static str>,
        asked: Cell<u32>,
        answer: Cell<Result<&'static str, ()>>,
    }

    impl Story {
        fn new() -> Self {
            Self { kept: Kept::default(), asked: Cell::new(0), answer: Cell::new(Ok("a")) }
        }

        async fn get(&self, wanted: &str, at: i64) -> Result<&'static str, NotFetched> {
            let ask = async {
                self.asked.set(self.asked.get() + 1);
                self.answer.get().map_err(|()| gone())
            };
            self.kept.get(|key| *key == wanted, second(at), ask).await.map(|key| *key)
        }

        fn asked(&self) -> u32 {
            self.asked.replace(0)
        }
    }

    #[tokio::test]
    async fn an_unknown_key_and_time_make_it_ask_and_not_too_often() {
        let story = Story::new();
        assert_eq!((story.get("a", 0).await, story.asked()), (Ok("a"), 1));
        assert_eq!((story.get("a", 899).await, story.asked()), (Ok("a"), 0));
        assert_eq!((story.get("a", 900).await, story.asked()), (Ok("a"), 1));
        assert_eq!((story.get("b", 909).await, story.asked()), (Ok("a"), 0), "it was asked just now");
        story.answer.set(Ok("b"));
        assert_eq!((story.get("b", 910).await, story.asked()), (Ok("b"), 1));
        assert_eq!((story.get("a", 911).await, story.asked()), (Ok("b"), 0), "the former key is gone");
    }

    #[tokio::test]
    async fn who_does_not_answer_is_believed_for_hours_and_left_alone_for_seconds() {
        let story = Story::new();
        story.answer.set(Err(()));
        assert_eq!((story.get("a", 0).await, story.asked()), (Err(gone()), 1));
        assert_eq!((story.get("a", 9).await, story.asked()), (Err(gone()), 0));
        story.answer.set(Ok("a"));
        assert_eq!((story.get("a", 10).await, story.asked()), (Ok("a"), 1));
        story.answer.set(Err(()));
        assert_eq!((story.get("a", 910).await, story.asked()), (Ok("a"), 1));
        assert_eq!((story.get("a", 919).await, story.asked()), (Ok("a"), 0));
        assert_eq!((story.get("a", 10 + 21_599).await, story.asked()), (Ok("a"), 1));
        assert_eq!((story.get("a", 10 + 21_609).await, story.asked()), (Err(gone()), 1));
    }

    #[tokio::test]
    async fn whoever_goes_away_has_asked_too() {
        let story = Story::new();
        let gone_away = story.kept.get(|_| true, second(0), std::future::pending());
        assert!(tokio::time::timeout(std::time::Duration::from_millis(1), gone_away).await.is_err());
        assert_eq!((story.get("a", 1).await, story.asked()), (Err(NotFetched::BrokenOff), 0));
        assert_eq!((story.get("a", 10).await, story.asked()), (Ok("a"), 1));
    }

    #[tokio::test]
    async fn who_finds_what_suffices_does_not_wait_for_others_that_ask() {
        let story = Story::new();
        assert_eq!((story.get("a", 0).await, story.asked()), (Ok("a"), 1));
        let _asking = story.kept.fetching.lock().await;
        assert_eq!((story.get("a", 2_000).await, story.asked()), (Ok("a"), 0));
        let waits = tokio::time::timeout(std::time::Duration::from_millis(1), story.get("b", 2_000));
        assert!(waits.await.is_err(), "an unknown key is waited for");
    }
}
