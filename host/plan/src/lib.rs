//! Derives desired state, compares it with what is there and plans: pure functions.
//!
//! [`Rules`] is a configuration whose CEL expressions are compiled once. [`Rules::plan_identity`] takes a snapshot of one
//! identity and its accounts and answers with what is to be done ([`purser_model::plan::PlanItem`]) and with what was
//! found and is left alone ([`purser_model::plan::Notice`]). Nothing here reads a clock, a file or a network, and the same
//! input gives the same plan.

mod assignments;
mod attributes;
mod change;
mod compare;
mod desired;
mod difference;
mod entitlements;
mod explain;
mod expression;
mod guard;
mod matching;
mod memberships;
mod outcome;
mod password;
mod planner;
mod protection;
mod records;
mod references;
mod rules;
mod subject;
mod unique;
mod unmatched;

pub mod render;

pub use assignments::{Exclusion, ListedAssignment, ListedOrigin, Standing};
pub use change::Change;
pub use explain::data::*;
pub use guard::{Split, split};
pub use outcome::{
    Candidate, CorrelationValue, IdentityPlan, IdentitySnapshot, Memberships, Origin, RecordError, RuleFault,
    TakenValues, TargetView, UniqueValues,
};
pub use rules::{RuleError, RulePlace, Rules, ValidityEnd};
pub use unmatched::CannotReact;
