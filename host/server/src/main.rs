//! The `purser` program.

mod carried;
mod checked;
mod cli;
mod commands;
mod counted;
mod declared;
mod dropped;
mod folder;
mod generation;
mod home;
mod host;
mod inspected;
mod output;
mod pruning;
mod readiness;
mod registry;
mod remote;
mod secrets;
mod sessions;
mod signals;
mod staged;
mod watch;

use clap::{CommandFactory, Parser};
use cli::{Cli, Command, LogFormat};
use output::Output;
use purser_telemetry::{Collector, Telemetry, TelemetryError};
use rustix::process::{Resource, Rlimit, setrlimit};
use std::process::ExitCode;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How a command ended; each has its exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// All is done.
    Done,
    /// Something failed; what, was said.
    Failed,
    /// What was given cannot be used.
    BadUsage,
    /// `plan` found something to do.
    ChangesPending,
}

impl From<Ending> for ExitCode {
    fn from(ending: Ending) -> Self {
        ExitCode::from(match ending {
            Ending::Done => 0,
            Ending::Failed => 1,
            Ending::BadUsage => 2,
            Ending::ChangesPending => 3,
        })
    }
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    // The compiler limits its own process, so it starts nothing before.
    if let Command::CompileComponent(limits) = &cli.command {
        return match purser_runtime::compile_for_parent(limits.address_space, limits.cpu_seconds) {
            Ok(()) => ExitCode::SUCCESS,
            Err(_) => ExitCode::FAILURE,
        };
    }
    leave_no_core();
    work(cli)
}

/// What is in this process's memory are the operator's secrets, among others; a core dump would write them to a disk.
fn leave_no_core() {
    let nothing = Rlimit { current: Some(0), maximum: Some(0) };
    // Lowering a limit is always allowed.
    let _ = setrlimit(Resource::Core, nothing);
}

#[tokio::main]
async fn work(cli: Cli) -> ExitCode {
    let output = Output::new(cli.json);
    let telemetry = match start_log(&cli) {
        Ok(telemetry) => telemetry,
        Err(error) => {
            output.error(&error.into());
            return Ending::BadUsage.into();
        }
    };
    let ending = end(cli, &output).await;
    if let Some(telemetry) = telemetry {
        telemetry.stop().await;
    }
    ending
}

async fn end(cli: Cli, output: &Output) -> ExitCode {
    match Box::pin(run(cli, output)).await {
        Ok(ending) => ending.into(),
        Err(error) => {
            output.error(&error);
            if error.downcast_ref::<purser_declare::DeclarationErrors>().is_some() {
                Ending::BadUsage.into()
            } else {
                Ending::Failed.into()
            }
        }
    }
}

/// Where a host listens where nothing else is said.
const USUAL_SERVER: &str = "http://127.0.0.1:7878";

