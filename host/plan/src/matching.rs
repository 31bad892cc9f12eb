//! How surely an account belongs to an identity: the weights of the correlation rules that found it, against the target's
//! thresholds.

use crate::outcome::Candidate;
use crate::rules::{Rules, TargetRules};
use purser_model::account::{Account, Situation};
use purser_model::case::CandidateMatch;
use purser_model::configuration::{FULL_WEIGHT, MatchThresholds};
use purser_model::id::{IdentityId, TargetName};
use std::collections::BTreeSet;

/// A candidate with its weight.
#[derive(Debug, Clone)]
pub(crate) struct Weighed<'a> {
    pub(crate) account: &'a Account,
    pub(crate) found: CandidateMatch,
    /// Why the weight alone does not decide.
    pub(crate) doubt: Option<&'static str>,
}

/// What the candidates come to.
#[derive(Debug)]
pub(crate) enum Verdict<'a> {
    /// No account is, or may be, the identity's.
    NoMatch,
    /// This one is, and nothing speaks against it.
    Definite(Weighed<'a>),
    /// Several may be, or one that is not sure: the surest first.
    Disputed(Vec<Weighed<'a>>),
}

impl Rules {
    /// Whether an account that these correlation rules found is, by its weight, the identity's.
    pub fn is_definite(&self, target: &TargetName, rules: &BTreeSet<usize>) -> bool {
        self.weighs(target, rules, |thresholds| thresholds.definite)
    }

    /// Whether an account that these correlation rules found may, by its weight, be the identity's.
    pub fn is_possible(&self, target: &TargetName, rules: &BTreeSet<usize>) -> bool {
        self.weighs(target, rules, |thresholds| thresholds.possible)
    }

    fn weighs(&self, target: &TargetName, rules: &BTreeSet<usize>, at_least: fn(MatchThresholds) -> u8) -> bool {
        let declared = self.configuration().targets.get(target).zip(self.targets.get(target));
        declared.is_some_and(|(target, compiled)| weight(compiled, rules) >= at_least(target.matching))
    }
}

/// The weights of these rules added up, at most 100.
fn weight(rules: &TargetRules, places: &BTreeSet<usize>) -> u8 {
    let matched = places.iter().filter_map(|place| rules.correlation.get(*place));
    matched.fold(0_u8, |sum, rule| sum.saturating_add(rule.weight)).min(FULL_WEIGHT)
}

/// Weighs the candidates that are in the target and decides what they come to. The order of candidates does not matter.
pub(crate) fn judge<'a>(
    identity: IdentityId,
    rules: &TargetRules,
    thresholds: MatchThresholds,
    candidates: &'a [Candidate],
) -> Verdict<'a> {
    let there =
        candidates.iter().filter(|one| one.account.situation != Situation::Missing && one.account.remote_id.is_some());
    let mut matches: Vec<Weighed<'_>> = there
        .map(|candidate| weigh(identity, rules, thresholds, candidate))
        .filter(|weighed| weighed.found.weight >= thresholds.possible)
        .collect();
    matches.sort_by_key(|weighed| (std::cmp::Reverse(weighed.found.weight), weighed.account.id));
    let definite = matches.iter().filter(|weighed| weighed.found.definite).count();
    match (definite, matches.first()) {
        (_, None) => Verdict::NoMatch,
        (1, Some(only)) if only.doubt.is_none() => Verdict::Definite(only.clone()),
        _ => Verdict::Disputed(matches),
    }
}

fn weigh<'a>(
    identity: IdentityId,
    rules: &TargetRules,
    thresholds: MatchThresholds,
    candidate: &'a Candidate,
) -> Weighed<'a> {
    let matched = candidate.rules.iter().filter_map(|place| rules.correlation.get(*place));
    let weight = weight(rules, &candidate.rules);
    let found = CandidateMatch {
        account: candidate.account.id,
        weight,
        definite: weight >= thresholds.definite,
        matched_by: matched.map(|rule| rule.attribute.clone()).collect(),
    };
    let doubt = if candidate.account.identity.is_some_and(|owner| owner != identity) {
        Some("belongs to another identity")
    } else if candidate.claimed_by.iter().any(|claimant| *claimant != identity) {
        Some("another identity matches it as well")
    } else if candidate.taken_from == Some(identity) {
        Some("a person took it from this identity")
    } else {
        None
    };
    Weighed { account: &candidate.account, found, doubt }
}
