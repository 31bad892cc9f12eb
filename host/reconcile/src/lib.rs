//! Import, reconcile, execute, observe, record.
//!
//! The engine moves data one way: a change is accepted (row, event and wake-up in one transaction), the wake-up leads to a
//! snapshot, the snapshot to a plan, the plan to intents in the queue, an intent to one call, the call to an outcome, and
//! the outcome is recorded. Planning ([`purser_plan`]) does no IO; executing makes no choices; no transaction is open while
//! a connector is called.

mod additions;
mod allowance;
mod audited;
mod awaited;
mod changes;
mod collision;
mod declarations;
mod deletion;
mod engine;
mod environment;
mod execute;
mod explain;
mod guard;
mod holders;
mod import;
mod insight;
mod lag;
mod left_out;
mod live;
mod logged;
mod look;
mod names;
mod observe;
mod pace;
mod patience;
mod planning;
mod plans;
mod protection;
mod provision;
mod pushed;
mod reconcile;
mod resolve;
mod rest;
mod schedule;
mod single;
mod stopping;
mod succession;
mod traced;
mod unknown;
mod unmatched;
mod unread;
mod upgrades;
mod verdict;
mod waiting;
mod what_if;
mod worker;

pub use additions::{NotAssigned, WantedAssignment, check_window};
pub use audited::{AuditPiece, check_audit};
pub use awaited::Awaited;
pub use declarations::TakenUp;
pub use deletion::deletion_of;
pub use engine::{Engine, EngineError, Sessions, Settings};
pub use environment::{Clock, Jitter, NoProgress, Progress};
pub use execute::DrainReport;
pub use explain::IdentityExplained;
pub use holders::{
    AssignmentOf, AssignmentQuestion, DeclaredGroup, DeclaredRole, Granted, GroupKind, Holder, OriginKind, PageOf,
};
pub use import::{ImportOptions, ImportReport};
pub use insight::{Dormancy, DormantAccount, EntitlementPlace, EntitlementUse, NoSuchPlace};
pub use logged::{LoggedOperation, LoggedStep};
pub use planning::PlanReport;
pub use plans::{ApplyOptions, PLAN_LIFE, PlanRefused};
pub use provision::ProvisionReport;
pub use reconcile::{ReconcileMode, ReconcileReport};
pub use schedule::{Job, JobReport, job_reports};
pub use single::{LookedAt, SingleReport};
pub use succession::Quiet;
pub use unmatched::UnmatchedReport;
pub use upgrades::{UpgradeDecided, UpgradeDecision, UpgradeRefused, decide_upgrade};
pub use what_if::{WhatIf, WhatIfReport};
pub use worker::ApplyReport;
