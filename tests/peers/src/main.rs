//! Runs one emulator alone: `cargo run -p purser-peers -- graph`.

use purser_peers::google::Workspace;
use purser_peers::graph::{CLIENT, Graph, SECRET};
use purser_peers::salesforce::Salesforce;
use purser_peers::scim::{Application, Dialect, TOKEN};
use std::process::ExitCode;
use std::thread;

fn main() -> ExitCode {
    match std::env::args().nth(1).as_deref() {
        Some("graph") => {
            let peer = Graph::start();
            println!("{} (tokens {}, client {CLIENT}, secret {SECRET})", peer.url(), peer.token_url());
            wait()
        }
        Some("salesforce") => {
            let peer = Salesforce::start();
            println!("{} (session {})", peer.url(), peer.session());
            wait()
        }
        Some("google") => {
            let serving = Workspace::default().serve();
            println!("{}", serving.url());
            wait()
        }
        Some("scim") => scim(&std::env::args().skip(2).collect::<Vec<_>>()),
        _ => {
            eprintln!("say which: google, graph, salesforce, scim");
            ExitCode::from(2)
        }
    }
}

/// `scim --dialect NAME`; without a name the server keeps to the RFCs.
fn scim(arguments: &[String]) -> ExitCode {
    let name = match arguments {
        [] => "rfc",
        [flag, name] if flag == "--dialect" => name,
        _ => "",
    };
    let Some(dialect) = Dialect::named(name) else {
        eprintln!("say `scim --dialect NAME`, with one of: {}", Dialect::names().collect::<Vec<_>>().join(", "));
        return ExitCode::from(2);
    };
    let application = Application::new(dialect);
    let serving = application.serve();
    println!("{}{} (token {TOKEN})", serving.url(), application.base_path());
    wait()
}

/// Serves until the process is ended.
fn wait() -> ! {
    loop {
        thread::park();
    }
}