async fn run(cli: Cli, output: &Output) -> anyhow::Result<Ending> {
    let ca = cli.ca.as_deref();
    match (&cli.command, &cli.server) {
        (Command::Login(one), _) => return remote::sign_in(&one.url, ca, output).await,
        (Command::Logout(one), _) => return remote::sign_out(&one.url, output),
        (Command::Ready, server) => return remote::ready(server.as_deref().unwrap_or(USUAL_SERVER), ca, output).await,
        (Command::Completions(wanted), _) => {
            clap_complete::generate(wanted.shell, &mut Cli::command(), "purser", &mut std::io::stdout());
            return Ok(Ending::Done);
        }
        // Connectors are made here, whichever host is asked for everything else.
        (Command::Connector(cli::Connector::New(_) | cli::Connector::Build(_)), _) => {}
        (command, Some(server)) => return Box::pin(remote::run(server, ca, command, output)).await,
        (_, None) => {}
    }
    let home = home::Home::new(&cli.home).with_key_file(cli.key_file);
    match cli.command {
        Command::Serve(arguments) => commands::serve::run(home, &arguments).await,
        Command::Import(arguments) => commands::import::run(home, &arguments, output).await,
        Command::Plan(arguments) => commands::plan::run(home, &arguments, output).await,
        Command::Apply(arguments) => commands::apply::run(home, &arguments, output).await,
        Command::Reconcile(arguments) => commands::reconcile::run(home, &arguments, output).await,
        Command::Explain(arguments) => commands::explain::run(home, &arguments, output).await,
        Command::Provision(arguments) => commands::provision::run(home, &arguments, output).await,
        Command::Insight(arguments) => commands::insight::run(home, &arguments, output).await,
        Command::Check => commands::check::run(home, output).await,
        Command::Status => commands::status::run(home, output).await,
        Command::Schedule(cli::Schedule::List) => commands::schedule::list(&home, output).await,
        Command::Deletion(arguments) => commands::deletion::run(home, &arguments, output).await,
        Command::Audit(arguments) => commands::audit::run(home, &arguments, output).await,
        Command::Log(arguments) => commands::log::run(home, &arguments, output).await,
        Command::Run(command) => commands::run::run(home, &command, output).await,
        Command::Operation(command) => commands::operation::run(home, &command, output).await,
        Command::Events(arguments) => commands::events::run(home, &arguments, output).await,
        Command::Held(arguments) => commands::held::run(home, &arguments, output).await,
        Command::Quarantine(arguments) => commands::quarantine::run(home, &arguments, output).await,
        Command::Case(arguments) => commands::case::run(home, &arguments, output).await,
        Command::Declarations(_) => anyhow::bail!(
            "the declarations of a home are the files in {}; with --server they are those of a host that serves",
            home.declarations().display()
        ),
        Command::Secret(arguments) => commands::secret::run(home, &arguments, output).await,
        Command::ScimToken(arguments) => commands::scim_token::run(home, &arguments, output).await,
        Command::Token(arguments) => commands::token::run(home, &arguments, output).await,
        Command::Webhook(arguments) => commands::webhook::run(home, &arguments, output).await,
        Command::Backup(arguments) => commands::backup::run(&home, &arguments, output).await,
        Command::Restore(arguments) => commands::restore::run(&home, &arguments, output).await,
        Command::Account(arguments) => commands::account::run(home, &arguments, output).await,
        Command::Connector(arguments) => commands::connector::run(&home, arguments, output).await,
        Command::Login(_) | Command::Logout(_) | Command::Ready | Command::Completions(_) => Ok(Ending::Done),
        Command::CompileComponent(_) => anyhow::bail!("the compiler is started by `main`"),
        Command::Demo(arguments) => Box::pin(commands::demo::run(&arguments, output)).await,
    }
}

/// The log goes to standard error, so that standard output is the command's answer alone. A host that serves also sends traces,
/// where the environment names a collector.
fn start_log(cli: &Cli) -> Result<Option<Telemetry>, TelemetryError> {
    let usual = match (&cli.command, cli.verbose) {
        (Command::Serve(_), 0) => "info",
        (_, 0) => "error",
        (_, 1) => "info",
        (_, _) => "debug",
    };
    let filter = EnvFilter::try_from_env("PURSER_LOG").unwrap_or_else(|_| EnvFilter::new(usual));
    let ansi = std::io::IsTerminal::is_terminal(&std::io::stderr());
    let log = tracing_subscriber::fmt::layer().with_ansi(ansi).with_writer(std::io::stderr);
    let log = match log_format(cli) {
        LogFormat::Json => log.json().with_filter(filter).boxed(),
        LogFormat::Text => log.with_filter(filter).boxed(),
    };
    let telemetry = match &cli.command {
        Command::Serve(_) => Collector::from_environment()?,
        _ => None,
    };
    let telemetry = telemetry.map(|collector| Telemetry::to(&collector, env!("CARGO_PKG_VERSION"))).transpose()?;
    tracing_subscriber::registry().with(log).with(telemetry.as_ref().map(Telemetry::layer)).init();
    Ok(telemetry)
}

/// As it was asked for; with an answer as JSON the log is JSON too.
fn log_format(cli: &Cli) -> LogFormat {
    cli.log_format.unwrap_or(if cli.json { LogFormat::Json } else { LogFormat::Text })
}
