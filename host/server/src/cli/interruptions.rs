//! The commands about runs and operations.

use clap::{Args, Subcommand};
use purser_model::id::{OperationId, RunId, TargetName};
use purser_model::operation::OperationState;

/// `run`
#[derive(Debug, Subcommand)]
pub enum RunCommand {
    /// Runs, newest first
    List(RunList),
    /// One run, with its counts and where it is
    Show(OneRun),
    /// Stop a run at its next call or page; nothing is concluded from what it has not seen
    Stop(OneRun),
}

/// `run list`
#[derive(Debug, Args)]
pub struct RunList {
    /// Most runs
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=500))]
    pub limit: u32,
}

/// `run show` and `run stop`
#[derive(Debug, Args)]
pub struct OneRun {
    /// The run, as `run list` names it
    pub run: RunId,
}

/// `operation`
#[derive(Debug, Subcommand)]
pub enum OperationCommand {
    /// Operations, newest first
    List(OperationList),
    /// One operation, with where it is and why
    Show(OneOperation),
    /// Try quarantined operations again at once
    Retry(SomeOperations),
    /// Do not send operations that wait, until the identity or the declarations change or the target is reconciled
    Cancel(SomeOperations),
}

/// `operation list`
#[derive(Debug, Args)]
pub struct OperationList {
    /// Only in this target
    #[arg(long)]
    pub target: Option<TargetName>,
    /// Only for this identity: its id, or SOURCE/KEY
    #[arg(long)]
    pub identity: Option<String>,
    /// Only in this state, such as `waiting`
    #[arg(long, value_parser = state)]
    pub state: Option<OperationState>,
    /// Most operations
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=500))]
    pub limit: u32,
}

/// `operation show`
#[derive(Debug, Args)]
pub struct OneOperation {
    /// The operation, as `operation list` and `log` name it
    pub operation: OperationId,
}

/// `operation retry` and `operation cancel`
#[derive(Debug, Args)]
pub struct SomeOperations {
    /// The operations, as `operation list` names them
    #[arg(required = true)]
    pub operation: Vec<OperationId>,
}

/// Reads the name of a state.
fn state(text: &str) -> Result<OperationState, NoState> {
    OperationState::ALL.into_iter().find(|state| state.as_str() == text).ok_or(NoState)
}

/// A text names no state.
#[derive(Debug, Clone, Copy)]
struct NoState;

impl std::fmt::Display for NoState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let all = OperationState::ALL.map(OperationState::as_str);
        write!(f, "write one of {}", all.join(", "))
    }
}

impl std::error::Error for NoState {}
