//! Which build of a connector a source or target runs, and how a newer one takes over.

use crate::connectors::StagedRules;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;

/// Calls below which a share of failures says nothing.
const FEW: u64 = 5;

/// One build of a connector.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Build {
    /// The manifest's name.
    pub name: String,
    /// The manifest's version.
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub version: semver::Version,
    /// The digest of its file in hexadecimal.
    pub digest: String,
}

impl fmt::Display for Build {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} ({})", self.name, self.version, &self.digest[..self.digest.len().min(12)])
    }
}

/// How far a newer build has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// It asks for more than the one in use and waits for a person.
    Waiting,
    /// It reads beside the one in use, and what both read is compared.
    Shadow,
    /// It also writes for a share of the accounts.
    Canary,
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Waiting => "waiting",
            Self::Shadow => "shadow",
            Self::Canary => "canary",
        })
    }
}

/// What a newer build did so far in its stages.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct Trial {
    /// Objects that both builds read.
    pub compared: u64,
    /// What differed: an object's id and the names of attributes, never a value. The first ones only.
    pub differences: Vec<String>,
    /// Calls that read.
    pub calls: u64,
    /// Operations that it carried out.
    pub operations: u64,
    /// Calls and operations that failed.
    pub failures: u64,
}

impl Trial {
    /// Differences that are kept.
    const MOST_DIFFERENCES: usize = 20;

    /// Adds what was done since.
    pub fn add(&mut self, more: &Self) {
        self.compared += more.compared;
        self.calls += more.calls;
        self.operations += more.operations;
        self.failures += more.failures;
        self.differences.extend(more.differences.iter().cloned());
        self.differences.truncate(Self::MOST_DIFFERENCES);
    }
}

/// A build that may take over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = NewerBuild))]
pub struct Candidate {
    /// Which.
    pub build: Build,
    /// How far it has come.
    pub stage: Stage,
    /// Since when it is there.
    pub since: Timestamp,
    /// What it asks for beyond what the one in use asks for.
    pub asks: Vec<String>,
    /// What it did so far.
    pub trial: Trial,
}

/// What follows from a trial.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Judgement {
    /// It goes on as it is.
    Stay,
    /// It also writes from now on.
    Canary,
    /// It takes over.
    Full,
    /// It is rolled back, for this reason.
    RollBack(String),
}

impl Candidate {
    /// What follows from its trial so far.
    pub fn judge(&self, rules: &StagedRules) -> Judgement {
        let Trial { compared, differences, calls, operations, failures } = &self.trial;
        if let Some(first) = differences.first() {
            return Judgement::RollBack(format!("it reads otherwise than the one in use: {first}"));
        }
        let tries = calls + operations;
        if tries >= FEW && failures * 100 > tries * u64::from(rules.errors) {
            return Judgement::RollBack(format!("{failures} of its {tries} calls and operations failed"));
        }
        match self.stage {
            Stage::Shadow if *compared >= rules.compare => Judgement::Canary,
            Stage::Canary if *operations >= rules.operations => Judgement::Full,
            Stage::Waiting | Stage::Shadow | Stage::Canary => Judgement::Stay,
        }
    }
}

/// What a source or target runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ConnectorUse {
    /// Which source or target, such as `target crm`.
    pub subject: String,
    /// Counts the changes: who changes an older one is refused.
    pub revision: u64,
    /// What it runs.
    pub current: Build,
    /// What it ran before, for a rollback.
    pub former: Option<Build>,
    /// What may take over.
    pub candidate: Option<Candidate>,
    /// Digests that were rolled back, which are not taken again unasked.
    pub refused: BTreeSet<String>,
    /// Digests that a person approved although they ask for more.
    pub approved: BTreeSet<String>,
}

/// Why a person's decision about an upgrade is not possible.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotPossible {
    /// There is no newer build.
    #[error("{0}: no newer build waits or is tried; `purser connector upgrade list` shows what there is")]
    NoCandidate(String),
    /// There is nothing to go back to.
    #[error("{0}: it has run one build only, so there is nothing to go back to; pin another with `name@blake3:digest`")]
    NoFormer(String),
}

impl ConnectorUse {
    /// The first use of a connector.
    pub fn begin(subject: &str, build: Build) -> Self {
        Self {
            subject: subject.to_owned(),
            revision: 0,
            current: build,
            former: None,
            candidate: None,
            refused: BTreeSet::new(),
            approved: BTreeSet::new(),
        }
    }

    /// Runs this build from now on; the one in use stays for a rollback.
    pub fn take(&mut self, build: Build) {
        if build.digest != self.current.digest {
            self.former = Some(std::mem::replace(&mut self.current, build));
        }
        self.refused.remove(&self.current.digest);
        self.candidate = None;
    }

