//! The command line.

mod backup;
mod connectors;
mod declarations;
mod hosts;
mod interruptions;
mod recognition;
mod scim_token;
mod secret;
mod token;
mod webhook;

use crate::commands::since::Moment;
use clap::{Args, Parser, Subcommand, ValueEnum};
use purser_model::audit::Anchor;
use purser_model::id::{AccountId, OperationId, PlanId, SourceName, TargetName};
use std::path::PathBuf;
use std::time::Duration;

pub use backup::*;
pub use connectors::*;
pub use declarations::*;
pub use hosts::*;
pub use interruptions::*;
pub use recognition::*;
pub use scim_token::*;
pub use secret::*;
pub use token::*;
pub use webhook::*;

/// Keeps every account a person has, in every application of a company, in step with who that person is today.
///
/// Exit codes: 0 done, 1 failed, 2 bad usage or declarations, 3 `plan` found something to do.
#[derive(Debug, Parser)]
#[command(name = "purser", version)]
pub struct Cli {
    /// The folder with `declarations/`, `connectors/` and `data/`
    #[arg(long, global = true, env = "PURSER_HOME", default_value = ".")]
    pub home: PathBuf,
    /// Ask this host over its API instead of working in a home, such as `https://purser.example.org`
    #[arg(long, global = true, env = "PURSER_SERVER", value_name = "URL")]
    pub server: Option<String>,
    /// With --server: certificates (PEM) that the host's must lead to, in place of the system's
    #[arg(long, global = true, env = "PURSER_CA", value_name = "FILE")]
    pub ca: Option<PathBuf>,
    /// The file of the key that secrets are sealed with; else PURSER_KEY, else a file in the home
    #[arg(long, global = true, env = "PURSER_KEY_FILE", value_name = "FILE")]
    pub key_file: Option<PathBuf>,
    /// Answer as JSON
    #[arg(long, global = true)]
    pub json: bool,
    /// How the log is written; as JSON where the answer is
    #[arg(long, global = true, env = "PURSER_LOG_FORMAT", value_name = "FORMAT")]
    pub log_format: Option<LogFormat>,
    /// Say more in the log; twice for debugging
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
    /// What to do
    #[command(subcommand)]
    pub command: Command,
}

/// How the log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// Lines for people
    Text,
    /// One object a line
    Json,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Work as a host: provision what changes at once, and answer the HTTP API
    Serve(Serve),
    /// Read a source and accept what changed
    Import(Import),
    /// Say what would be done, and keep it as a plan
    Plan(Plan),
    /// Do what a plan says; without one, plan and do it
    Apply(Apply),
    /// Look at everything in a target and repair what differs
    Reconcile(Reconcile),
    /// Say step by step why an identity has what it has
    Explain(Explain),
    /// Read one identity's accounts afresh and provision it at once
    Provision(Provision),
    /// Report: accounts, orphans, dormant, entitlements, latency, failures, drift
    Insight(Insight),
    /// Check declarations, connectors and connections
    Check,
    /// Show identities, accounts and queues in numbers
    Status,
    /// What runs regularly, how it went, and when it runs next
    #[command(subcommand)]
    Schedule(Schedule),
    /// Accounts that nobody grants: see when they are deleted, and keep one from it
    #[command(subcommand)]
    Deletion(Deletion),
    /// Who changed what, and whether the log of it is whole
    #[command(subcommand)]
    Audit(Audit),
    /// What was provisioned: asked for, tried, done, with old and new values
    Log(Log),
    /// Imports and reconciliations: see them, and stop one that goes on
    #[command(subcommand)]
    Run(RunCommand),
    /// What is to be done in targets: see it, try it again, or keep it from being sent
    #[command(subcommand)]
    Operation(OperationCommand),
    /// What happened, in order
    Events(Events),
    /// What the guard holds because it would take too much away: see it, approve or reject it
    #[command(subcommand)]
    Held(Held),
    /// Targets and operations that are out of service: see why and until when, and let them go on
    #[command(subcommand)]
    Quarantine(Quarantine),
    /// Matches between identities and accounts that a person must decide
    #[command(subcommand)]
    Case(CaseCommand),
    /// Accounts by situation; give one to an identity, or take it away
    #[command(subcommand)]
    Account(AccountCommand),
    /// The declarations of a host that serves: export them, try others, put others in force
    #[command(subcommand)]
    Declarations(DeclarationsCommand),
    /// Secrets, sealed in the store: set, list and remove them, change the key that seals them
    #[command(subcommand)]
    Secret(SecretCommand),
    /// Tokens of the HTTP API: who may use it, and what for
    #[command(subcommand)]
    Token(TokenCommand),
    /// Tokens of clients that push identities over SCIM
    #[command(subcommand)]
    ScimToken(ScimTokenCommand),
    /// Receivers that are told of events: see how far each is, and deliver again what was given up
    #[command(subcommand)]
    Webhook(WebhookCommand),
    /// Copy the store into one file, also while a host serves
    Backup(Backup),
    /// Put the store back from a backup
    Restore(Restore),
    /// Make, build, inspect, list and upgrade connectors
    #[command(subcommand)]
    Connector(Connector),
    /// Keep a token for a host, which is asked for or read from standard input
    Login(OneServer),
    /// Forget the token for a host
    Logout(OneServer),
    /// Whether a host answers; by default the one on this machine
    Ready,
    /// Write a shell's completions to standard output
    Completions(Completions),
    /// Show the main job on 1,000 people
    Demo(Demo),
    /// What a host starts to compile one component, which comes through standard input
    #[command(hide = true)]
    CompileComponent(CompileComponent),
}

