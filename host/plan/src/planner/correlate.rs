//! No account is linked: one that is there already may belong to the identity.

use super::{Existing, Planner, called, is_protected, protected_message};
use crate::entitlements::Wanted;
use crate::matching::{self, Verdict, Weighed};
use purser_model::account::{Account, Situation};
use purser_model::case::{CandidateMatch, CaseDecision, Matches};
use purser_model::configuration::{MissingReaction, UnlinkedReaction};
use purser_model::plan::Link;

impl Planner<'_> {
    /// No account is linked that is there. `placeholder` is the one that is gone, or still to be created.
    pub(super) fn correlate(&mut self, granted: &Wanted<'_>, placeholder: Option<&Account>, known: &Existing<'_>) {
        let everything_asked = self.all_questions_asked();
        match self.judge(known) {
            Verdict::NoMatch if !everything_asked => {}
            Verdict::NoMatch => self.react_to_missing(granted, placeholder),
            Verdict::Definite(one) if is_protected(one.account) => self.notice(protected_message(one.account)),
            Verdict::Definite(one) => {
                let account = one.account;
                self.record(Situation::Unlinked, vec![one], true);
                self.react_to_unlinked(granted, account);
            }
            Verdict::Disputed(several) => self.react_to_disputed(granted, placeholder, several, known),
        }
    }

    /// The identity should have no account here; what is there and matches it is told all the same.
    pub(super) fn note_matches(&mut self, known: &Existing<'_>) {
        self.find_failing_questions();
        match self.judge(known) {
            Verdict::NoMatch => {}
            Verdict::Definite(one) => self.record(Situation::Unlinked, vec![one], false),
            Verdict::Disputed(several) => self.record(Situation::Disputed, several, false),
        }
    }

    fn judge<'k>(&self, known: &Existing<'k>) -> Verdict<'k> {
        matching::judge(self.identity.id, self.rules, self.target.matching, known.candidates)
    }

    fn record(&mut self, situation: Situation, found: Vec<Weighed<'_>>, granted: bool) {
        let candidates = found.into_iter().map(|weighed| weighed.found).collect();
        self.plan.matches.insert(self.name.clone(), Matches { situation, candidates, granted });
    }

    fn react_to_missing(&mut self, granted: &Wanted<'_>, placeholder: Option<&Account>) {
        let gone = placeholder.and_then(|account| Some((account, account.gone_since?)));
        match (gone, self.target.missing) {
            (None, _) | (Some(_), MissingReaction::Create) => self.create(granted, placeholder),
            (Some((_, since)), MissingReaction::Show) => self.notice(format!(
                "missing: the account is gone from the target since {since:.0}; to have a new one, unlink the missing one \
                 with `purser account unlink`, or declare `missing = \"create\"`"
            )),
            (Some((account, since)), MissingReaction::Forget) => {
                self.plan.forgotten.insert(account.id);
                self.notice(format!("missing: the account is gone from the target since {since:.0}; it is forgotten"));
            }
        }
    }

    fn react_to_unlinked(&mut self, granted: &Wanted<'_>, account: &Account) {
        match self.target.unlinked {
            UnlinkedReaction::Adopt => self.keep_up(granted, account, Link::Adopt),
            UnlinkedReaction::Show => self.notice(format!(
                "unlinked: account {} matches and nobody has linked it; link it with `purser account link`, or declare \
                 `unlinked = \"adopt\"`",
                called(account)
            )),
        }
    }

    /// A person must decide, or has decided.
    fn react_to_disputed(
        &mut self,
        granted: &Wanted<'_>,
        placeholder: Option<&Account>,
        several: Vec<Weighed<'_>>,
        known: &Existing<'_>,
    ) {
        let accounts: Vec<&Account> = several.iter().map(|weighed| weighed.account).collect();
        let shown: Vec<String> = several.iter().map(shown).collect();
        self.record(Situation::Disputed, several, true);
        match self.decision(known) {
            Some(CaseDecision::Create) => self.create(granted, placeholder),
            Some(CaseDecision::Dismiss) => self.notice(format!(
                "disputed, and a person decided to do nothing until the candidates change: {}",
                shown.join("; ")
            )),
            Some(CaseDecision::Link(chosen)) => {
                // The link was written with the decision; only a store that was put back to an older state gets here.
                let chosen = accounts.into_iter().find(|account| account.id == chosen && !is_protected(account));
                if let Some(account) = chosen {
                    self.keep_up(granted, account, Link::Adopt);
                }
            }
            None => self.notice(format!("disputed: {}; decide with `purser case list`", shown.join("; "))),
        }
    }

    /// What a person decided, as long as it was about the same candidates.
    fn decision(&self, known: &Existing<'_>) -> Option<CaseDecision> {
        let now = &self.plan.matches.get(self.name)?.candidates;
        let decided = known.decided?;
        (ordered(&decided.candidates) == ordered(now)).then_some(decided.decision)
    }

    /// Whether every correlation could be evaluated: where one fails, an account might be there that nobody looked for.
    fn all_questions_asked(&mut self) -> bool {
        let failing = self.find_failing_questions();
        for message in &failing {
            self.notice(format!("{message}; no account is created"));
        }
        failing.is_empty()
    }

    fn find_failing_questions(&mut self) -> Vec<String> {
        let scope = &self.subject.scope;
        let failing = self.rules.correlation.iter().filter_map(|rule| {
            let error = rule.value.evaluate(scope).err()?;
            Some(format!("correlation by `{}` = \"{}\" fails: {error}", rule.attribute, rule.value.text()))
        });
        let failing: Vec<String> = failing.collect();
        if !failing.is_empty() {
            self.plan.unsettled.insert(self.name.clone());
        }
        failing
    }
}

fn ordered(candidates: &[CandidateMatch]) -> Vec<&CandidateMatch> {
    let mut candidates: Vec<&CandidateMatch> = candidates.iter().collect();
    candidates.sort();
    candidates
}

fn shown(weighed: &Weighed<'_>) -> String {
    let doubt = weighed.doubt.map(|doubt| format!(", but {doubt}")).unwrap_or_default();
    let by = weighed.found.matched_by.join(" and ");
    format!("account {} matches by {by} with weight {}{doubt}", called(weighed.account), weighed.found.weight)
}
