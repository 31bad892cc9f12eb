//! `purser connector`: makes, builds, inspects, lists and upgrades connectors.

mod build;
mod difference;
mod drop_in;
mod inspect;
mod list;
mod new;
mod prune;
mod upgrade;

use crate::Ending;
use crate::cli::Connector;
use crate::home::Home;
use crate::output::Output;
use crate::remote::{Remote, RemoteError};

/// Runs the command.
pub async fn run(home: &Home, command: Connector, output: &Output) -> anyhow::Result<Ending> {
    match command {
        Connector::New(arguments) => new::run(&arguments, output),
        Connector::Build(arguments) => build::run(home, &arguments, output),
        Connector::Inspect(arguments) => inspect::run(home, &arguments, output).await,
        Connector::DropIn(arguments) => drop_in::run(home, &arguments, output).await,
        Connector::List => list::run(home, output).await,
        Connector::Diff(arguments) => difference::run(home, &arguments, output).await,
        Connector::Prune(arguments) => prune::run(home, &arguments, output).await,
        Connector::Upgrade(command) => upgrade::run(home, &command, output).await,
    }
}

/// The same at a host that serves.
pub async fn ask(remote: &Remote, command: &Connector, output: &Output) -> anyhow::Result<Ending> {
    match command {
        Connector::Inspect(arguments) => inspect::ask(remote, arguments, output).await,
        Connector::DropIn(arguments) => drop_in::ask(remote, arguments, output).await,
        Connector::List => list::ask(remote, output).await,
        Connector::Diff(arguments) => difference::ask(remote, arguments, output).await,
        Connector::Upgrade(command) => upgrade::ask(remote, command, output).await,
        Connector::Prune(arguments) => prune::ask(remote, arguments, output).await,
        Connector::New(_) | Connector::Build(_) => {
            Err(RemoteError::NothingToDoThere("`purser connector new` and `build`").into())
        }
    }
}