/// `import`
#[derive(Debug, Args)]
pub struct Import {
    /// The source
    pub source: SourceName,
    /// Also provision what changed
    #[arg(long)]
    pub apply: bool,
    /// Let up to this many identities depart, whatever the guard says
    #[arg(long, value_name = "N")]
    pub allow_departures: Option<u64>,
}

/// `plan`
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Plan {
    /// About a plan that was kept
    #[command(subcommand)]
    pub about: Option<AboutPlan>,
    /// Only these targets
    #[arg(long, value_name = "TARGET")]
    pub target: Vec<TargetName>,
    /// How long the plan can be applied, such as `30m`, `2h` or `7d`; 24 hours where nothing is said
    #[arg(long, value_name = "DURATION", value_parser = purser_declare::duration)]
    pub expires: Option<Duration>,
    /// Also write it as a page that a browser shows
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
    /// What would be done if these were the declarations; nothing is touched
    #[arg(long, value_name = "DIR")]
    pub declarations: Option<PathBuf>,
    /// Leave out what is done without the change as well
    #[arg(long, requires = "declarations")]
    pub only_new: bool,
    /// Keep it as a plan, which can be applied once these declarations are in place
    #[arg(long, requires = "declarations")]
    pub keep: bool,
}

/// `plan list`, `plan show` ...
#[derive(Debug, Subcommand)]
pub enum AboutPlan {
    /// Plans that were kept, newest first
    List,
    /// A plan with its items, and what became of each
    Show(ShowPlan),
    /// Say that items are wanted; `apply --approved` does only those
    Approve(DecidePlan),
    /// Say that items are not wanted: this plan never does them
    Reject(DecidePlan),
}

/// `plan show`
#[derive(Debug, Args)]
pub struct ShowPlan {
    /// The plan
    pub plan: PlanId,
    /// Also write it as a page that a browser shows
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
}

/// `plan approve` and `plan reject`
#[derive(Debug, Args)]
pub struct DecidePlan {
    /// The plan
    pub plan: PlanId,
    /// The items, by their numbers
    #[arg(value_name = "ITEM", required_unless_present = "all", conflicts_with = "all")]
    pub items: Vec<u64>,
    /// Every item that is not applied yet
    #[arg(long)]
    pub all: bool,
}

/// `apply`
#[derive(Debug, Args)]
pub struct Apply {
    /// The plan, as `plan` named it
    pub plan: Option<PlanId>,
    /// Only items that were approved; without it all that were not rejected
    #[arg(long, requires = "plan")]
    pub approved: bool,
    /// Also where the declarations have changed since the plan was made
    #[arg(long, requires = "plan")]
    pub stale_ok: bool,
    /// Where the plan takes more away than the guard lets pass: do it, if that concerns at most so many accounts
    #[arg(long, value_name = "N", requires = "plan")]
    pub allow: Option<u64>,
    /// Wait at most so many seconds for a retry to become due
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    pub patience: u64,
}

/// `held`
#[derive(Debug, Subcommand)]
pub enum Held {
    /// Show what waits for a decision, and what was rejected
    List(HeldList),
    /// Do it: `purser apply` or `purser serve` carries it out
    Approve(HeldChoice),
    /// Do not do it until the identity or the account changes
    Reject(HeldChoice),
}

/// `held list`
#[derive(Debug, Args)]
pub struct HeldList {
    /// Only in this target
    #[arg(long)]
    pub target: Option<TargetName>,
}

