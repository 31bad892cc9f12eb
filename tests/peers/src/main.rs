//! Runs one emulator alone: `cargo run -p purser-peers -- graph`.

use purser_peers::google::Workspace;
use purser_peers::graph::{CLIENT, Graph, SECRET};
use purser_peers::salesforce::Salesforce;
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
        _ => {
            eprintln!("say which: google, graph, salesforce");
            ExitCode::from(2)
        }
    }
}

/// Serves until the process is ended.
fn wait() -> ! {
    loop {
        thread::park();
    }
}
