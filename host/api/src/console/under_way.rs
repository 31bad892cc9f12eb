//! Who went to an issuer to sign in and has not come back yet.

use super::sessions::unguessable;
use jiff::{SignedDuration, Timestamp};
use purser_issuer::Proofs;
use purser_model::object::Digest;
use purser_model::secret::Secret;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

/// So many at a time; then whoever went first from the network that most came from begins anew, so that nobody sends
/// others away who are not of his own.
const MOST: usize = 10_000;
/// Who comes back later begins anew.
pub(super) const LIFE: SignedDuration = SignedDuration::from_mins(10);

struct Gone {
    issuer: String,
    proofs: Proofs,
    /// Where the browser is; not known of requests from within.
    from: Option<IpAddr>,
    at: Timestamp,
}

/// All of them, by the digest of what only their browsers have.
#[derive(Default)]
pub(super) struct UnderWay(Mutex<HashMap<Digest, Gone>>);

impl UnderWay {
    /// Somebody goes to this issuer: what the browser keeps, and what the issuer is given.
    pub(super) fn go(&self, issuer: &str, from: Option<IpAddr>, now: Timestamp) -> (String, Proofs) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|_, gone| now.duration_since(gone.at) < LIFE);
        while all.len() >= MOST {
            let Some(first) = first_of_the_many(&all) else { break };
            all.remove(&first);
        }
        let verifier = Secret::new(unguessable()).expect("it is not empty");
        let proofs = Proofs { state: unguessable(), nonce: unguessable(), verifier };
        let id = unguessable();
        all.insert(Digest::of(&id), Gone { issuer: issuer.to_owned(), proofs: proofs.clone(), from, at: now });
        (id, proofs)
    }

    /// Somebody comes back from this issuer with this state. Whoever does so twice is not known any more.
    pub(super) fn come_back(&self, id: &str, issuer: &str, state: &str, now: Timestamp) -> Option<Proofs> {
        let gone = self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&Digest::of(id))?;
        let is_the_same = Digest::of(&gone.proofs.state) == Digest::of(state) && gone.issuer == issuer;
        (is_the_same && now.duration_since(gone.at) < LIFE).then_some(gone.proofs)
    }
}

fn first_of_the_many(all: &HashMap<Digest, Gone>) -> Option<Digest> {
    let mut by_network: HashMap<Option<IpAddr>, usize> = HashMap::new();
    for gone in all.values() {
        *by_network.entry(gone.from).or_default() += 1;
    }
    let (most, _) = by_network.into_iter().max_by_key(|(_, count)| *count)?;
    let theirs = all.iter().filter(|(_, gone)| gone.from == most);
    theirs.min_by_key(|(_, gone)| gone.at).map(|(id, _)| *id)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn second(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn who_went_comes_back_once_and_in_time_and_from_where_he_went() {
        let under_way = UnderWay::default();
        let go = || under_way.go("corp", None, second(0));
        let comes =
            |id: &str, issuer: &str, state: &str, at| under_way.come_back(id, issuer, state, second(at)).is_some();
        let (id, proofs) = go();
        assert!(comes(&id, "corp", &proofs.state, 599) && !comes(&id, "corp", &proofs.state, 599), "once");
        let (id, proofs) = go();
        assert!(!comes(&id, "corp", &proofs.state, 600), "too late");
        let ((one, _), (_, of_another)) = (go(), go());
        assert!(!comes(&one, "corp", &of_another.state, 1), "the state of another");
        let (id, proofs) = go();
        assert!(!comes(&id, "other", &proofs.state, 1), "from another issuer");
        assert!(!comes("nobody", "corp", "", 1));
    }

    #[test]
    fn there_are_never_more_than_ten_thousand_and_only_those_make_room_who_are_among_the_many() {
        let under_way = UnderWay::default();
        let [home, flood] = ["192.0.2.1", "198.51.100.1"].map(|address| Some(address.parse().unwrap()));
        let (of_home, proofs_of_home) = under_way.go("corp", home, second(0));
        let (first, proofs_of_first) = under_way.go("corp", flood, second(1));
        for _ in 2..MOST {
            let _ = under_way.go("corp", flood, second(2));
        }
        let _ = under_way.go("corp", flood, second(3));
        assert_eq!(under_way.0.lock().unwrap().len(), MOST);
        assert!(under_way.come_back(&first, "corp", &proofs_of_first.state, second(3)).is_none());
        assert!(under_way.come_back(&of_home, "corp", &proofs_of_home.state, second(3)).is_some());
    }
}