/// `held approve` and `held reject`
#[derive(Debug, Args)]
pub struct HeldChoice {
    /// The accounts, as `held list` names them
    #[arg(required_unless_present = "all", conflicts_with = "all")]
    pub account: Vec<AccountId>,
    /// All that wait for a decision
    #[arg(long)]
    pub all: bool,
    /// With `--all`: only in this target
    #[arg(long, requires = "all")]
    pub target: Option<TargetName>,
}

/// `quarantine`
#[derive(Debug, Subcommand)]
pub enum Quarantine {
    /// Show what is out of service, why, and when it is tried next
    List,
    /// Let it be tried at once
    Release(QuarantineRelease),
}

/// `quarantine release`
#[derive(Debug, Args)]
pub struct QuarantineRelease {
    /// The operations, as `quarantine list` names them
    #[arg(required_unless_present_any = ["target", "all"])]
    pub operation: Vec<OperationId>,
    /// A target
    #[arg(long)]
    pub target: Vec<TargetName>,
    /// Every target and operation
    #[arg(long)]
    pub all: bool,
}

/// `reconcile`
#[derive(Debug, Args)]
pub struct Reconcile {
    /// The target
    pub target: TargetName,
    /// Look at everything in it; what is done where nothing else is said
    #[arg(long, conflicts_with_all = ["delta", "account", "identity"])]
    pub full: bool,
    /// Look only at what its change feed names
    #[arg(long, conflicts_with_all = ["account", "identity"])]
    pub delta: bool,
    /// Look only at the account with this primary id
    #[arg(long, value_name = "REMOTE_ID", conflicts_with = "identity")]
    pub account: Option<String>,
    /// Look only at the accounts of this identity
    #[arg(long, value_name = "SOURCE/KEY", value_parser = member)]
    pub identity: Option<(SourceName, String)>,
    /// Look at everything although the target's window is closed
    #[arg(long, conflicts_with_all = ["delta", "account", "identity"])]
    pub outside_window: bool,
    /// Only look, and say what would be done
    #[arg(long)]
    pub dry_run: bool,
}

/// Reads `SOURCE/KEY`.
fn member(text: &str) -> Result<(SourceName, String), NoMember> {
    let (source, key) = text.split_once('/').filter(|(_, key)| !key.is_empty()).ok_or(NoMember)?;
    Ok((source.parse().map_err(|_| NoMember)?, key.to_owned()))
}

/// A text names no identity.
#[derive(Debug, Clone, Copy)]
pub struct NoMember;

impl std::fmt::Display for NoMember {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("write the identity's source and its key there, such as `hr/E1`")
    }
}

impl std::error::Error for NoMember {}

/// `schedule`
#[derive(Debug, Subcommand)]
pub enum Schedule {
    /// Each declared job, how it went last, and when it runs next
    List,
}

/// `deletion`
#[derive(Debug, Subcommand)]
pub enum Deletion {
    /// Accounts that leave, since when, and when they are deleted
    List,
    /// Keep an account from being deleted until somebody has granted it again
    Cancel(CancelDeletion),
}

/// `deletion cancel`
#[derive(Debug, Args)]
pub struct CancelDeletion {
    /// The account, as `deletion list` names it
    pub account: AccountId,
}

/// `explain`
#[derive(Debug, Args)]
pub struct Explain {
    /// The identity, as `source/key` or by its id
    pub identity: String,
    /// Only this target
    #[arg(long)]
    pub target: Option<TargetName>,
}

/// `provision`
#[derive(Debug, Args)]
pub struct Provision {
    /// The identity, as `source/key` or by its id
    pub identity: String,
    /// Only this target
    #[arg(long)]
    pub target: Option<TargetName>,
    /// Only read, and explain what would be done
    #[arg(long)]
    pub dry_run: bool,
    /// Wait at most so many seconds for retries to become due
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    pub patience: u64,
}

/// `insight`
#[derive(Debug, Args)]
pub struct Insight {
    /// Which report; without one, the reports are listed
    pub report: Option<Report>,
    /// Only this target
    #[arg(long)]
    pub target: Option<TargetName>,
    /// Look at so many days back: `latency`, `failures` and `drift`
    #[arg(long, default_value_t = 30)]
    pub days: u32,
    /// Write CSV to this file, or to standard output for `-`
    #[arg(long, value_name = "FILE")]
    pub csv: Option<PathBuf>,
}

