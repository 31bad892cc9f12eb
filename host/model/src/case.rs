//! Cases: matches between an identity and accounts that a person must decide.

use crate::account::Situation;
use crate::id::{AccountId, CaseId, IdentityId, TargetName};
use serde::{Deserialize, Serialize};
use std::fmt;

/// An account that matches an identity, and how surely.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct CandidateMatch {
    /// The account.
    pub account: AccountId,
    /// The weights of the rules that match, at most 100.
    pub weight: u8,
    /// Whether the weight is enough to say that it is the identity's.
    pub definite: bool,
    /// The attributes of the rules that match, in order of trust.
    pub matched_by: Vec<String>,
}

/// What correlation found for one identity in one target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Matches {
    /// `unlinked`: one account is definitely the identity's. `disputed`: a person must decide.
    pub situation: Situation,
    /// The accounts concerned, the surest first.
    pub candidates: Vec<CandidateMatch>,
    /// Whether the identity should have an account there. Only then a person is asked to decide a dispute.
    pub granted: bool,
}

/// Where a case is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum CaseState {
    /// A person must decide.
    Open,
    /// A person has decided; planning honours it until the candidates change.
    Decided,
    /// It is not disputed any more.
    Closed,
}

impl CaseState {
    /// The state's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Decided => "decided",
            Self::Closed => "closed",
        }
    }
}

impl fmt::Display for CaseState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// What a person decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case", tag = "decision", content = "account")]
pub enum CaseDecision {
    /// This account is the identity's; it was linked.
    Link(AccountId),
    /// None of them is: a new account is created.
    Create,
    /// Nothing is done.
    Dismiss,
}

impl CaseDecision {
    /// The decision's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Link(_) => "link",
            Self::Create => "create",
            Self::Dismiss => "dismiss",
        }
    }
}

/// A decision, and what it was about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecidedCase {
    /// What was decided.
    pub decision: CaseDecision,
    /// The candidates it was decided over. Others make a new case.
    pub candidates: Vec<CandidateMatch>,
}

/// One case: at most one is open or decided for an identity and a target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Case {
    /// Its id.
    pub id: CaseId,
    /// The identity that should have an account.
    pub identity: IdentityId,
    /// The target.
    pub target: TargetName,
    /// Where it is.
    pub state: CaseState,
    /// The accounts that may be the identity's.
    pub candidates: Vec<CandidateMatch>,
    /// What a person decided.
    #[serde(flatten)]
    #[cfg_attr(feature = "schema", schema(value_type = DecisionOfCase))]
    pub decision: Option<CaseDecision>,
    /// When it was opened.
    pub opened_at: jiff::Timestamp,
    /// When it last changed.
    pub changed_at: jiff::Timestamp,
}

/// How a case that may be decided tells of the decision.
#[cfg(feature = "schema")]
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "it only describes what is written")]
struct DecisionOfCase {
    /// `link`, `create` or `dismiss`; not there while nobody has decided.
    decision: Option<String>,
    /// The account that was linked.
    account: Option<AccountId>,
}
