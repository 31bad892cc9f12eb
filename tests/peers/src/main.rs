//! Runs one emulator alone: `cargo run -p purser-peers -- graph` prints where it listens, and serves until it is ended.

use purser_peers::graph::{CLIENT, Graph, SECRET};
use std::process::ExitCode;

fn main() -> ExitCode {
    match std::env::args().nth(1).as_deref() {
        Some("graph") => {
            let graph = Graph::start();
            println!("{}", graph.url());
            println!("token endpoint {}, client {CLIENT}, secret {SECRET}", graph.token_url());
            loop {
                std::thread::park();
            }
        }
        _ => {
            eprintln!("which emulator? There is: graph");
            ExitCode::from(2)
        }
    }
}