/// A report of `insight`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Report {
    /// Accounts by target and situation
    Accounts,
    /// Accounts that nobody owns, and accounts of departed identities that can still be used
    Orphans,
    /// Accounts that nobody used lately or ever
    Dormant,
    /// Entitlements by how many hold them, and whether a role grants them
    Entitlements,
    /// Time from request to effect
    Latency,
    /// Why operations failed
    Failures,
    /// What each reconciliation found and repaired
    Drift,
}

impl Report {
    /// Every report.
    pub const ALL: [Self; 7] =
        [Self::Accounts, Self::Orphans, Self::Dormant, Self::Entitlements, Self::Latency, Self::Failures, Self::Drift];

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Accounts => "accounts",
            Self::Orphans => "orphans",
            Self::Dormant => "dormant",
            Self::Entitlements => "entitlements",
            Self::Latency => "latency",
            Self::Failures => "failures",
            Self::Drift => "drift",
        }
    }

    /// What it is about.
    pub fn about(self) -> &'static str {
        match self {
            Self::Accounts => "accounts by target and situation",
            Self::Orphans => "accounts that nobody owns, and accounts of departed identities that can still be used",
            Self::Dormant => "accounts that nobody used lately or ever",
            Self::Entitlements => "entitlements by how many hold them, and whether a role grants them",
            Self::Latency => "time from request to effect",
            Self::Failures => "why operations failed",
            Self::Drift => "what each reconciliation found and repaired",
        }
    }
}

/// `audit`
#[derive(Debug, Subcommand)]
pub enum Audit {
    /// Show rows of the log, the newest; with `--json` one row a line
    List(AuditList),
    /// Walk the whole log and say where it does not hold together
    Verify(AuditVerify),
}

/// `audit list`
#[derive(Debug, Args)]
pub struct AuditList {
    /// Of this identity: its id, or SOURCE/KEY
    #[arg(long)]
    pub identity: Option<String>,
    /// In this target
    #[arg(long)]
    pub target: Option<TargetName>,
    /// Of this operation
    #[arg(long)]
    pub operation: Option<OperationId>,
    /// With this action, such as `identity-changed`
    #[arg(long)]
    pub action: Option<String>,
    /// By this actor (`cli:anna`, `serve`) or in this activity (`import of hr`)
    #[arg(long)]
    pub actor: Option<String>,
    /// Not older than this: `2h`, `7d` or a time
    #[arg(long)]
    pub since: Option<Moment>,
    /// Only rows before this one
    #[arg(long, value_name = "ROW")]
    pub before: Option<i64>,
    /// Most rows
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub limit: u32,
}

/// `audit verify`
#[derive(Debug, Args)]
pub struct AuditVerify {
    /// A head that was kept elsewhere: the log must still hold it
    #[arg(long, value_name = "ROW:HASH")]
    pub expect: Option<Anchor>,
}

/// `log`
#[derive(Debug, Args)]
pub struct Log {
    /// For this identity: its id, or SOURCE/KEY
    #[arg(long)]
    pub identity: Option<String>,
    /// In this target
    #[arg(long)]
    pub target: Option<TargetName>,
    /// This operation
    #[arg(long)]
    pub operation: Option<OperationId>,
    /// Planned not longer ago than this: `2h`, `7d` or a time
    #[arg(long)]
    pub since: Option<Moment>,
    /// Go on showing operations as they end
    #[arg(long)]
    pub follow: bool,
}

/// `events`
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Events {
    /// What to do instead of showing them
    #[command(subcommand)]
    pub command: Option<EventsCommand>,
    /// Those after this sequence number; from the oldest that is kept, where nothing is said
    #[arg(long, value_name = "N")]
    pub after: Option<u64>,
    /// Go on showing them as they happen
    #[arg(long)]
    pub follow: bool,
}

/// `events ...`
#[derive(Debug, Subcommand)]
pub enum EventsCommand {
    /// Drop old events; who comes back for them is told so
    Prune(PruneEvents),
}

/// `events prune`
#[derive(Debug, Args)]
pub struct PruneEvents {
    /// Those before this: `30d` or a time
    #[arg(long)]
    pub before: Moment,
}

/// `demo`
#[derive(Debug, Args)]
pub struct Demo {
    /// The folder with `flatfile.wasm`
    #[arg(long)]
    pub connectors: PathBuf,
    /// Keep the demo's home here; without it everything is removed at the end
    #[arg(long)]
    pub keep: Option<PathBuf>,
    /// How many people
    #[arg(long, default_value_t = 1_000)]
    pub people: u32,
}
