//! Identities that cannot be planned yet, because an account that a write changed could not be read since: they are looked
//! at again before long, so that nothing that was accepted waits for the next reconciliation.

use crate::engine::Engine;
use purser_model::account::{Account, Situation};
use purser_model::id::{IdentityId, TargetName};
use purser_model::later;
use purser_store::Outlook;
use std::collections::BTreeSet;

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

    /// What is kept of planning an identity for good: where an account of it could not be read, it is looked at again, later
    /// each time, and not before a target is asked again at all.
    pub(crate) fn coming_back(&self, identity: IdentityId, mut outlook: Outlook) -> Outlook {
        if outlook.unread.is_empty() {
            self.unread.forget(&identity);
            return outlook;
        }
        let now = self.clock.now();
        let left_alone = |name: &TargetName| self.turn(name).left_alone_until(now);
        // A target that is left alone was not asked, or said for all of it that it wants to be: that is no try of this one.
        let was_tried = outlook.unread.iter().any(|name| left_alone(name).is_none());
        let until = self.unread.note(&identity, was_tried, |tries| {
            let of_target = |name| later(left_alone(name).unwrap_or(now), self.usual_wait(name, tries));
            outlook.unread.iter().map(of_target).min().unwrap_or(now)
        });
        outlook.look_again_at = [outlook.look_again_at, Some(until)].into_iter().flatten().min();
        outlook
    }
}
