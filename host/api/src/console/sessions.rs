//! Who is signed in. A restart signs everybody out.

use super::opener::Opener;
use jiff::{SignedDuration, Timestamp};
use purser_console::Said;
use purser_model::object::Digest;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// More at a time there are not: whoever was longest away is signed out.
const MOST: usize = 1_000;
/// Who asks for nothing for so long is signed out.
const IDLE: SignedDuration = SignedDuration::from_mins(30);
/// And everybody after so long.
pub(super) const LIFE: SignedDuration = SignedDuration::from_hours(12);

/// A session, as a request finds it.
pub(super) struct Found {
    /// What its owner opens the API with.
    pub(super) opener: Opener,
    /// What its forms bring along.
    pub(super) form_token: String,
}

struct Session {
    opener: Opener,
    form_token: String,
    begun: Timestamp,
    used: Timestamp,
    said: Option<Said>,
}

impl Session {
    fn is_over(&self, now: Timestamp) -> bool {
        now.duration_since(self.used) >= IDLE || now.duration_since(self.begun) >= LIFE
    }
}

/// All sessions, by the digest of their ids: an id is with its browser alone.
#[derive(Default)]
pub(super) struct Sessions(Mutex<HashMap<Digest, Session>>);

impl Sessions {
    /// Begins a session and gives its id.
    pub(super) fn begin(&self, opener: Opener, now: Timestamp) -> String {
        let mut all = self.all();
        all.retain(|_, session| !session.is_over(now));
        while all.len() >= MOST {
            let Some(longest_away) = all.iter().min_by_key(|(_, session)| session.used).map(|(id, _)| *id) else {
                break;
            };
            all.remove(&longest_away);
        }
        let id = unguessable();
        all.insert(Digest::of(&id), Session { opener, form_token: unguessable(), begun: now, used: now, said: None });
        id
    }

    /// The session with this id, where it is not over. This counts as a use.
    pub(super) fn find(&self, id: &str, now: Timestamp) -> Option<Found> {
        let mut all = self.all();
        let key = Digest::of(id);
        if all.get(&key)?.is_over(now) {
            all.remove(&key);
            return None;
        }
        let session = all.get_mut(&key)?;
        session.used = now;
        Some(Found { opener: session.opener.clone(), form_token: session.form_token.clone() })
    }

    /// The next page says this.
    pub(super) fn say(&self, id: &str, said: Said) {
        if let Some(session) = self.all().get_mut(&Digest::of(id)) {
            session.said = Some(said);
        }
    }

    /// What is to be said, once.
    pub(super) fn take_said(&self, id: &str) -> Option<Said> {
        self.all().get_mut(&Digest::of(id))?.said.take()
    }

    /// Ends a session.
    pub(super) fn end(&self, id: &str) {
        self.all().remove(&Digest::of(id));
    }

    fn all(&self) -> MutexGuard<'_, HashMap<Digest, Session>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// 256 bits of chance, as text.
pub(super) fn unguessable() -> String {
    Digest(rand::random()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use purser_model::secret::Secret;

    fn second(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn token() -> Opener {
        Opener::Token(Secret::new("purser_x").unwrap())
    }

    #[test]
    fn who_is_away_too_long_or_stays_too_long_is_signed_out() {
        let sessions = Sessions::default();
        let away = sessions.begin(token(), second(0));
        assert!(sessions.find(&away, second(1_799)).is_some());
        assert!(sessions.find(&away, second(1_799 + 1_800)).is_none());
        let busy = sessions.begin(token(), second(0));
        let stays = (0..12 * 60).all(|minute| sessions.find(&busy, second(minute * 60)).is_some());
        assert!(stays && sessions.find(&busy, second(12 * 3_600)).is_none());
    }

    #[test]
    fn there_are_never_more_than_a_thousand_and_the_one_longest_away_goes_first() {
        let sessions = Sessions::default();
        let ids: Vec<_> = (0..1_000).map(|number| sessions.begin(token(), second(number))).collect();
        assert!(sessions.find(&ids[0], second(1_000)).is_some());
        let newest = sessions.begin(token(), second(1_001));
        assert_eq!(sessions.all().len(), MOST);
        assert!(sessions.find(&ids[1], second(1_001)).is_none());
        assert!(sessions.find(&ids[0], second(1_001)).is_some() && sessions.find(&newest, second(1_001)).is_some());
    }

    #[test]
    fn what_is_said_is_said_once() {
        let sessions = Sessions::default();
        let id = sessions.begin(token(), second(0));
        sessions.say(&id, Said::Done("done".to_owned()));
        assert_eq!(sessions.take_said(&id), Some(Said::Done("done".to_owned())));
        assert_eq!(sessions.take_said(&id), None);
        sessions.end(&id);
        assert!(sessions.find(&id, second(1)).is_none());
    }
}
