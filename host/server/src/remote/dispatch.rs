//! Which commands a host answers over its API, and which need its home.

use super::{Remote, RemoteError};
use crate::Ending;
use crate::cli::{Command, Schedule};
use crate::commands;
use crate::output::Output;
use std::path::Path;

/// Runs a command at this host.
///
/// # Errors
/// It needs the home, or the host does not do what is asked.
pub async fn run(server: &str, ca: Option<&Path>, command: &Command, output: &Output) -> anyhow::Result<Ending> {
    if let Some(refusal) = stays_at_home(command) {
        return Err(refusal.into());
    }
    let remote = &Remote::open(server, ca)?;
    match command {
        Command::Status => commands::status::ask(remote, output).await,
        Command::Import(arguments) => commands::import::ask(remote, arguments, output).await,
        Command::Plan(arguments) => commands::plan::ask(remote, arguments, output).await,
        Command::Apply(arguments) => commands::apply::ask(remote, arguments, output).await,
        Command::Reconcile(arguments) => commands::reconcile::ask(remote, arguments, output).await,
        Command::Explain(arguments) => commands::explain::ask(remote, arguments, output).await,
        Command::Provision(arguments) => commands::provision::ask(remote, arguments, output).await,
        Command::Insight(arguments) => commands::insight::ask(remote, arguments, output).await,
        Command::Audit(arguments) => commands::audit::ask(remote, arguments, output).await,
        Command::Backup(arguments) => commands::backup::ask(remote, arguments, output).await,
        Command::Run(command) => commands::run::ask(remote, command, output).await,
        Command::Operation(command) => commands::operation::ask(remote, command, output).await,
        Command::Events(arguments) => commands::events::ask(remote, arguments, output).await,
        Command::Held(arguments) => commands::held::ask(remote, arguments, output).await,
        Command::Quarantine(arguments) => commands::quarantine::ask(remote, arguments, output).await,
        Command::Case(arguments) => commands::case::ask(remote, arguments, output).await,
        Command::Account(arguments) => commands::account::ask(remote, arguments, output).await,
        Command::Deletion(arguments) => commands::deletion::ask(remote, arguments, output).await,
        Command::Token(arguments) => commands::token::ask(remote, arguments, output).await,
        Command::Webhook(arguments) => commands::webhook::ask(remote, arguments, output).await,
        Command::Check => commands::check::ask(remote, output).await,
        Command::ScimToken(arguments) => commands::scim_token::ask(remote, arguments, output).await,
        Command::Log(arguments) => commands::log::ask(remote, arguments, output).await,
        Command::Schedule(Schedule::List) => commands::schedule::ask(remote, output).await,
        Command::Declarations(arguments) => commands::declarations::ask(remote, arguments, output).await,
        Command::Secret(arguments) => commands::secret::ask(remote, arguments, output).await,
        Command::Connector(arguments) => commands::connector::ask(remote, arguments, output).await,
        _ => Err(RemoteError::needs_home("this command").into()),
    }
}

/// Why a command is for the machine itself that it is asked for on.
fn stays_at_home(command: &Command) -> Option<RemoteError> {
    Some(match command {
        Command::Serve(_) => RemoteError::needs_home("purser serve"),
        Command::Restore(_) => RemoteError::Serves,
        Command::Demo(_) => RemoteError::NothingToDoThere("`purser demo`"),
        _ => return None,
    })
}
