//! No account is linked: one that is there already may belong to the identity.

use super::{Planner, called, called_all, is_there, sorted};
use crate::entitlements::Wanted;
use purser_model::account::{Account, Situation};
use purser_model::configuration::UnlinkedReaction;
use purser_model::plan::Link;

impl Planner<'_> {
    /// No account is linked: one that is there already may belong to the identity.
    pub(super) fn correlate(&mut self, granted: &Wanted<'_>, candidates: &[Account]) {
        let candidates = sorted(candidates.iter().filter(|account| is_there(account)));
        match candidates.as_slice() {
            [] => self.create_where_nothing_can_match(granted),
            [one] if one.situation == Situation::Protected => {
                self.notice(format!("account {} matches and is protected; nothing is done", called(one)));
            }
            [one] if one.identity.is_some_and(|owner| owner != self.identity.id) => {
                self.notice(format!("disputed: account {} matches and belongs to another identity", called(one)));
            }
            [one] => match self.target.unlinked {
                UnlinkedReaction::Adopt => self.keep_up(granted, one, Link::Adopt),
                UnlinkedReaction::Show => self.notice(format!(
                    "unlinked: account {} matches and nobody has linked it; link it, or declare `unlinked = \"adopt\"`",
                    called(one)
                )),
            },
            several => self.notice(format!(
                "disputed: {} accounts match ({}); link the right one",
                several.len(),
                called_all(several)
            )),
        }
    }

    /// Creates unless a correlation fails: then an account might be there that nobody looked for.
    fn create_where_nothing_can_match(&mut self, granted: &Wanted<'_>) {
        for (attribute, expression) in &self.rules.correlation {
            if let Err(error) = expression.evaluate(&self.subject.scope) {
                let text = expression.text();
                return self.notice(format!(
                    "correlation by `{attribute}` = \"{text}\" fails: {error}; no account is created"
                ));
            }
        }
        self.create(granted, None);
    }
}
