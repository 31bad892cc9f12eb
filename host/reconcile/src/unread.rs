//! Identities that cannot be planned yet, because an account that a write changed could not be read since: they are looked
//! at again before long, so that nothing that was accepted waits for the next reconciliation.

use crate::engine::Engine;
use crate::verdict::back_off;
use jiff::Timestamp;
use purser_model::account::{Account, Situation};
use purser_model::id::{IdentityId, TargetName};
use purser_model::later;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

/// Who is waited for. It is kept in memory for the sake of the back-off: when somebody is looked at again is in the store.
#[derive(Debug, Default)]
pub(crate) struct Unread(Mutex<BTreeMap<IdentityId, Waiting>>);

#[derive(Debug, Clone, Copy)]
struct Waiting {
    tries: u32,
    until: Timestamp,
}

impl Unread {
    fn note(&self, identity: IdentityId, until: impl FnOnce(u32) -> Timestamp) -> Timestamp {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let tries = waiting.get(&identity).map_or(1, |known| known.tries.saturating_add(1));
        let until = until(tries);
        waiting.insert(identity, Waiting { tries, until });
        until
    }

    fn forget(&self, identity: IdentityId) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&identity);
    }

    /// How many are waited for, and when the first of them is looked at again.
    pub(crate) fn waiting(&self) -> (u64, Option<Timestamp>) {
        let waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        (waiting.len() as u64, waiting.values().map(|one| one.until).min())
    }
}

/// Whether an account is there, and was not read since a write changed it: it is not known well enough to be planned.
pub(crate) fn must_be_read(account: &Account) -> bool {
    account.digest.is_none() && account.remote_id.is_some() && account.situation != Situation::Missing
}

impl Engine {
    /// The targets in which an account had to be read for its identity to be planned, and was not.
    pub(crate) fn unread<'a>(&self, accounts: impl IntoIterator<Item = &'a Account>) -> BTreeSet<TargetName> {
        let is_declared = |account: &&Account| self.target(&account.target).is_ok();
        let unread = accounts.into_iter().filter(|account| must_be_read(account)).filter(is_declared);
        unread.map(|account| account.target.clone()).collect()
    }

    /// When an identity is looked at again whose accounts in these targets could not be read; none where there is no such
    /// target. It is later each time, and not before a target is asked again at all.
    pub(crate) fn comes_back_to(&self, identity: IdentityId, unread: &BTreeSet<TargetName>) -> Option<Timestamp> {
        if unread.is_empty() {
            self.unread.forget(identity);
            return None;
        }
        let now = self.clock.now();
        Some(self.unread.note(identity, |tries| {
            let of_target = |name| {
                let usual = later(now, back_off(tries, self.jitter.fraction(), &self.numbers(name).0));
                self.turn(name).left_alone_until(now).map_or(usual, |until| until.max(usual))
            };
            unread.iter().map(of_target).min().unwrap_or(now)
        }))
    }
}