    /// A person lets the newer build go its way: one that waits is taken up, one that is tried goes one stage on.
    ///
    /// # Errors
    /// There is none.
    pub fn advance(&mut self) -> Result<Stage, NotPossible> {
        let candidate = self.candidate.as_mut().ok_or_else(|| NotPossible::NoCandidate(self.subject.clone()))?;
        let before = candidate.stage;
        match before {
            Stage::Waiting => {
                self.approved.insert(candidate.build.digest.clone());
                self.candidate = None;
            }
            Stage::Shadow => candidate.stage = Stage::Canary,
            Stage::Canary => {
                let build = candidate.build.clone();
                self.take(build);
            }
        }
        Ok(before)
    }

    /// Drops the newer build, or, where there is none, goes back to the former one. What is left is not taken again
    /// unasked. Says which build that is.
    ///
    /// # Errors
    /// There is neither.
    pub fn roll_back(&mut self) -> Result<Build, NotPossible> {
        let left = match self.candidate.take() {
            Some(candidate) => candidate.build,
            None => {
                let former = self.former.take().ok_or_else(|| NotPossible::NoFormer(self.subject.clone()))?;
                std::mem::replace(&mut self.current, former)
            }
        };
        self.approved.remove(&left.digest);
        self.refused.insert(left.digest.clone());
        self.refused.remove(&self.current.digest);
        Ok(left)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn build(version: &str) -> Build {
        Build { name: "scim".into(), version: version.parse().unwrap(), digest: version.repeat(13) }
    }

    fn candidate(stage: Stage, trial: Trial) -> Candidate {
        Candidate { build: build("1.1.0"), stage, since: Timestamp::UNIX_EPOCH, asks: Vec::new(), trial }
    }

    #[test]
    fn a_trial_goes_on_until_it_has_seen_enough() {
        let rules = StagedRules { compare: 10, operations: 3, ..StagedRules::default() };
        let judge = |stage, trial| candidate(stage, trial).judge(&rules);
        assert_eq!(judge(Stage::Shadow, Trial { compared: 9, ..Trial::default() }), Judgement::Stay);
        assert_eq!(judge(Stage::Shadow, Trial { compared: 10, ..Trial::default() }), Judgement::Canary);
        assert_eq!(judge(Stage::Canary, Trial { compared: 10, operations: 2, ..Trial::default() }), Judgement::Stay);
        assert_eq!(judge(Stage::Canary, Trial { compared: 10, operations: 3, ..Trial::default() }), Judgement::Full);
        assert_eq!(judge(Stage::Waiting, Trial { compared: 99, operations: 99, ..Trial::default() }), Judgement::Stay);
    }

    #[test]
    fn a_difference_or_a_share_of_failures_rolls_back() {
        let rules = StagedRules::default();
        let differs = Trial { differences: vec!["u1: title".into()], compared: 1_000, ..Trial::default() };
        assert!(matches!(candidate(Stage::Shadow, differs).judge(&rules), Judgement::RollBack(_)));
        let fails =
            |calls, failures| candidate(Stage::Shadow, Trial { calls, failures, ..Trial::default() }).judge(&rules);
        assert_eq!(fails(4, 4), Judgement::Stay, "four calls say nothing");
        assert_eq!(fails(10, 1), Judgement::Stay);
        assert!(matches!(fails(10, 2), Judgement::RollBack(_)));
    }

    #[test]
    fn what_was_rolled_back_is_left_and_can_be_taken_again_by_a_person() {
        let mut used = ConnectorUse::begin("target crm", build("1.0.0"));
        assert!(matches!(used.roll_back(), Err(NotPossible::NoFormer(_))));
        used.take(build("1.1.0"));
        assert_eq!(used.roll_back(), Ok(build("1.1.0")));
        assert_eq!((&used.current, &used.former), (&build("1.0.0"), &None));
        assert!(used.refused.contains(&build("1.1.0").digest));
        used.take(build("1.1.0"));
        assert!(used.refused.is_empty() && used.former == Some(build("1.0.0")));
    }

    #[test]
    fn each_step_of_a_person_leads_one_stage_on() {
        let mut used = ConnectorUse::begin("target crm", build("1.0.0"));
        assert!(matches!(used.advance(), Err(NotPossible::NoCandidate(_))));
        used.candidate = Some(candidate(Stage::Waiting, Trial::default()));
        assert_eq!(used.advance(), Ok(Stage::Waiting));
        assert!(used.candidate.is_none() && used.approved.contains(&build("1.1.0").digest));
        used.candidate = Some(candidate(Stage::Shadow, Trial::default()));
        assert_eq!(used.advance(), Ok(Stage::Shadow));
        assert_eq!(used.advance(), Ok(Stage::Canary));
        assert_eq!(used.current, build("1.1.0"));
    }
}
