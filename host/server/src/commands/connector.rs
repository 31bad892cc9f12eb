//! `purser connector`: makes, builds and inspects connectors.

mod build;
mod inspect;
mod new;

use crate::Ending;
use crate::cli::Connector;
use crate::home::Home;
use crate::output::Output;

/// Runs the command.
pub async fn run(home: &Home, command: Connector, output: &Output) -> anyhow::Result<Ending> {
    match command {
        Connector::New(arguments) => new::run(&arguments, output),
        Connector::Build(arguments) => build::run(home, &arguments, output),
        Connector::Inspect(arguments) => inspect::run(&arguments, output).await,
    }
}
