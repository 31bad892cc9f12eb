//! The commands about who accounts belong to.

use clap::{Args, Subcommand};
use purser_model::account::Situation;
use purser_model::id::{CaseId, TargetName};

/// `case`
#[derive(Debug, Subcommand)]
pub enum CaseCommand {
    /// Cases that are open
    List(ListCases),
    /// One case, with its candidates and what they look like
    Show(OneCase),
    /// This account is the identity's
    Link(LinkCase),
    /// None of them is: create a new account
    Create(OneCase),
    /// Do nothing until the candidates change
    Dismiss(OneCase),
}

/// `case list`
#[derive(Debug, Args)]
pub struct ListCases {
    /// Only in this target
    #[arg(long)]
    pub target: Option<TargetName>,
    /// Decided and closed ones as well
    #[arg(long)]
    pub all: bool,
}

/// A case by its id.
#[derive(Debug, Args)]
pub struct OneCase {
    /// The case, as `case list` names it
    pub case: CaseId,
}

/// `case link`
#[derive(Debug, Args)]
pub struct LinkCase {
    /// The case, as `case list` names it
    pub case: CaseId,
    /// The account, or its id in the target, as `case show` names it
    pub account: String,
}

/// `account`
#[derive(Debug, Subcommand)]
pub enum AccountCommand {
    /// Accounts with their situation
    List(ListAccounts),
    /// Give an account to an identity
    Link(LinkAccount),
    /// Take an account from its identity
    Unlink(UnlinkAccount),
}

/// `account list`
#[derive(Debug, Args)]
pub struct ListAccounts {
    /// Only in this target
    #[arg(long)]
    pub target: Option<TargetName>,
    /// Only in this situation: linked, unlinked, unmatched, disputed, missing or protected
    #[arg(long)]
    pub situation: Option<Situation>,
}

/// `account link`
#[derive(Debug, Args)]
pub struct LinkAccount {
    /// The account, or `target/id-in-the-target`
    pub account: String,
    /// The identity, or `source/key`
    pub identity: String,
}

/// `account unlink`
#[derive(Debug, Args)]
pub struct UnlinkAccount {
    /// The account, or `target/id-in-the-target`
    pub account: String,
}
